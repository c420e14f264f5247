"""Records of quarantine tried again beside the daemon whose journal it reads."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import convert
from msgspec.structs import replace

from ingestd.app import Daemon, Retries
from ingestd.app.retry import GONE, NO_IMAGE, place
from ingestd.batch import store_offset
from ingestd.retelling import Record
from ingestd.store.quarantine import Journal
from ingestd.store.queries import Queries


@pytest.fixture
async def retries(daemon: Daemon) -> AsyncIterator[Retries]:
    """On the daemon's own store."""
    async with Queries(daemon.settings.store.url, "public") as queries:
        yield Retries(daemon.settings, daemon.store, queries, daemon.reporter, daemon.clock)


def record(position: int, journal_id: int = 1, **more: object) -> Record:
    """Of a frame of the daemon's journal."""
    said = {"stage": "validate", "category": "price", "severity": "error", "reason": "old", "path": "", "count": 1, "state": "open"}
    said |= {"source": "demo", "quarantine_id": 5, "journal_offset": store_offset(journal_id, position), "first_at": 1, "last_at": 1}
    return convert({**said, "attempts": 0, **more}, Record)


async def fate(retries: Retries, one: Record) -> tuple[str, str]:
    """What becomes of one record, and why."""
    (tried,) = [tried async for tried in retries.retry([one], force=False)]
    return tried.fate, tried.why


async def test_what_becomes_of_records(daemon: Daemon, retries: Retries) -> None:
    """Taken; gone with frame, image or journal; left to a person; and a source is told by the frame where the record does not say."""
    assert await fate(retries, record(2)) == ("taken", "")
    assert await fate(retries, record(2, source="")) == ("taken", "")
    assert await fate(retries, record(1 << 30)) == ("gone", GONE)
    assert await fate(retries, record(2, journal_id=9)) == ("gone", GONE)
    assert await fate(retries, record(2, source="other")) == (
        "left",
        "no source 'other' is configured; configure it as it was, and try again",
    )
    assert await fate(retries, record(2, state="replayed")) == ("left", "it was taken already")
    assert await fate(retries, record(2, state="kept")) == ("left", "it is only kept for analysis")
    most = daemon.settings.quarantine.max_attempts
    why = f"it was tried {most} times (quarantine.max_attempts); --force tries it again"
    assert await fate(retries, replace(record(2), attempts=most)) == ("left", why)
    async with Queries(daemon.settings.store.url, "public") as queries:
        runs = [(run.kind, run.source, run.status) for run in (await queries.status()).runs]
    assert runs.count(("retry", "demo", "done")) == 2


async def test_a_frame_without_an_image(daemon: Daemon, retries: Retries) -> None:
    """Of a source that the journal has no epoch of."""
    settings = daemon.settings.sources[0].model_copy(update={"name": "mute"})
    retries._settings = daemon.settings.model_copy(update={"sources": (settings,)})
    retries._options["mute"] = retries._options["demo"]
    assert await fate(retries, record(2, source="mute")) == ("gone", NO_IMAGE)


async def test_where_a_journal_is(daemon: Daemon, tmp_path: Path) -> None:
    """The daemon's own, wherever it lies now; one that was elsewhere, where it was; else nowhere."""
    own = Journal(journal_id=1, uid=daemon.journal.uid, path=str(tmp_path / "moved"))
    assert place(daemon.settings, own) == daemon.settings.journal.path
    moved = daemon.settings.model_copy(update={"journal": daemon.settings.journal.model_copy(update={"path": tmp_path / "new"})})
    assert place(moved, replace(own, path=str(daemon.settings.journal.path))) == daemon.settings.journal.path
    assert place(moved, own) is None
