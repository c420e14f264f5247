"""Records that a person lets go of, on both databases."""

from collections.abc import Awaitable, Callable

from ingestd.interfaces import Store
from ingestd.store.connect import target
from ingestd.store.deciding import Deciding
from ingestd.store.decisions import Deed
from ingestd.store.quarantine import Which
from ingestd.store.queries import Queries
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
STATES = "SELECT state, count FROM quarantine ORDER BY first_at"


async def test_discarded_and_undone(store: Store, world: World, store_url: str, rows: Rows) -> None:
    """What comes again stays discarded and counts on; taken in a second time the decision does nothing; undone, it is open."""
    await world.begin(store, "uid")
    batch = world.batch()
    batch.rejects += [world.reject("a", 1), world.reject("b", 2)]
    await store.write(batch)
    deciding = Deciding(target(store_url, SCHEMA))
    async with Queries(store_url, SCHEMA) as queries:
        found = await queries.records(Which(ids=(world.reject("a", 1).quarantine_id,)), 10)
    done = await deciding.discard(Deed(action="discard", who="", at=T0, note="noise"), found)
    assert await rows(STATES) == [("discarded", 1), ("open", 1)]
    batch = world.batch()
    batch.rejects.append(world.reject("a", 9))
    await store.write(batch)
    assert await rows(STATES) == [("discarded", 2), ("open", 1)]
    assert await deciding.take(done) == 0
    undone = await deciding.undo(Deed(action="undo", who="", at=T0 + 1, undoes=done[0].decision_id))
    assert [(row.was, row.now, row.subject) for row in undone] == [("discarded", "open", done[0].subject)]
    assert await rows(STATES) == [("open", 2), ("open", 1)]
