"""Coverage in the data: no price is live while its feed is not (I9), and the documented queries leave out the bad minutes."""

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, get_args

import pytest

from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.model import SECOND, CoverageState, SourceStatus
from ingestd.store import open_store
from ingestd.testing.batches import World
from ingestd.testing.rig.daemon import SCHEMA
from ingestd.testing.rig.evidence import ask

ROOT: Final = Path(__file__).parents[2]
LIMIT: Final = 30 * SECOND


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A prepared one of each kind."""
    opened = open_store(store_url, SCHEMA, SystemClock())
    await opened.prepare()
    yield opened
    await opened.close()


def now() -> int:
    """Wall clock, UTC µs."""
    return time.time_ns() // 1_000


async def offered(store: Store, world: World) -> None:
    """One open price."""
    await world.begin(store)
    batch = world.batch()
    chosen = world.selection("a")
    world.tell(batch, chosen)
    batch.changes.append(world.change(chosen, now() - SECOND))
    await store.write(batch)


async def live(url: str) -> tuple[int, int]:
    """How many prices the two views that tell call live."""
    current, best = await ask(url, "SELECT count(*) FROM current_odds WHERE live"), await ask(url, "SELECT count(*) FROM best_odds")
    return int(str(current[0][0])), int(str(best[0][0]))


async def test_a_price_is_live_only_while_its_feed_is(store: Store, store_url: str) -> None:
    """Every state of a feed with every state of coverage, fresh and stale: one of all these is live."""
    world = World()
    await offered(store, world)
    shown = {}
    for state in get_args(SourceStatus):
        for coverage in get_args(CoverageState):
            for age in (0, LIMIT + SECOND):
                batch = world.batch()
                world.state(batch, now() - age, state, LIMIT)
                world.covered(batch, 1, now() - age, state=coverage)
                await store.write(batch)
                shown[state, coverage, age > 0] = await live(store_url)
                found = await ask(store_url, "SELECT feed_state, age_seconds FROM current_odds")
                assert found[0][0] == state
                assert 0 < float(str(found[0][1])) < 600
    assert {key for key, counts in shown.items() if counts != (0, 0)} == {("live", "complete", False)}
    assert shown["live", "complete", False] == (1, 1)


@pytest.mark.parametrize("scope", [("market", "m1"), ("event", "e1")])
@pytest.mark.parametrize("state", [state for state in get_args(CoverageState) if state != "complete"])
async def test_nor_while_its_own_market_or_event_is_not(store: Store, store_url: str, state: str, scope: tuple[str, str]) -> None:
    """Though everything else of the source is complete; once that is over it is live again."""
    world = World()
    await offered(store, world)
    batch = world.batch()
    world.state(batch, now(), silence_limit=LIMIT)
    world.covered(batch, 1, now())
    world.covered(batch, 2, now(), scope=scope, state=state)
    await store.write(batch)
    assert await live(store_url) == (0, 0)
    batch = world.batch()
    world.covered(batch, 2, now(), scope=scope, state=state, ended=now())
    await store.write(batch)
    assert await live(store_url) == (1, 1)


def documented() -> list[str]:
    """The SQL of docs/coverage.md."""
    return re.findall(r"```sql\n(.*?);\n```", (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8"), re.DOTALL)


async def test_one_where_leaves_out_the_bad_minutes(store: Store, store_url: str) -> None:
    """Three prices in a row, the second told within a gap: it counts from the image on that ended it; and the query that lists the gap."""
    world = World("betfair")
    await world.begin(store)
    batch, begin = world.batch(), now() - 3_600 * SECOND
    chosen = world.selection("a")
    world.tell(batch, chosen)
    for minute in (1, 6, 11):
        batch.changes.append(world.change(chosen, begin + minute * 60 * SECOND, 2.0 + minute))
    gap, after = begin + 5 * 60 * SECOND, begin + 10 * 60 * SECOND
    world.covered(batch, begin, gap, ended=gap)
    world.covered(batch, gap, after, state="gap", ended=after)
    world.covered(batch, after, now())
    await store.write(batch)
    trusted, gaps = documented()
    found = await ask(store_url, trusted.replace("select *", "select price, covered_from = valid_from"))
    assert sorted((price, bool(at_once)) for price, at_once in found) == [(3.0, True), (8.0, False), (13.0, True)]
    left_out = await ask(store_url, "SELECT price FROM trusted_history WHERE coverage_state = 'gap' ORDER BY price")
    assert left_out == [(3.0,), (8.0,)]
    if store_url.startswith("postgresql"):
        ((_, lasted, state, _, _),) = await ask(store_url, gaps)
        assert (str(lasted), state) == ("0:05:00", "gap")
