"""A batch with rows that the database refuses; SQLite goes the same way, so it is asked the same."""

from collections.abc import Awaitable, Callable

import pytest

from ingestd.interfaces import Store
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


@pytest.mark.parametrize("poison", [set(), {0}, {3, 4, 59}, set(range(0, 60, 7)), set(range(60))], ids=len)
async def test_exactly_the_poisoned_selections_are_refused(store: Store, world: World, rows: Rows, poison: set[int]) -> None:
    """Prices of selections nobody told of break a foreign key: they alone are left out, quarantined, and the checkpoint moves."""
    await world.begin(store)
    told = [world.selection(f"s{number}") for number in range(60)]
    batch = world.batch()
    world.tell(batch, world.selection("any"), *(said for number, said in enumerate(told) if number not in poison))
    for number, said in enumerate(told):
        batch.changes += [world.change(said, T0 + number), world.change(said, T0 + number + 100, 3.0)]
    world.covered(batch, T0, T0 + 9)
    world.state(batch, T0)
    written = await store.write(batch)
    assert {refusal.key for refusal in written.refused} == {(told[number].id,) for number in poison}
    assert {refusal.table for refusal in written.refused} <= {"odds"}
    assert written.rows.get("odds_history", 0) == 2 * (60 - len(poison))
    assert len(await rows("SELECT 1 FROM odds")) == 60 - len(poison)
    assert await rows("SELECT reason, count FROM quarantine") == [("foreign_key", 1)] * len(poison)
    assert await store.position(world.run, world.journal_id) == world.position
    assert await rows("SELECT state FROM coverage") == [("complete",)]


async def test_a_row_that_only_the_database_refuses(store: Store, world: World, rows: Rows) -> None:
    """A market of an event that is nowhere: the database finds it, its neighbours go in, and so do prices of other markets."""
    await world.begin(store)
    fine, lost = world.selection("fine", market="m1"), world.selection("lost", market="m2", event="e2")
    batch = world.batch()
    world.tell(batch, fine, lost)
    del batch.links["demo", "e2"]
    batch.changes = [world.change(fine, T0), world.change(lost, T0)]
    written = await store.write(batch)
    said = {(refusal.table, refusal.error.split(":")[0]) for refusal in written.refused}
    assert said == {("markets", "foreign_key"), ("selections", "orphan"), ("odds", "orphan")}
    assert await rows("SELECT source_market_id FROM markets") == [("m1",)]
    assert await rows("SELECT price FROM odds") == [(2.0,)]
    again = await store.write(batch)
    assert len(again.refused) == 3
    assert await rows("SELECT count FROM quarantine") == [(1,), (1,), (1,)]
