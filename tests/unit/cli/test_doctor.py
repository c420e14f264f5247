"""Whether this machine is fit for the configuration."""

import json
from pathlib import Path

import pytest

from ingestd.cli import doctor
from ingestd.store.server import ServerFacts


def looked(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, list[str]]]:
    """The exit code, and the verdicts by subject."""
    code = doctor.doctor(config, as_json=True)
    found: dict[str, list[str]] = {}
    for finding in json.loads(capsys.readouterr().out):
        found.setdefault(finding["subject"], []).append(finding["verdict"])
    return code, found


def test_a_machine_that_will_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every subject, and nothing left behind."""
    before = set(config.parent.iterdir())
    code, found = looked(config, capsys)
    assert code == 0
    assert set(found) == {"journal", "store", "disk", "sync", "clock", "port", "limits"}
    assert set(config.parent.iterdir()) == before


def test_a_way_out_that_is_shut(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and the reason for a person."""
    config.write_text(
        "journal: {path: j}\nhttp: {port: 0}\nsources: [{name: s, feed: simulated, url: 'ws://127.0.0.1:1'}]\n", encoding="utf-8"
    )
    assert looked(config, capsys)[1]["source s"] == ["fail"]
    assert doctor.doctor(config, as_json=False) == 1
    assert "127.0.0.1:1 cannot be reached" in " ".join(capsys.readouterr().out.split())


def test_a_server(config: Path, postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A real one answers, is new enough and agrees on the time."""
    config.write_text(json.dumps({"store": {"url": postgres_url}, "journal": {"path": "j"}, "http": {"port": 0}}), encoding="utf-8")
    code, found = looked(config, capsys)
    assert (code, found["store"]) == (0, ["ok"])


def test_a_server_that_will_not_do() -> None:
    """It loses what it committed, is nearly full, and lives in another time."""
    facts = ServerFacts(version=17, risky=["fsync = off"], ahead=-90.0, spare=3)
    assert [(finding.verdict, finding.text) for finding in doctor.judged(facts)][1:] == [
        ("fail", "fsync = off"),
        ("warn", "3 sessions are free"),
        ("warn", "its clock is -90.0 s from ours"),
    ]


def test_a_server_that_is_away(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said like everything else; the other looks go on."""
    config.write_text("store: {url: 'postgresql://nobody@127.0.0.1:1/none'}\nhttp: {port: 0}\n", encoding="utf-8")
    code, found = looked(config, capsys)
    assert (code, found["store"], "limits" in found) == (1, ["fail"], True)
