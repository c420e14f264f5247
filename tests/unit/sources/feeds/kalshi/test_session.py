"""A session over the emulator's real socket: opening, gaps and their repair, markets that come and go."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ingestd.errors import Disconnected, Refused
from ingestd.interfaces import Session
from ingestd.model import WHOLE, Complete, Frame, Gap, MarketStatus, Scope
from ingestd.sources.feeds.kalshi.decoder import ANSWER, KalshiDecoder
from ingestd.sources.feeds.kalshi.feed import FEED, record_time
from ingestd.testing.context import feed_context
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.kalshi_link import Link
from ingestd.testing.kalshi_world import NORTH, SOUTH, TIE, dollars
from ingestd.testing.listener import Listener

Ear = Listener[KalshiDecoder]
NEW = "KXTALEGAME-26MAY02NORSOU-NEW"


@pytest.fixture
async def emulator() -> AsyncIterator[KalshiEmulator]:
    """Kalshi on a free port."""
    async with KalshiEmulator() as server:
        yield server


@asynccontextmanager
async def heard(emulator: KalshiEmulator, **options: object) -> AsyncIterator[tuple[Session, Ear]]:
    """A session, and an ear that has heard everything complete."""
    chosen = FEED.options.model_validate({**emulator.options(), "refresh_seconds": 30, **options})
    async with FEED.build(chosen, feed_context("k")).connect("") as session:
        ear = Listener(KalshiDecoder("k"), record_time)
        await ear.until(session, whole)
        yield session, ear


def whole(ear: Ear) -> bool:
    """Whether everything was complete and has remained so."""
    said = [update for update in ear.updates if isinstance(update, Gap | Complete) and update.scope == WHOLE]
    return bool(said) and isinstance(said[-1], Complete)


def gaps(ear: Ear) -> list[Gap]:
    """What was missing."""
    return [update for update in ear.updates if isinstance(update, Gap)]


def agrees(emulator: KalshiEmulator) -> Callable[[Ear], bool]:
    """Whether the decoder's books are the world's."""

    def same(ear: Ear) -> bool:
        known = ear.decoder.markets
        return all(
            known[ticker].based
            and {dollars(price // 10_000): size // 10_000 for price, size in known[ticker].books[side].items()}
            == {dollars(price): size for price, size in book.items()}
            for ticker, market in emulator.world.markets.items()
            for side, book in market.books().items()
        )

    return same


def link(emulator: KalshiEmulator) -> Link:
    """The one client."""
    (found,) = emulator.links
    return found


def commands(emulator: KalshiEmulator, action: str) -> list[object]:
    """The markets in each command of this kind."""
    found = [command["params"] for command in link(emulator).commands if "params" in command]
    return [params["market_tickers"] for params in found if isinstance(params, dict) and params.get("action") == action]


async def ended(session: Session) -> None:
    """Read until that raises."""
    async with asyncio.timeout(5):
        while True:
            await session.read()


async def test_the_opening(emulator: KalshiEmulator) -> None:
    """First that it opened, with the markets to come; then names, subscriptions, books."""
    async with heard(emulator) as (_, ear):
        first, second = ear.frames[:2]
        assert (first.kind, first.epoch, json.loads(first.meta["tickers"])) == ("opened", True, [NORTH, SOUTH, TIE])
        assert second.meta["content"] == ANSWER
        assert sum(frame.epoch for frame in ear.frames) == 1
        assert agrees(emulator)(ear)
        assert gaps(ear) == []


async def test_the_script(emulator: KalshiEmulator) -> None:
    """Every message, to the end."""
    async with heard(emulator) as (session, ear):
        for _ in range(14):
            await emulator.step()
        await ear.until(session, lambda ear: ear.decoder.counts["messages"] >= 20)
        assert agrees(emulator)(ear)
        assert ear.decoder.markets[TIE].settled


async def test_a_hole_is_repaired_by_another_subscription(emulator: KalshiEmulator) -> None:
    """Everything is renewed, and an epoch begins: with what things are called, for a decoder that is empty, then the books."""
    async with heard(emulator) as (session, ear):
        link(emulator).skip("orderbook_delta")
        await emulator.step()
        await ear.until(session, lambda ear: gaps(ear) == [Gap(WHOLE, "sequence")])
        await session.renew(WHOLE)
        await ear.until(session, lambda ear: whole(ear) and agrees(emulator)(ear))
        epochs = [frame for frame in ear.frames if frame.epoch]
        assert [frame.kind for frame in epochs] == ["opened", "data"]
        assert (epochs[1].meta["content"], json.loads(epochs[1].meta["tickers"])) == (ANSWER, [NORTH, SOUTH, TIE])


async def test_one_broken_book_is_repaired_alone(emulator: KalshiEmulator) -> None:
    """By a snapshot of one market."""
    async with heard(emulator) as (session, ear):
        market = emulator.world.markets[NORTH]
        too_much = emulator.world._delta(NORTH, "yes", 40, -11_999)
        market.yes[40] = 12_000
        async with emulator.world.turn:
            await emulator.say(too_much)
            await emulator.say(too_much)
        await ear.until(session, lambda ear: bool(gaps(ear)))
        assert gaps(ear) == [Gap(Scope("market", NORTH), "negative")]
        await session.renew(Scope("market", NORTH))
        await ear.until(session, agrees(emulator))
        assert commands(emulator, "get_snapshot") == [[NORTH]]
        assert sum(frame.epoch for frame in ear.frames) == 1


@pytest.mark.parametrize("code", [10, 25])
async def test_a_channel_that_ends_is_subscribed_again(emulator: KalshiEmulator, code: int) -> None:
    """The books with an epoch of their own; the trades with a gap that is over at once."""
    async with heard(emulator) as (session, ear):
        async with emulator.world.turn:
            await link(emulator).end("orderbook_delta", code)
        await ear.until(session, lambda ear: bool(gaps(ear)) and whole(ear))
        assert gaps(ear) == [Gap(WHOLE, "ended")]
        assert sum(frame.epoch for frame in ear.frames) == 2
        async with emulator.world.turn:
            await link(emulator).end("trade", code)
        await ear.until(session, lambda ear: len(gaps(ear)) == 2)
        assert whole(ear)
        assert sum(frame.epoch for frame in ear.frames) == 2


async def test_markets_come_and_go(emulator: KalshiEmulator) -> None:
    """Found by the web service, added to what is subscribed, left once they are settled."""
    async with heard(emulator, refresh_seconds=0.05) as (session, ear):
        emulator.world.add(NEW, "New")
        await ear.until(session, lambda ear: NEW in ear.decoder.markets and ear.decoder.markets[NEW].based)
        emulator.world.markets[TIE].status = "finalized"
        await ear.until(session, lambda ear: ear.decoder.markets[TIE].settled and not ear.decoder.markets[TIE].based)
        assert commands(emulator, "add_markets") == [[NEW], [NEW]]
        assert commands(emulator, "delete_markets") == [[TIE], [TIE]]
        assert gaps(ear) == []


async def test_a_new_event_is_a_reason_to_look(emulator: KalshiEmulator) -> None:
    """At once, not after the pause; what the lifecycle channel tells of others is left out."""
    async with heard(emulator) as (session, ear):
        emulator.world.add(NEW, "New")
        stranger = {"event_type": "activated", "market_ticker": "OTHER-1"}
        for kind, msg in (("market_lifecycle_v2", stranger), ("event_lifecycle", {"event_ticker": "E", "series_ticker": "KXTALEGAME"})):
            await link(emulator).garbage(json.dumps({"type": kind, "sid": 3, "seq": 1, "msg": msg}).encode())
        await ear.until(session, lambda ear: NEW in ear.decoder.markets and ear.decoder.markets[NEW].based)
        assert "OTHER-1" not in ear.decoder.markets


async def test_no_market_yet(emulator: KalshiEmulator) -> None:
    """Is nothing wrong: everything there is is known; the first one to come is subscribed."""
    worlds = dict(emulator.world.markets)
    emulator.world.markets.clear()
    async with heard(emulator, refresh_seconds=0.05) as (session, ear):
        assert json.loads(ear.frames[0].meta["tickers"]) == []
        await session.renew(WHOLE)
        await ear.until(session, lambda ear: sum(frame.epoch for frame in ear.frames) == 2)
        emulator.world.markets.update(worlds)
        await ear.until(session, lambda ear: set(ear.decoder.markets) == set(worlds) and agrees(emulator)(ear))


async def test_a_book_that_does_not_come_is_asked_for(emulator: KalshiEmulator) -> None:
    """After as long as an answer may take."""
    emulator.arm(2, "garbage")
    chosen = FEED.options.model_validate({**emulator.options(), "refresh_seconds": 30, "connect_timeout": 0.4, "heartbeat_seconds": 0.1})
    async with FEED.build(chosen, feed_context("k")).connect("") as session, asyncio.timeout(5):
        while not commands(emulator, "get_snapshot"):
            await session.read()
        assert commands(emulator, "get_snapshot")[0] == [SOUTH]


async def test_a_quiet_stream_shows_that_it_is_alive(emulator: KalshiEmulator) -> None:
    """By answers that are no frames."""
    async with heard(emulator, heartbeat_seconds=0.05) as (session, ear):
        before = len(ear.frames)
        async with asyncio.timeout(2):
            while await session.read():
                pass
        assert [frame.kind for frame in ear.frames[before:]] == []
        assert any(command["cmd"] == "list_subscriptions" for command in link(emulator).commands)


async def test_a_command_without_an_answer_ends_the_session(emulator: KalshiEmulator) -> None:
    """In the opening, and later."""
    emulator.arm(1, "stall")
    chosen = FEED.options.model_validate({**emulator.options(), "connect_timeout": 0.2})
    with pytest.raises(Disconnected, match="not subscribed"):
        async with FEED.build(chosen, feed_context("k")).connect(""):
            pass
    async with heard(emulator, connect_timeout=0.2, heartbeat_seconds=0.05) as (session, _):
        emulator.arm(emulator.faults.sent, "garbage")
        await session.renew(WHOLE)
        with pytest.raises(Disconnected, match="not answered"):
            await ended(session)


async def test_a_refusal_ends_the_session(emulator: KalshiEmulator) -> None:
    """With what a person can do."""
    async with heard(emulator) as (session, _):
        link(emulator).refuse["subscribe"] = 26
        await session.renew(WHOLE)
        with pytest.raises(Refused, match="fewer markets"):
            await ended(session)


async def test_a_pause_is_told_by_the_stream(emulator: KalshiEmulator) -> None:
    """And by nobody else in this session."""
    async with heard(emulator) as (session, ear):
        for _ in range(7):
            await emulator.step()
        await ear.until(session, lambda ear: any(isinstance(one, MarketStatus) and one.status == "suspended" for one in ear.updates))
        assert ear.decoder.markets[SOUTH].status == "suspended"


async def test_a_message_that_is_too_large(emulator: KalshiEmulator) -> None:
    """Is told as one that nobody can read, and ends the session."""
    async with heard(emulator) as (session, _):
        frames: list[Frame] = []
        await link(emulator).garbage(b"x" * (17 << 20))
        with pytest.raises(Disconnected, match="oversize"):
            async with asyncio.timeout(5):
                while True:
                    frames += await session.read()
        assert "oversize" in frames[-1].meta


async def test_answers_of_the_web_service_do_not_hide_a_silent_stream(emulator: KalshiEmulator) -> None:
    """They come more often than the silence lasts that ends the session."""
    async with heard(emulator, refresh_seconds=0.05, heartbeat_seconds=0.1) as (session, ear):
        emulator.faults.arm(emulator.faults.sent, "stall")
        await emulator.step()
        with pytest.raises(Disconnected, match="silent"):
            await ear.until(session, lambda _: False)
