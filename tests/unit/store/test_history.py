"""The history of errors in the store, of each kind."""

import sqlite3
from contextlib import closing

import pytest
from msgspec.structs import replace

from ingestd.batch import Batch, CoverageRow, IncidentRow, RejectRow
from ingestd.errors import Fenced
from ingestd.interfaces import HistoryStore
from ingestd.store.connect import connect_postgres, target
from ingestd.store.history import incident_rows
from ingestd.store.queries import Queries
from ingestd.testing.batches import World
from tests.unit.store.conftest import SCHEMA

ROW = IncidentRow(
    id=-5, source="a", stage="source", category="gap:lost", severity="warning", first_at=10, last_at=20, count=2, message="m\0", run_id=None
)


async def test_the_later_telling_stays(store: HistoryStore, store_url: str) -> None:
    """Whichever comes first; an earlier one changes nothing."""
    later = replace(ROW, last_at=30, count=3, message="later", severity="error")
    await store.record([ROW, replace(ROW, id=6, source="b", last_at=25)])
    await store.record([later])
    await store.record([ROW])
    async with Queries(store_url, SCHEMA) as queries:
        found = await queries.incidents()
        assert [(one.source, one.first_at, one.last_at, one.count, one.message, one.severity) for one in found] == [
            ("a", 10, 30, 3, "later", "error"),
            ("b", 10, 25, 2, "m\\x00", "warning"),
        ]
        assert [one.source for one in await queries.incidents(source="b")] == ["b"]
        assert [one.source for one in await queries.incidents(since=26)] == ["a"]
        assert [one.source for one in await queries.incidents(limit=1)] == ["a"]


async def test_the_run(store: HistoryStore, store_url: str, world: World) -> None:
    """By its id, and of which kind it is."""
    await store.begin(world.run, await store.journal_id("uid", "path"), 0)
    await store.record([replace(ROW, run_id=world.run.run_id)])
    async with Queries(store_url, SCHEMA) as queries:
        (found,) = await queries.incidents()
    assert (found.run_id, found.job) == (world.run.run_id, "live")


async def test_a_daemon_that_was_replaced_writes_nothing(store: HistoryStore, store_url: str, world: World) -> None:
    """Not even what went wrong."""
    await store.begin(world.run, await store.journal_id("uid", "path"), 0)
    await store.record([ROW])
    taken = "UPDATE checkpoints SET fence = fence + 1"
    if store_url.startswith("sqlite"):
        with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as lite, lite:
            lite.execute(taken)
    else:
        db = await connect_postgres(target(store_url, SCHEMA))
        await db.execute(taken)
        await db.close()
    with pytest.raises(Fenced):
        await store.record([replace(ROW, id=7)])
    async with Queries(store_url, SCHEMA) as queries:
        assert [one.source for one in await queries.incidents()] == ["a"]


def test_rows() -> None:
    """Sorted by key, each once, the last telling."""
    assert [(row[0], row[7]) for row in incident_rows([replace(ROW, id=2), ROW, replace(ROW, count=9)])] == [(-5, 9), (2, 2)]


async def test_troubles(store: HistoryStore, store_url: str, world: World) -> None:
    """Failed and endless runs of others, the live run before ours if it died, and gaps that are open."""
    journal_id = await store.journal_id("uid", "path")
    await store.begin(world.run, journal_id, 0)
    ours = replace(world.run, run_id=99, started_at=world.run.started_at + 1)
    for number, (kind, status, ended) in enumerate((("load", "failed", 50), ("load", "failed", 10), ("load", "done", 50), ("load", "", 0))):
        run = replace(world.run, run_id=100 + number, kind=kind, source="a", started_at=number)
        await store.begin(run, await store.journal_id(f"uid{number}", "path"), 0)
        if status:
            await store.end(run, ended_at=ended, status=status, counts={}, error="disk")
    row = CoverageRow("a", "market", "m", 5, None, 9, "gap", "sequence")
    rows = [
        row,
        replace(row, scope_id="n", began_at=3),
        replace(row, scope_id="o", ended_at=9, state="gap"),
        replace(row, scope_id="p", state="complete"),
    ]
    await store.write(
        Batch(
            run=world.run,
            journal_id=journal_id,
            position=1,
            coverage={(one.source, one.scope_kind, one.scope_id, one.began_at): one for one in rows},
        )
    )
    async with Queries(store_url, SCHEMA) as queries:
        found = await queries.troubles(40, world.run.run_id)
        assert [(run.kind, run.status, run.error) for run in found.runs] == [("load", "running", ""), ("load", "failed", "disk")]
        assert [(one.source, one.scope_kind, one.reason, one.count, one.began_at) for one in found.gaps] == [
            ("a", "market", "sequence", 2, 3)
        ]
        await store.end(world.run, ended_at=60, status="died", counts={})
        found = await queries.troubles(40, ours.run_id)
        assert [(run.kind, run.status) for run in found.runs] == [("live", "died"), ("load", "running"), ("load", "failed")]


async def test_ended(store: HistoryStore, store_url: str, world: World) -> None:
    """Runs of others since then, whatever became of them, with what they took in; the latest first."""
    for number, (ended, status, counts) in enumerate(
        ((50, "failed", {}), (60, "done", {"received": 7, "rows": 3}), (10, "done", {}), (0, "", {}))
    ):
        run = replace(world.run, run_id=100 + number, kind="load", source="a", started_at=number)
        await store.begin(run, await store.journal_id(f"uid{number}", "path"), 0)
        if status:
            await store.end(run, ended_at=ended, status=status, counts=counts)
    async with Queries(store_url, SCHEMA) as queries:
        found = await queries.ended(40, None)
        assert [(one.run_id, one.kind, one.source, one.status, one.started_at, one.ended_at, one.received) for one in found] == [
            (101, "load", "a", "done", 1, 60, 7),
            (100, "load", "a", "failed", 0, 50, 0),
        ]
        assert [one.run_id for one in await queries.ended(40, 101)] == [100]


async def test_backlog(store: HistoryStore, store_url: str, world: World) -> None:
    """What is open, by source, with the first time of the first of them."""
    journal_id = await store.journal_id("uid", "path")
    await store.begin(world.run, journal_id, 0)
    row = RejectRow(
        quarantine_id=1,
        source="a",
        stage="decode",
        category="shape",
        severity="warning",
        reason="reason",
        offset=7,
        path="path",
        update="",
        error="",
        seen_at=30,
    )
    others = [
        replace(row, quarantine_id=2, seen_at=20),
        replace(row, quarantine_id=3, source="b"),
        replace(row, quarantine_id=4, state="kept"),
    ]
    rejects = [row, *others]
    await store.write(Batch(run=world.run, journal_id=journal_id, position=1, rejects=rejects))
    async with Queries(store_url, SCHEMA) as queries:
        assert [(one.source, one.count, one.first_at) for one in await queries.backlog()] == [("a", 2, 20), ("b", 1, 30)]
