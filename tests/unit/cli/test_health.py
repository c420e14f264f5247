"""Asking the running daemon."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ingestd.cli import health

ANSWERS = {
    200: b'{"status":"pass","checks":{"store":{"status":"pass"}}}',
    503: b'{"status":"fail","checks":{"store":{"status":"fail","output":"away"}}}',
}


@pytest.fixture
def answering() -> Iterator[list[int]]:
    """A server that answers like the daemon; the list holds its port and the status to give."""
    told: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(told[1])
            self.end_headers()
            self.wfile.write(ANSWERS[told[1]])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name for it
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        told += [server.server_port, 200]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def asked(config: Path, port: int, *, as_json: bool = False) -> int:
    """Ask on a port."""
    config.write_text(f"http: {{port: {port}}}\n", encoding="utf-8")
    return health.health(config, as_json=as_json)


def test_a_healthy_daemon(config: Path, answering: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    """0, and its components."""
    assert asked(config, answering[0]) == 0
    assert capsys.readouterr().out.split() == ["pass", "pass", "store"]
    assert asked(config, answering[0], as_json=True) == 0
    assert capsys.readouterr().out.encode().strip() == ANSWERS[200]


def test_a_failing_daemon(config: Path, answering: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    """1, and why."""
    answering[1] = 503
    assert asked(config, answering[0]) == 1
    assert capsys.readouterr().out.split() == ["fail", "fail", "store", "away"]


def test_nobody_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, and what to type."""
    assert asked(config, 1) == 1
    assert "no daemon answers on http://127.0.0.1:1/health" in capsys.readouterr().err
