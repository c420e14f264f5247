"""What was missed, for a person at three in the morning, and for a program."""

import json
from pathlib import Path

import pytest

from ingestd.batch import CoverageRow
from ingestd.cli import coverage
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.model import SECOND, CoverageState, ScopeKind

HOUR = 3_600 * SECOND


def row(began: int, ended: int | None, state: CoverageState, reason: str = "", kind: ScopeKind = "source", **more: str) -> CoverageRow:
    """An interval of full hours."""
    seen = 10 if ended is None else ended
    scope, repaired = more.get("scope", ""), more.get("repaired_by", "")
    until = None if ended is None else ended * HOUR
    return CoverageRow("demo", kind, scope, began * HOUR, until, seen * HOUR, state, reason, repaired)


ROWS = [
    row(8, None, "complete"),
    row(6, 8, "gap", "reset", repaired_by="image"),
    row(7, 8, "complete", kind="market", scope="m1"),
    row(0, 6, "complete"),
]


def words(config: Path, capsys: pytest.CaptureFixture[str], **options: str | bool) -> str:
    """What it prints."""
    capsys.readouterr()
    chosen = {"since": "", "until": "", "scope": "", "gaps": False, "as_json": False, **options}
    coverage.coverage(config, "demo", **chosen)  # type: ignore[arg-type] # as above
    return capsys.readouterr().out


def test_the_sums_of_all_that_is_known() -> None:
    """From the first interval to the last frame; only those of the whole source count."""
    found = coverage.ledger("demo", ROWS, None, None)
    assert (found.began_at, found.ended_at, found.complete) == (0, 10 * HOUR, 0.8)
    assert found.seconds == {"complete": 8 * 3600, "gap": 2 * 3600, "unknown": 0}
    assert [(one.state, one.scope_kind, one.why) for one in found.intervals] == [
        ("complete", "source", ""),
        ("gap", "source", "the link broke off without a word"),
        ("complete", "market", ""),
        ("complete", "source", ""),
    ]


def test_a_window_cuts_intervals_and_knows_what_it_does_not_know() -> None:
    """Time after the last frame is nobody's."""
    found = coverage.ledger("demo", ROWS, 7 * HOUR, 12 * HOUR)
    assert found.seconds == {"complete": 2 * 3600, "gap": 3600, "unknown": 2 * 3600}
    assert [one.seconds for one in found.intervals] == [3600, 3600, 2 * 3600]
    assert found.complete == 0.4


def test_nothing_known_at_all() -> None:
    """Is no share."""
    found = coverage.ledger("demo", [], None, None)
    assert (found.complete, found.intervals) == (None, [])


def test_a_person_reads_the_share_and_the_timeline(
    monkeypatch: pytest.MonkeyPatch, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In plain words, with how it was repaired."""
    monkeypatch.setenv("COLUMNS", "200")

    async def found(*_: object) -> list[CoverageRow]:
        return ROWS

    monkeypatch.setattr(coverage, "_coverage", found)
    said = words(config, capsys, gaps=True)
    assert "demo: everything known for 80 % of the time from 1970-01-01 00:00:00 to 1970-01-01 10:00:00 UTC" in said
    assert "1 time not, the longest for 2 h" in said
    assert "reset: the link broke off without a word" in said
    assert "by a fresh image, changes between lost" in said
    assert "m1" not in said
    assert "market m1" in words(config, capsys, scope="market")
    assert "market m1" in words(config, capsys, scope="m1")
    assert "reset" not in words(config, capsys, scope="market m1")


def test_a_share_is_never_rounded_up_to_all() -> None:
    """One second in a month is not nothing."""
    assert coverage._percent(0.9999999) == "99.999 %"
    assert coverage._percent(1.0) == "100 %"


def test_a_program_reads_the_same(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object."""
    found = json.loads(words(recorded, capsys, as_json=True))
    assert 0 < found["complete"] <= 1
    assert {one["source"] for one in found["intervals"]} == {"demo"}
    gaps = json.loads(words(recorded, capsys, as_json=True, gaps=True))
    assert "complete" not in {one["state"] for one in gaps["intervals"]}
    late = json.loads(words(recorded, capsys, as_json=True, since="2100-01-01"))
    assert late["intervals"] == []


def test_a_source_nobody_knows(recorded: Path) -> None:
    """Is said, with where to look."""
    with pytest.raises(ConfigError, match="nothing is known of a source 'dmeo'; ingestd status lists the sources"):
        coverage.coverage(recorded, "dmeo", since="", until="", scope="", gaps=False, as_json=True)


def test_a_store_that_is_not_there(config: Path) -> None:
    """Is said, with what to do."""
    with pytest.raises(StoreUnavailable, match="start the daemon once"):
        coverage.coverage(config, "demo", since="", until="", scope="", gaps=False, as_json=True)
