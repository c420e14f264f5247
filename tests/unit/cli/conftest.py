"""A folder of its own for each command."""

from pathlib import Path

import pytest


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
