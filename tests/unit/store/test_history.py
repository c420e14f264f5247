"""The history of errors in the store, of each kind."""

import sqlite3
from contextlib import closing

import pytest
from msgspec.structs import replace

from ingestd.batch import IncidentRow
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
