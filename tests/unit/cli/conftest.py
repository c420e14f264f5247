"""A folder of its own for each command."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ingestd.cli import load

RECORDING = Path(__file__).resolve().parents[2] / "recorded/simulated/session.jsonl"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration over an empty SQLite store; the working folder is where it lies."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ingestd.yaml"
    path.write_text(
        "store: {url: 'sqlite:///odds.db'}\njournal: {path: journal}\nhttp: {port: 0}\nsources: [{name: demo, feed: simulated}]\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def recorded(config: Path) -> Path:
    """The same, with a recording loaded."""
    load.load(config, "simulated", [RECORDING], store="", source="demo", at="", as_json=True)
    return config


class Answering:
    """A server that answers every GET as ``says`` has it: status and body; ``server``: the name that it gives itself."""

    def __init__(self) -> None:
        self.says = 200, b"{}"
        self.server = "ingestd"
        self.port = 0


@pytest.fixture
def answering() -> Iterator[Answering]:
    """One that answers like the daemon, unless told otherwise."""
    told = Answering()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = told.says
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def version_string(self) -> str:
            return told.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name for it
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield told
        server.shutdown()
        thread.join()
