"""Months of the history in PostgreSQL, made when they are first met."""

from datetime import UTC, datetime

from ingestd.clock import SystemClock
from ingestd.store import open_store
from ingestd.store.columns import to_micros
from ingestd.store.connect import connect_postgres, target
from ingestd.store.partitions import Months
from ingestd.testing.batches import T0, World
from ingestd.testing.digest import facts

SCHEMA = "ingestd"


def at(*moment: int) -> int:
    """UTC µs of a date."""
    return to_micros(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc] # a date's numbers


async def test_each_month_is_made_once_and_old_history_fits(postgres_url: str, sqlite_url: str) -> None:
    """A load that reaches back decades, at both edges of a month, and stamps beyond all reason; the same facts in SQLite."""
    times = [
        *(at(2017, 12, 31, 23, 59, 59), at(2018, 1, 1), at(2018, 1, 31), at(1993, 8, 14), at(1989, 12, 31), at(1, 1, 1)),
        *(at(2099, 12, 31), at(2100, 1, 1), at(9999, 12, 31, 23, 59, 59), -1, T0),
    ]
    found = []
    for url in (sqlite_url, postgres_url):
        store = open_store(url, SCHEMA, SystemClock())
        await store.prepare()
        world = World(kind="load")
        await world.begin(store)
        home = world.selection("home")
        for part in (times[:3], times):
            batch = world.batch([world.change(home, time) for time in part])
            world.tell(batch, home)
            assert (await store.write(batch)).refused == ()
        await store.close()
        found.append(await facts(url))
    assert found[0] == found[1]
    assert len(found[0]["odds_history"]) == len(times)
    db = await connect_postgres(target(postgres_url, SCHEMA))
    names = [row[0] for row in await db.fetch("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1")]
    plan = "".join(str(row[0]) for row in await db.fetch("EXPLAIN SELECT * FROM odds_history WHERE changed_at = '2018-01-31'"))
    keys = await db.fetchval(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 'odds_history_2018_01'::regclass AND contype IN ('f', 'p')"
    )
    await db.close()
    assert names == [
        *(f"odds_history_{month}" for month in ("1993_08", "2017_12", "2018_01", "2023_11", "2099_12", "after", "before")),
    ]
    assert "odds_history_2018_01" in plan
    assert "odds_history_2017_12" not in plan
    assert keys == 2


async def test_two_writers_meet_a_month_together(postgres_url: str) -> None:
    """A daemon and a load that both need it: one makes it, the other finds it."""
    stores = [open_store(postgres_url, SCHEMA, SystemClock()) for _ in range(2)]
    for number, store in enumerate(stores):
        await store.prepare()
        world = World(source=f"s{number}", kind="load")
        await world.begin(store)
        await store.write(world.batch())
    for number, store in enumerate(stores):
        world = World(source=f"s{number}", kind="load")
        await world.begin(store)
        home = world.selection("home")
        batch = world.batch([world.change(home, T0)])
        world.tell(batch, home)
        assert (await store.write(batch)).rows["odds_history"] == 1
    for store in stores:
        await store.close()


def test_missing_months_are_each_named_once() -> None:
    """In order, without those that share a partition at either end."""
    months = Months()
    assert months.missing([at(2020, 2, 1), at(2020, 2, 29), at(2020, 1, 5), at(1950, 1, 1), at(2500, 1, 1)]) == [(2020, 1), (2020, 2)]
