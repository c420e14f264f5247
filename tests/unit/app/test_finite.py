"""Finite runs, composed from settings."""

import asyncio
import os
from pathlib import Path

import pytest

from ingestd.app import FileLoads
from ingestd.app.finite import FOR_EVER, judged_by, new_run, open_journal, run_folder
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, InUse
from ingestd.interfaces import Clock
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.pipeline.judge import Standards
from ingestd.pipeline.lane import USUAL
from ingestd.pipeline.stages.validate.markets import Bounds
from ingestd.settings import LogSettings, Settings
from ingestd.store import open_store
from ingestd.store.queries import Queries
from ingestd.telemetry import build_reporter

RECORDING = Path(__file__).resolve().parents[2] / "recorded/simulated/session.jsonl"


def settings(folder: Path) -> Settings:
    """Over an empty SQLite store in a folder."""
    return Settings.model_validate({"store": {"url": f"sqlite:///{folder}/odds.db"}, "journal": {"path": folder / "journal"}})


async def load(found: Settings, path: Path = RECORDING) -> dict[str, int]:
    """One file into the store."""
    clock = SystemClock()
    store = open_store(found.store.url, found.store.schema_name, clock)
    try:
        await store.prepare()
        loads = FileLoads(found, store, build_reporter(LogSettings(level="error"), clock, terminal=False), clock)
        return (await loads.load("simulated", "demo", [path], None)).counts
    finally:
        await store.close()


async def test_a_load_leaves_a_run_a_journal_and_a_checkpoint(tmp_path: Path) -> None:
    """So that it can be audited, and replayed."""
    found = settings(tmp_path)
    counts = await load(found)
    async with Queries(found.store.url, "public") as queries:
        status = await queries.status()
    (run,) = status.runs
    assert (run.kind, run.source, run.status, run.ended_at is not None) == ("load", "demo", "done", True)
    (journal,) = status.journals
    assert (journal.reader, journal.position) == ("load", counts["frames"] + 2)
    assert os.path.dirname(journal.path) == f"{tmp_path}/odds.db.runs"  # noqa: PTH120 - pathlib blocks, says ruff


async def test_a_file_that_cannot_be_opened_is_said_as_itself(tmp_path: Path) -> None:
    """Not as a group of failed tasks."""
    with pytest.raises(ConfigError, match="no such file"):
        await load(settings(tmp_path), tmp_path / "nope.jsonl")


async def test_a_load_that_breaks_off_is_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that runs for ever; the error is with it."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("bug")

    monkeypatch.setattr("ingestd.pipeline.lane.Lane.report", fail)
    found = settings(tmp_path)
    with pytest.raises(ExceptionGroup):
        await load(found)
    async with Queries(found.store.url, "public") as queries:
        (run,) = (await queries.status()).runs
    assert (run.status, run.ended_at is not None, run.error) == ("failed", True, "ZeroDivisionError: bug")


async def test_a_finite_journal_keeps_what_is_older_than_retain(tmp_path: Path) -> None:
    """A recording is as old as it is; the live journal would let such frames go."""
    found = settings(tmp_path)
    seen: list[int] = []
    original = LocalJournal.open

    async def watched(path: Path, *, clock: Clock, limits: JournalLimits) -> LocalJournal:
        seen.append(limits.retain)
        return await original(path, clock=clock, limits=limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalJournal, "open", watched)
        await load(found)
        await (await open_journal(found, found.journal.path, SystemClock())).close()
    assert seen == [FOR_EVER, 7 * 86_400 * 1_000_000]


async def test_two_loads_at_once_do_not_meet(tmp_path: Path) -> None:
    """Each has a journal of its own; the store takes one batch at a time."""
    found = settings(tmp_path)
    await load(found)
    first, second = await asyncio.gather(load(found), load(found))
    assert first == second


async def test_a_journal_is_held_by_one(tmp_path: Path) -> None:
    """The second is told who has it."""
    found = settings(tmp_path)
    journal = await open_journal(found, found.journal.path, SystemClock())
    try:
        with pytest.raises(InUse, match="journal"):
            await open_journal(found, found.journal.path, SystemClock())
    finally:
        await journal.close()


def test_a_runs_folder_lies_beside_the_store(tmp_path: Path) -> None:
    """Beside the file, or with the journals where the store is a server."""
    run = new_run("load", "demo", SystemClock())
    assert run_folder(settings(tmp_path), run).parent == tmp_path / "odds.db.runs"
    server = Settings.model_validate({"store": {"url": "postgresql://a@b/c"}, "journal": {"path": tmp_path / "journal"}})
    assert run_folder(server, run).parent == tmp_path / "journal" / "runs"


def test_what_is_usual_for_a_source() -> None:
    """As validation says of the kind of bookmaker, but for what the source says itself; without a word, as a lane has it anyway."""
    assert judged_by(Settings(), "demo")["standards"] == USUAL
    said = {"book": {"overround_max": 1.5}, "start_passed": "2h", "audit_duplicates": True}
    sources = [{"name": "a", "feed": "simulated", "validation": {"jump": 4}}, {"name": "b", "feed": "simulated"}]
    found = Settings.model_validate({"validation": said, "sources": sources})
    standards, audited = judged_by(found, "a").values()
    assert isinstance(standards, Standards)
    assert (standards.bounds["book"], standards.bounds["exchange"]) == (Bounds(0.98, 1.5, 4), Bounds(0.95, 2.0, 4))
    assert (standards.start_passed, audited) == (7_200_000_000, True)
    assert judged_by(found, "b")["standards"].bounds["book"].jump == 3


async def test_what_goes_wrong_is_in_the_store(tmp_path: Path) -> None:
    """With the run that it happened in; what floods is counted to the last."""
    path = tmp_path / "broken.jsonl"
    lines = RECORDING.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:3], *[b"{"] * 5, *lines[3:]]))
    found = settings(tmp_path)
    await load(found, path)
    async with Queries(found.store.url, "public") as queries:
        incidents = await queries.incidents(source="demo")
    bad = [one for one in incidents if one.category.startswith("quarantined")]
    assert sum(one.count for one in bad) >= 5
    assert {one.job for one in incidents} == {"load"}
