"""A folder of its own for each command."""

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
