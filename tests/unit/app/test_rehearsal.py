"""A store into which nothing is written."""

from ingestd.app.rehearsal import Rehearsal
from ingestd.batch import Written
from ingestd.clock import SystemClock
from ingestd.model import Frame
from ingestd.relations import Wanted
from ingestd.store import open_store
from ingestd.store.queries import Queries
from ingestd.testing.batches import T0, World


async def test_questions_are_answered_and_nothing_is_written(sqlite_url: str) -> None:
    """No run, no journal, no row."""
    store = open_store(sqlite_url, "ingestd", SystemClock())
    await store.prepare()
    world, rehearsal = World(kind="retry"), Rehearsal(store)
    await rehearsal.prepare()
    await rehearsal.prefer(["demo"])
    assert await rehearsal.journal_id("uid", "/journal") == 0
    assert await rehearsal.begin(world.run, 1, 7) == 7
    assert await rehearsal.position(world.run, 1) == 0
    batch = world.batch()
    world.tell(batch, world.selection("a"))
    assert await rehearsal.write(batch) == Written()
    await rehearsal.end(world.run, ended_at=T0, status="done", counts={})
    assert (await rehearsal.warm("demo", T0, T0)).held == []
    assert (await rehearsal.past("demo", 1, Frame("demo", "data", T0), T0)).held == []
    assert await rehearsal.seen_until("demo") is None
    assert (await rehearsal.known(Wanted(0))).links == []
    await rehearsal.close()
    async with Queries(sqlite_url, "ingestd") as queries:
        assert {name: count for name, count in (await queries.counts()).items() if count} == {}
    await store.close()
