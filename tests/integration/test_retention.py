"""Old history goes from under a daemon that records, in both databases."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from ingestd.store import open_store
from ingestd.testing.batches import T0, World
from ingestd.testing.clock import VirtualClock
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.server import Exchange
from ingestd.testing.rig.daemon import SCHEMA, until
from ingestd.testing.rig.evidence import ask
from tests.integration.conftest import running, table

OLD: Final = T0 + 100
"""Just behind what was left (UTC µs)."""


@pytest.fixture
async def exchange() -> AsyncIterator[str]:
    """The URL of an exchange that offers some hundred quotes a second."""
    async with Exchange(Options(clock="wall", rate=300, heartbeat=0.2)).listening("127.0.0.1", 0) as url:
        yield url


async def old_prices(url: str) -> None:
    """What a source that is gone left in 2023: a price that moved, and one that was withdrawn."""
    store = open_store(url, SCHEMA, VirtualClock(T0))
    await store.prepare()
    world = World("gone", "load")
    await world.begin(store)
    standing, withdrawn = world.selection("standing"), world.selection("withdrawn")
    batch = world.batch([world.change(said, T0 + place, 2.0 + place) for said in (standing, withdrawn) for place in range(5)])
    batch.changes[-1].own_status = batch.changes[-1].status = "withdrawn"
    world.tell(batch, standing, withdrawn)
    await store.write(batch)
    await store.close()


async def old(url: str) -> list[dict[str, object]]:
    """Rows of history from then."""
    return [row for row in await table(url, "odds_history") if isinstance(row["changed_at"], int) and row["changed_at"] < OLD]


async def test_a_daemon_keeps_house(store_url: str, exchange: str, tmp_path: Path) -> None:
    """What is over goes soon after the start, while prices come; the price that stands stays; a restart changes and doubles nothing."""
    await old_prices(store_url)
    settings = {
        "store": {"url": store_url, "retention": {"history": "30d"}},
        "sources": [{"name": "demo", "feed": "simulated", "url": exchange}],
    }

    async def gone() -> bool:
        return len(await old(store_url)) == 1

    for _ in range(2):
        async with running(settings, tmp_path) as one:
            await until(gone, "old history is gone")
            await one.read("demo", 50)
            await one.loaded()
            _, page = await one.page("/metrics")
            assert 'ingestd_retention_rows_total{table="odds_history"}' in page
    rows = await table(store_url, "odds_history")
    assert len(rows) > 500
    told = [[row[name] for name in ("selection_id", "price", "line", "size", "status", "result")] for row in rows]
    assert [one for one, other in pairwise(told) if one == other] == []
    (stood,) = await old(store_url)
    assert (stood["price"], stood["status"]) == (6.0, "open")
    assert await ask(store_url, "SELECT category FROM incidents") == []
    assert await ask(store_url, "SELECT count(*) FROM quarantine") == [(0,)]
    if store_url.startswith("postgresql"):
        found = await ask(store_url, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE '%\\_20%'")
        # that of the price, this month and those to come
        assert len(found) in {4, 5}
