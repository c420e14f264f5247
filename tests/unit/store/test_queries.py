"""What people and probes are told, the same from both databases."""

import pytest

from ingestd.clock import SystemClock
from ingestd.errors import StoreUnavailable
from ingestd.interfaces import Store
from ingestd.store.queries import Queries
from ingestd.testing.batches import T0, World

SCHEMA = "ingestd"


async def filled(store: Store, world: World) -> int:
    """Prices of two events at two books; returns now."""
    now = SystemClock().now()
    await world.begin(store)
    batch = world.batch()
    for event, home in (("e1", "Reds"), ("e2", "Greens_100%")):
        for book, price in (("acme", 2.0), ("best", 2.5)):
            said = world.selection(f"home {book}", market=f"m-{event}", event=event, bookmaker=book)
            link = world.link(event, at=now, home=home)
            batch.links["demo", event] = link
            world.name(batch, link)
            world.tell(batch, said, at=now)
            batch.changes += [world.change(said, T0, price), world.change(said, now, price + 1)]
    world.covered(batch, now, now)
    world.state(batch, now)
    batch.rejects = [world.reject("bad", 1), world.reject("worse", 2)]
    await store.write(batch)
    return now


async def test_odds_now(store: Store, store_url: str, world: World) -> None:
    """Every price with its names; words, market and book narrow it down; a limit holds."""
    await filled(store, world)
    async with Queries(store_url, SCHEMA) as ask:
        found = await ask.odds()
        assert sorted((row.event, row.bookmaker, row.price, row.live) for row in found) == [
            ("Greens_100% v Blues", "acme", 3.0, True),
            ("Greens_100% v Blues", "best", 3.5, True),
            ("Reds v Blues", "acme", 3.0, True),
            ("Reds v Blues", "best", 3.5, True),
        ]
        assert found[0].changed_at.endswith("Z")
        assert len(found[0].changed_at) == 27
        assert [row.event for row in await ask.odds("GREENS blues", book="Acme")] == ["Greens_100% v Blues"]
        assert [row.event for row in await ask.odds("s_100%")] == ["Greens_100% v Blues"] * 2
        assert await ask.odds("s_1000") == []
        assert await ask.odds(market="spread") == []
        assert len(await ask.odds(market="H2H", limit=3)) == 3


async def test_odds_at_a_time(store: Store, store_url: str, world: World) -> None:
    """As they were: from each change on, up to the next, and none before the first."""
    now = await filled(store, world)
    async with Queries(store_url, SCHEMA) as ask:
        for at, prices in ((T0 - 1, []), (T0, [2.0, 2.5]), (now - 1, [2.0, 2.5]), (now, [3.0, 3.5])):
            found = await ask.odds("Reds", at=at)
            assert sorted(row.price or 0 for row in found) == prices
            assert all(row.live is None for row in found)
        assert [row.price for row in await ask.odds(at=T0, book="best")] == [2.5, 2.5]
        # both start within the hour after now: long after that, only who names them is told of them
        later = now + 2 * 86_400_000_000
        assert (await ask.odds(at=later), len(await ask.odds("Reds", at=later))) == ([], 2)
        found = await ask.odds("Reds", at=T0)
        assert {row.changed_at for row in found} == {"2023-11-14T22:13:20.000000Z"}


async def test_best(store: Store, store_url: str, world: World) -> None:
    """The best live price of each outcome, and how many sources say so."""
    await filled(store, world)
    async with Queries(store_url, SCHEMA) as ask:
        (best,) = await ask.best("reds", market="h2h")
        assert (best.price, best.bookmaker, best.live, best.witnesses, best.disagreement) == (3.5, "best", True, 1, 0.0)
        assert len(await ask.best(limit=5)) == 2
        assert await ask.best("nobody") == []


async def test_status_and_counts(store: Store, store_url: str, world: World) -> None:
    """Sources, journals, runs, rows by table, and what waits in quarantine."""
    now = await filled(store, world)
    await store.end(world.run, ended_at=now, status="done", counts={"frames": 2}, error="none\0")
    async with Queries(store_url, SCHEMA) as ask:
        status = await ask.status()
        assert [(row.source, row.state, row.last_received_at) for row in status.sources] == [("demo", "live", now)]
        assert [(row.reader, row.path, row.position) for row in status.journals] == [("live", "/journal", 1)]
        assert [(row.kind, row.status, row.ended_at, row.error) for row in status.runs] == [("live", "done", now, "none\\x00")]
        assert (status.quarantine, status.review) == (await ask.quarantine_count(), await ask.review_count()) == (2, 0)
        assert status.counts == await ask.counts()
        assert {name: count for name, count in status.counts.items() if count} == {
            "bookmakers": 2,
            "checkpoints": 1,
            "coverage": 1,
            "event_links": 2,
            "events": 2,
            "journals": 1,
            "leagues": 1,
            "markets": 2,
            "odds": 4,
            "odds_history": 8,
            "quarantine": 2,
            "revisions": 1,
            "runs": 1,
            "selections": 4,
            "sources": 1,
            "teams": 3,
        }


async def test_coverage(store: Store, store_url: str, world: World) -> None:
    """Intervals of one source, or of all."""
    now = await filled(store, world)
    async with Queries(store_url, SCHEMA) as ask:
        (row,) = await ask.coverage("demo")
        assert (row.scope_kind, row.began_at, row.ended_at, row.state) == ("source", now, None, "complete")
        assert await ask.coverage("other") == []


@pytest.mark.parametrize("url", ["sqlite:////nowhere/store.db", "postgresql://ingestd@127.0.0.1:1/x"])
async def test_store_that_is_not_there(url: str) -> None:
    """Asking never makes a store."""
    async with Queries(url, SCHEMA) as ask:
        with pytest.raises(StoreUnavailable):
            await ask.counts()
