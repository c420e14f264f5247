"""What is in quarantine, asked for in every way, on both databases."""

import pytest

from ingestd.interfaces import Store
from ingestd.store.quarantine import Which
from ingestd.store.queries import Queries
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA


async def filled(store: Store, world: World) -> None:
    """Three records, one of them twice, and one that is only kept."""
    await world.begin(store, "uid")
    batch = world.batch()
    batch.rejects += [world.reject("a", 1), world.reject("a", 5), world.reject("b", 2, category="price", stage="validate")]
    batch.rejects += [world.reject("c", 3, source="other"), world.reject("d", 4, state="kept")]
    await store.write(batch)


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Which(), [5, 3, 2]),
        (Which(source="other"), [3]),
        (Which(category="price"), [2]),
        (Which(since=T0 + 3), [5, 3]),
        (Which(state="kept"), [4]),
        (Which(state=""), [5, 4, 3, 2]),
    ],
)
async def test_records(store: Store, world: World, store_url: str, which: Which, found: list[int]) -> None:
    """The latest first, and no more than asked for; groups have the same in short."""
    await filled(store, world)
    async with Queries(store_url, SCHEMA) as queries:
        records = await queries.records(which, 10)
        assert [record.last_at - T0 for record in records] == found
        assert len(await queries.records(which, 1)) == 1
        assert sum(group.records for group in await queries.record_groups(which)) == len(found)


async def test_one_record_by_its_id(store: Store, world: World, store_url: str) -> None:
    """In full; ids that there are not are left out."""
    await filled(store, world)
    key = world.reject("a", 1).quarantine_id
    async with Queries(store_url, SCHEMA) as queries:
        (record,) = await queries.records(Which(ids=(key, 12), state=""), 10)
        assert (record.count, record.first_at - T0, record.last_at - T0, record.state) == (2, 1, 5, "open")
        assert await queries.record(key) == record
        assert await queries.record(12) is None
        (group, *_) = await queries.record_groups(Which())
        assert (group.stage, group.category, group.records, group.count) == ("decode", "malformed", 1, 2)
        assert len(await queries.record_ids("demo")) == 3
        assert {journal.uid for journal in (await queries.journals()).values()} == {"uid"}
