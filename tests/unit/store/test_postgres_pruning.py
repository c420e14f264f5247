"""Months that go while others read and write."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import asyncpg
import pytest

from ingestd.batch import FIRST, Pruned
from ingestd.errors import StoreUnavailable
from ingestd.model import Selection
from ingestd.store import open_store
from ingestd.store.columns import to_micros
from ingestd.store.postgres import PostgresStore
from ingestd.testing.batches import World
from ingestd.testing.clock import VirtualClock
from tests.unit.store.conftest import SCHEMA

DAY: Final = 86_400_000_000
MONTHS: Final = [to_micros(datetime(2023, month, 1, tzinfo=UTC)) for month in range(1, 10)]
BORDER: Final = to_micros(datetime(2024, 1, 1, tzinfo=UTC))
LATER: Final = BORDER + 40 * DAY
WAIT: Final = 0.5
"""Seconds: the lock_timeout."""


async def opened(url: str) -> PostgresStore:
    """A prepared store in the year of the months."""
    store = open_store(url, SCHEMA, VirtualClock(MONTHS[-1]))
    await store.prepare()
    assert isinstance(store, PostgresStore)
    return store


async def filled(url: str, *, standing: bool) -> tuple[PostgresStore, World, Selection]:
    """A row in each of nine old months and one today; the last old one stands at the border, or is withdrawn."""
    store, world = await opened(url), World()
    await world.begin(store)
    said = world.selection("home")
    batch = world.batch([world.change(said, month + DAY, 2.0 + place) for place, month in enumerate(MONTHS)])
    if not standing:
        batch.changes[-1].own_status = batch.changes[-1].status = "withdrawn"
    batch.changes.append(world.change(said, LATER))
    batch.links["demo", "e1"] = world.link(starts_at=MONTHS[0])
    world.tell(batch, said)
    assert (await store.write(batch)).refused == ()
    return store, world, said


async def prune(store: PostgresStore) -> int:
    """All months to the end; rows deleted."""
    rows, step = 0, Pruned(0, FIRST)
    while step.rest is not None:
        step = await store.prune("odds_history", BORDER, step.rest)
        rows += step.rows
    return rows


async def months(admin: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Partitions by name."""
    return [row[0] for row in await admin.fetch("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1")]


@pytest.mark.parametrize("standing", [True, False])
async def test_whole_months_go(postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]", *, standing: bool) -> None:
    """All that lie before the border, but for the one with the price that stands there; the two at the ends stay."""
    store, *_ = await filled(postgres_url, standing=standing)
    assert await prune(store) == 8 + (not standing)
    kept = ["odds_history_2023_09"] if standing else []
    assert await months(admin) == [*kept, "odds_history_2024_02", "odds_history_after", "odds_history_before"]
    await store.close()


async def test_disk_comes_back_from_a_month_that_must_stay(postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """It is written anew: 20,000 rows less are pages less, without a VACUUM."""
    store, world, said = await filled(postgres_url, standing=True)
    await store.write(world.batch([world.change(said, MONTHS[-1] + place) for place in range(20_000)]))
    before = await admin.fetchval("SELECT pg_total_relation_size('ingestd.odds_history_2023_09')")
    assert await prune(store) == 20_008
    assert await admin.fetchval("SELECT pg_total_relation_size('ingestd.odds_history_2023_09')") < before / 10
    await store.close()


async def test_what_lies_before_all_months_goes_too(postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Its partition is shared by all of before 1990 and stays, empty."""
    store, world, said = await filled(postgres_url, standing=False)
    await store.write(world.batch([world.change(said, -50 * 365 * DAY)]))
    assert await prune(store) == 10
    assert await admin.fetchval("SELECT count(*) FROM ingestd.odds_history_before") == 0
    assert "odds_history_before" in await months(admin)
    await store.close()


@pytest.mark.parametrize("standing", [True, False])
async def test_a_reader_that_stays_is_not_broken_and_holds_nobody_up(
    postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]", *, standing: bool
) -> None:
    """Its transaction goes on, the writer waits no longer than the lock is waited for, nothing is half done; later it works."""
    store, world, said = await filled(postgres_url, standing=standing)
    loop, waits = asyncio.get_running_loop(), []
    before = await months(admin)
    async with admin.transaction():
        assert await admin.fetchval("SELECT count(*) FROM ingestd.price_history") == 10
        trying = asyncio.ensure_future(prune(store))
        while not trying.done():
            started = loop.time()
            assert (await store.write(world.batch([world.change(said, LATER + world.position)]))).refused == ()
            waits.append(loop.time() - started)
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            await trying
        assert await admin.fetchval("SELECT count(*) FROM ingestd.price_history WHERE valid_from < '2024-01-01'") == 9
        assert await months(admin) == before
    # the lock itself, and what a busy machine adds
    assert max(waits) < 8 * WAIT
    assert await prune(store) == 8 + (not standing)
    await store.close()


async def test_under_load_nothing_is_refused(postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """A daemon writes today's prices and a load those of the months that go, by sessions that know of these months: all arrive."""
    store, world, said = await filled(postgres_url, standing=False)
    other, loading = await opened(postgres_url), World("demo", "load")
    await loading.begin(other)
    pruning = asyncio.Event()

    async def write(into: PostgresStore, by: World, times: list[int]) -> int:
        count = 0
        for round_ in range(200):
            batch = by.batch([by.change(said, at + round_ * 1_000, 3.0) for at in times])
            written = await into.write(batch)
            assert written.refused == ()
            count += written.rows["odds_history"]
            if round_ == 20:
                pruning.set()
        return count

    async with asyncio.TaskGroup() as group:
        live = group.create_task(write(store, world, [LATER + DAY + place for place in range(10)]))
        late = group.create_task(write(other, loading, [month + 2 * DAY for month in MONTHS]))
        await pruning.wait()
        for _ in range(10):
            # a round that finds a lock taken is tried again by whoever keeps house
            with suppress(StoreUnavailable):
                await prune(store)
    assert (live.result(), late.result()) == (2_000, 1_800)
    assert await admin.fetchval("SELECT count(*) FROM ingestd.odds_history WHERE changed_at >= '2024-01-01'") == 2_001
    assert await admin.fetchval("SELECT count(*) FROM ingestd.quarantine") == 0
    await prune(store)
    assert [name for name in await months(admin) if name < "odds_history_2024"] == ["odds_history_2023_09"]
    for one in (store, other):
        await one.close()


async def test_a_month_that_went_is_made_again_when_it_is_written(postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """A session that took it for there: light and heavy batches alike, nothing refused."""
    store, world, said = await filled(postgres_url, standing=False)
    for place in range(2):
        await prune(store)
        batch = world.batch([world.change(said, MONTHS[3] + place)])
        if place:
            batch.rejects = [world.reject("bad", 3)]
        written = await store.write(batch)
        assert (written.refused, written.rows["odds_history"]) == ((), 1)
        assert "odds_history_2023_04" in await months(admin)
    await store.close()


async def test_months_are_made_ahead(postgres_url: str, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Each once, whatever is there already; the batch of that month then has nothing to make."""
    store, world, said = await filled(postgres_url, standing=False)
    before = await months(admin)
    for _ in range(2):
        await store.make_room([LATER, LATER + 28 * DAY, LATER + 56 * DAY])
    assert sorted(set(await months(admin)) - set(before)) == ["odds_history_2024_03", "odds_history_2024_04"]
    async with admin.transaction():
        # a month cannot be made while this is held
        await admin.execute("LOCK TABLE ingestd.odds_history IN SHARE UPDATE EXCLUSIVE MODE")
        async with asyncio.timeout(5):
            await store.write(world.batch([world.change(said, LATER + 56 * DAY)]))
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            await store.make_room([LATER + 84 * DAY])
    await store.close()
