"""A session over the emulator: many connections, markets that come and go, books that do not come, beginnings in mid-stream."""

import asyncio
from itertools import pairwise

import pytest

from ingestd.errors import Disconnected, Refused
from ingestd.interfaces import Session
from ingestd.model import WHOLE, Complete, Gap, Quote, Scope
from ingestd.testing.polymarket import PolymarketServer
from tests.unit.sources.feeds.polymarket.conftest import Ear, MakeFeed


def completes(ear: Ear) -> list[Scope]:
    """Every scope that is known whole."""
    return [one.scope for one in ear.updates if isinstance(one, Complete)]


def contents(ear: Ear) -> list[str]:
    """What the frames are."""
    return [frame.meta.get("content", frame.kind if frame.kind != "data" else "channel") for frame in ear.frames]


async def ended(session: Session) -> None:
    """Read until it ends."""
    async with asyncio.timeout(5):
        while True:
            await session.read()


def settled(ear: Ear) -> bool:
    """Whether something is."""
    return any(isinstance(one, Quote) and one.status == "settled" for one in ear.updates)


def known(ear: Ear) -> bool:
    """Whether everything is."""
    return WHOLE in completes(ear)


async def test_a_session_begins_with_gamma(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """Then what was subscribed, then the books; the whole is known with the last of them."""
    async with make_feed().connect("") as session:
        await listener.until(session, known)
    assert contents(listener) == ["opened", "gamma", "subscription", "channel"]
    assert listener.frames[1].meta["url"].startswith(f"http://{emulator.place}/gamma/events?tag_id=1")
    assert [frame.epoch for frame in listener.frames] == [True, False, False, False]


async def test_many_connections_are_one_session(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """As many as it takes; when one of them fails, all begin anew."""
    async with make_feed(assets_per_connection=2).connect("") as session:
        await listener.until(session, known)
        assert sorted(len(link.assets) for link in emulator.links) == [2, 2]
        emulator.links[0].wire.stalled = True
        with pytest.raises(Disconnected, match="silent"):
            await ended(session)
    assert completes(listener) == [WHOLE]


async def test_a_market_is_added(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """To a connection that has room, without another one."""
    async with make_feed().connect("") as session:
        await listener.until(session, known)
        added = emulator.world.add_market("9001", 3, "spreads", ("Northtown", "Southtown"), -1.5)
        await listener.until(session, lambda ear: Scope("market", added.id) in completes(ear))
    assert [request.get("operation") for request in emulator.requests] == [None, "subscribe"]


async def test_a_server_that_does_not_listen_is_left(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """A subscription in mid-stream that brings nothing: the next session has it from the start."""
    emulator.subscribes = False
    feed = make_feed()
    async with feed.connect("") as session:
        await listener.until(session, known)
        added = emulator.world.add_market("9001", 3, "spreads", ("Northtown", "Southtown"), -1.5)
        with pytest.raises(Disconnected, match="no_image"):
            await ended(session)
    async with feed.connect("") as session:
        listener.updates.clear()
        await listener.until(session, known)
    assert set(added.tokens) <= {one.selection.identity.split("|")[3] for one in listener.updates if isinstance(one, Quote)}


async def test_a_market_ends(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """Gamma alone may tell; it is settled, and nothing more is asked for it, whether the server understands that or not."""
    emulator.unsubscribes = False
    async with make_feed().connect("") as session:
        await listener.until(session, known)
        market, other = emulator.world.markets.values()
        emulator.world.resolve(market, 1)
        await listener.until(session, settled)
        await listener.until(session, lambda _: emulator.requests[-1].get("operation") == "unsubscribe")
        await emulator.publish(emulator.world.change(market, "BUY", 490, 5))
        await emulator.publish(emulator.world.change(other, "BUY", 490, 5))
        await listener.until(
            session, lambda ear: isinstance(ear.updates[-1], Quote) and ear.updates[-1].selection.source_market_id == other.id
        )
    assert [one for one in listener.updates if isinstance(one, Gap)] == []


async def test_gamma_may_be_away(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """It ends no session; a new one uses what was listed last. Where nothing ever was, there is nothing to record."""
    feed = make_feed()
    async with feed.connect("") as session:
        await listener.until(session, known)
        emulator.gamma_status = 500
        count = emulator.told
        await asyncio.sleep(0.3)
        await emulator.publish(emulator.world.change(next(iter(emulator.world.markets.values())), "BUY", 490, 5))
        await listener.until(session, lambda ear: emulator.told > count and contents(ear)[-1] == "channel")
    async with feed.connect("") as session:
        listener.updates.clear()
        await listener.until(session, known)
    async with make_feed().connect("") as session:
        with pytest.raises(Disconnected, match="500"):
            await ended(session)
    emulator.gamma_status = 404
    async with make_feed().connect("") as session:
        with pytest.raises(Refused):
            await ended(session)


async def test_books_that_do_not_come_are_fetched(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """Or it is known that there are none."""
    market, other = emulator.world.markets.values()
    emulator.bookless = {market.tokens[0]}
    async with make_feed().connect("") as session:
        await listener.until(session, known)
    assert emulator.books_asked == [market.tokens[0]]
    assert other.id in {one.selection.source_market_id for one in listener.updates if isinstance(one, Quote)}


async def test_a_market_is_renewed_by_rest(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """Its two books, in the journal like everything else."""
    async with make_feed().connect("") as session:
        await listener.until(session, known)
        market, _ = emulator.world.markets.values()
        await session.renew(Scope("market", market.id))
        await listener.until(session, lambda ear: contents(ear).count("book") == 2)
    assert [frame.meta["asset"] for frame in listener.frames if frame.meta.get("content") == "book"] == list(market.tokens)


async def test_everything_is_renewed_over_new_connections(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """In mid-stream an epoch begins, with all that a decoder needs that begins empty."""
    async with make_feed().connect("") as session:
        await listener.until(session, known)
        before = list(emulator.links)
        await session.renew(WHOLE)
        await listener.until(session, lambda ear: completes(ear).count(WHOLE) == 2)
        assert not set(before) & set(emulator.links)
    epochs = [index for index, frame in enumerate(listener.frames) if frame.epoch]
    assert [contents(listener)[first:second] for first, second in pairwise([*epochs, None])] == [
        ["opened", "gamma", "subscription", "channel"],
        ["gamma", "subscription", "channel"],
    ]


async def test_a_cut_ends_it(emulator: PolymarketServer, make_feed: MakeFeed, listener: Ear) -> None:
    """And leaves nothing behind."""
    async with make_feed().connect("") as session:
        await listener.until(session, known)
        emulator.cut()
        with pytest.raises(Disconnected):
            await ended(session)
    async with asyncio.timeout(5):
        while emulator.links:
            await asyncio.sleep(0.01)
