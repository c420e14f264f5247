"""The feed against the emulator, over real TLS: what a session is, and how it goes on after a cut."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

import pytest

from ingestd.errors import Disconnected
from ingestd.model import WHOLE, Complete, Gap, Reject, Scope
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.feed import BetfairFeed, record_time
from ingestd.sources.feeds.betfair.words import SIDES
from ingestd.testing.betfair import BetfairEmulator
from ingestd.testing.listener import Listener

Ear = Listener[BetfairDecoder]
MakeFeed = Callable[[dict[str, object]], BetfairFeed]


Prices = dict[tuple[str, int, float, str], tuple[float, float | None]]


def prices(ear: Ear) -> Prices:
    """Best prices by market, runner, handicap and side, as the decoder holds them."""
    found: Prices = {}
    for market in ear.decoder.markets.values():
        for runner in market.runners.values():
            for side, word in enumerate(SIDES):
                best = runner.best(side, market.kind)
                if best is not None:
                    found[market.id, runner.id, runner.hc, word] = best
    return found


def world_prices(emulator: BetfairEmulator) -> Prices:
    """Best prices as the emulator's world has them."""
    found: Prices = {}
    for market_id in emulator.world.market_ids:
        for runner in emulator.world.now(market_id).runners:
            key = market_id, runner.id, runner.hc
            found |= {(*key, side): ladder[0] for side, ladder in (("back", runner.back), ("lay", runner.lay)) if ladder}
            if runner.ltp:
                found[(*key, "traded")] = runner.ltp, None
    return found


async def test_a_fresh_session_is_an_image_then_every_step(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """The decoder holds what the exchange holds, after the image and after every step."""
    for _ in range(50):
        emulator.world.step()
    async with make_feed({}).connect("") as session:
        await emulator.step(200)
        pt = emulator.world.steps[-1].pt
        await listener.until(session, lambda ear: ear.heard(pt * 1000))
    assert [(frame.kind, frame.epoch) for frame in listener.frames[:3]] == [("opened", True), ("data", False), ("data", False)]
    assert prices(listener) == world_prices(emulator)
    assert [update.scope for update in listener.updates if isinstance(update, Complete)] == [WHOLE]
    assert [update for update in listener.updates if isinstance(update, Reject | Gap)] == []


async def test_a_resumed_session_is_told_the_outcome_only(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """By clock: no epoch, no image, what happened meanwhile is conflated, and nothing is lost of how things stand."""
    feed = make_feed({})
    emulator.resume_images.add(emulator.world.market_ids[0])
    async with feed.connect("") as session:
        await emulator.step(100)
        pt = emulator.world.steps[-1].pt
        await listener.until(session, lambda ear: ear.heard(pt * 1000))
        emulator.cut(half=b'{"op":"mcm","id":2,"clk":"AAAA')
        with pytest.raises(Disconnected, match="closed: amid a line"):
            await listener.until(session, lambda _: False)
    for _ in range(100):
        emulator.world.step()
    first = len(listener.frames)
    async with feed.connect(listener.token) as session:
        await emulator.step(20)
        pt = emulator.world.steps[-1].pt
        await listener.until(session, lambda ear: ear.heard(pt * 1000))
    opened, patch = listener.frames[first : first + 2]
    assert (opened.epoch, opened.meta["resumed"], patch.epoch) == (False, "conflated", False)
    assert json.loads(patch.payload)["ct"] == "RESUB_DELTA"
    assert prices(listener) == world_prices(emulator)
    assert [len(one.steps) for one in emulator.received() if one.kind == "resume"] == [100]


async def test_stale_clocks_begin_a_fresh_epoch(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """INVALID_CLOCK costs a second connection, not the session; what follows starts from nothing."""
    feed = make_feed({})
    async with feed.connect("") as session:
        await emulator.step(10)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    emulator.drop_clocks()
    first = len(listener.frames)
    async with feed.connect(listener.token) as session:
        await listener.until(session, lambda ear: len(ear.frames) > first + 1)
    opened, image = listener.frames[first : first + 2]
    assert (opened.epoch, opened.meta.get("resumed"), opened.token) == (True, None, "")
    assert json.loads(image.payload)["ct"] == "SUB_IMAGE"
    assert prices(listener) == world_prices(emulator)


async def test_a_changed_filter_is_no_resumption(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """The token names its subscription: another one means a fresh image, without asking the server first."""
    async with make_feed({}).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
    async with make_feed({"ladder_levels": 1}).connect(listener.token) as session:
        assert (await session.read())[0].epoch
        assert "clk" not in emulator.requests("marketSubscription")[-1]


async def test_an_image_in_segments_counts_at_its_end(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """No token and no update before SEG_END; then all markets at once."""
    emulator.segment_markets = 1
    async with make_feed({}).connect("") as session:
        await listener.until(session, lambda ear: any(isinstance(update, Complete) for update in ear.updates))
    marks = [json.loads(frame.payload)["segmentType"] for frame in listener.frames[1:5]]
    assert marks == ["SEG_START", "SEG", "SEG", "SEG_END"]
    assert [frame.token == "" for frame in listener.frames[:5]] == [True, True, True, True, False]
    assert prices(listener) == world_prices(emulator)


async def test_an_image_in_mid_stream_begins_an_epoch(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """The whole cache is thrown away, at its first segment, and until its end there is no token to resume by."""
    emulator.segment_markets = 2
    async with make_feed({}).connect("") as session:
        await emulator.step(20)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
        first = len(listener.frames)
        await emulator.reimage()
        await listener.until(session, lambda ear: len(ear.frames) == first + 2)
    assert [frame.epoch for frame in listener.frames[first:]] == [True, False]
    assert [frame.token == "" for frame in listener.frames[first:]] == [True, False]
    assert prices(listener) == world_prices(emulator)


async def test_renewing_replaces_the_subscription(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """A new id, and nothing of the old one is handed on, though the server had already sent it."""
    async with make_feed({}).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        first = len(listener.frames)
        await session.renew(Scope("market", emulator.world.market_ids[0]))
        await emulator.garbage(b'{"op":"mcm","id":2,"pt":1,"clk":"old","mc":[]}')
        await listener.until(session, lambda ear: len(ear.frames) > first)
        await emulator.step(5)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    told = [json.loads(frame.payload) for frame in listener.frames[first:]]
    assert {message["id"] for message in told} == {3}
    assert (told[0]["ct"], listener.frames[first].epoch) == ("SUB_IMAGE", True)
    assert prices(listener) == world_prices(emulator)


async def test_status_503_is_no_reason_to_leave(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """Downstream trouble passes by itself."""
    async with make_feed({}).connect("") as session:
        await emulator.latency()
        await emulator.step(3)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    assert prices(listener) == world_prices(emulator)


async def test_merged_changes_are_taken_as_they_come(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """``con``: the server merged what we were too slow for."""
    async with make_feed({}).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        emulator.hold()
        await emulator.step(50)
        await emulator.release()
        await listener.until(session, lambda ear: ear.heard(emulator.deliveries[-1].pt * 1000))
    assert prices(listener) == world_prices(emulator)


async def test_lines_cut_anywhere(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """CR and LF in different writes, lines in halves."""
    emulator.split_writes = True
    async with make_feed({}).connect("") as session:
        await emulator.step(20)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    assert prices(listener) == world_prices(emulator)


async def test_silence_ends_the_session(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """Not a byte for two heartbeats, though the connection is open."""
    async with make_feed({}).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        emulator.stall()
        with pytest.raises(Disconnected, match="silent"):
            await listener.until(session, lambda _: False)


async def test_heartbeats_move_the_token(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """The clock of a heartbeat is as good as any."""
    async with make_feed({"market_ids": ("1.200000000",), "event_type_ids": ()}).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        before = listener.token
        other = emulator.world.market_ids[1]
        await emulator.publish(emulator.world.suspend(other))
        await listener.until(session, lambda ear: ear.token != before)
    assert json.loads(listener.frames[-1].payload)["ct"] == "HEARTBEAT"


async def test_garbage_is_handed_on(emulator: BetfairEmulator, make_feed: MakeFeed) -> None:
    """What it is, the decoder says; here it only must not get lost or break the session."""
    async with make_feed({}).connect("") as session:
        await session.read()
        await emulator.garbage(b"\x00\xff{not json")
        async with asyncio.timeout(5):
            while b"\x00\xff{not json" not in [frame.payload for frame in await session.read()]:
                pass


async def test_reading_can_be_cancelled(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """At any moment, and no frame is lost by it."""
    async with make_feed({}).connect("") as session:
        moving = asyncio.create_task(emulator.step(200))
        while not moving.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    for frame in await session.read():
                        listener.frames.append(frame)
                        listener.updates.extend(listener.decoder(frame))
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    assert prices(listener) == world_prices(emulator)


def test_a_recorded_line_knows_its_time() -> None:
    """Publishing time in microseconds; none where there is none."""
    assert record_time(b'{"op":"mcm","pt":1500000000123}') == 1_500_000_000_123_000
    assert record_time(b"garbage") is None
