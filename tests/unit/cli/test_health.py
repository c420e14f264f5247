"""Asking the running daemon how it is."""

from pathlib import Path

import pytest

from ingestd.cli import health
from tests.unit.cli.conftest import Answering

FAILING = (
    b'{"status":"fail","version":"1","instance":"i","uptime_seconds":1.0,"checks":{"store":{"status":"fail","output":"unavailable: away"}}}'
)
WELL = b'{"status":"pass","version":"1","instance":"i","uptime_seconds":1.0,"checks":{"store":{"status":"pass"}}}'


def test_a_healthy_daemon(config: Path, answering: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    """0, and its components."""
    answering.says = 200, WELL
    config.write_text(f"http: {{port: {answering.port}}}\n", encoding="utf-8")
    assert health.health(config, as_json=False) == 0
    assert capsys.readouterr().out.split() == ["pass", "pass", "store"]
    assert health.health(config, as_json=True) == 0
    assert capsys.readouterr().out.encode().strip() == WELL


def test_a_failing_daemon(config: Path, answering: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    """1, and why."""
    answering.says = 503, FAILING
    config.write_text(f"http: {{port: {answering.port}}}\n", encoding="utf-8")
    assert health.health(config, as_json=False) == 1
    assert capsys.readouterr().out.split() == ["fail", "fail", "store", "unavailable:", "away"]


def test_nobody_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, and what to type."""
    config.write_text("http: {port: 1}\n", encoding="utf-8")
    assert health.health(config, as_json=False) == 1
    said = "ingestd: no daemon answers on http://127.0.0.1:1 (Connection refused); start one with: ingestd run\n"
    assert capsys.readouterr().err == said
