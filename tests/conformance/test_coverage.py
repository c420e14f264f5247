"""What only one emulator can do to a client, several things in one session: the coverage is what its own log makes it, every time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ingestd.testing.betfair_emulator import AWAY, BetfairScript
from ingestd.testing.betfair_emulator import ODDS as BETFAIR_ODDS
from ingestd.testing.emulator import Fault
from ingestd.testing.exchange.server import Exchange
from ingestd.testing.harness import SOURCE, Running, Trial
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.knowledge import Found
from ingestd.testing.polymarket_emulator import PolymarketEmulator
from ingestd.testing.rig.daemon import until
from ingestd.testing.simulated_emulator import OPTIONS, SimulatedEmulator
from tests.conformance.conftest import trial

WITHIN: Final = 20.0
HEARD: Final = 0.3
"""Seconds after which what was said last is read."""
BOOKS, TRADES = "orderbook_delta", "trade"
CHANNEL_ERROR: Final = 10


async def settled(one: Running) -> None:
    """Everything is known again, and in the store."""

    async def known() -> bool:
        lane, collector = one.daemon.lanes.get(SOURCE), one.daemon.collectors[SOURCE]
        return lane is not None and lane.coverage.whole and not lane.coverage.gaps() and collector.status.state == "live"

    await until(known, "everything is known again", WITHIN)
    await one.loaded()


async def after(tried: Trial, one: Running, *faults: Callable[[], Awaitable[None]]) -> None:
    """One fault after the other, each once everything is known again, and was for a while."""
    await settled(one)
    for count, fault in enumerate(faults, 1):
        await asyncio.sleep(0.1)
        await fault()

        async def noticed(count: int = count) -> bool:
            return len(await missed(tried)) >= count

        await until(noticed, "it is noticed", WITHIN)
        await settled(one)


async def missed(tried: Trial) -> list[Found]:
    """When the whole source was not known, in order."""
    return [one for one in await tried.coverage() if one.scope == "source" and one.state != "complete"]


async def reasons(tried: Trial) -> list[tuple[str, str]]:
    """Why the whole source was not known, and how that was mended, in order; the stop at the end left out."""
    return [(f"{one.state} {one.reason}", one.repaired_by) for one in (await missed(tried))[:-1]]


async def test_betfair(tmp_path: Path, empty: Path) -> None:
    """Half a line, a link that stands and is mute, clocks that are no good any more, garbage that nobody armed."""
    async with trial("betfair", tmp_path, empty) as (emulator, tried):
        assert isinstance(emulator, BetfairScript)
        stream = emulator.stream

        async def half() -> None:
            stream.cut(b'{"op":"mc')

        async def mute() -> None:
            stream.stall()

        async def forgotten() -> None:
            stream.drop_clocks()
            stream.cut()

        async def garbage() -> None:
            await stream.garbage(b'{"op":"mcm","mc":[')

        async with tried.life() as one:
            await after(tried, one, half, mute, forgotten, garbage)
            # what is merged while it is held back was lost to nobody who is told so
            stream.hold()
            await stream.publish(stream.world.quote(BETFAIR_ODDS, AWAY, back=((3.0, 5.0),)))
            await stream.release()
            await asyncio.sleep(HEARD)
        assert await tried.miscovered() == []
        assert await reasons(tried) == [
            ("gap closed", "resume"),
            ("gap silent", "resume"),
            ("gap closed", "image"),
            ("gap malformed", "image"),
        ]


async def test_kalshi(tmp_path: Path, empty: Path) -> None:
    """A message that gets lost, of books and of trades; subscriptions that end with an error."""
    async with trial("kalshi", tmp_path, empty) as (emulator, tried):
        assert isinstance(emulator, KalshiEmulator)

        async def lost() -> None:
            emulator.links[0].skip(BOOKS)
            await emulator.step()

        async def ended() -> None:
            await emulator.links[0].end(BOOKS, CHANNEL_ERROR)

        async with tried.life() as one:
            await after(tried, one, lost, ended)
            # the script's second and third message, of which one is a trade; the next trade is its ninth
            for _ in range(2):
                await emulator.step()
            emulator.links[0].skip(TRADES)
            for _ in range(6):
                await emulator.step()
            await asyncio.sleep(HEARD)
        assert await tried.miscovered() == []
        assert await reasons(tried) == [("gap sequence", "image"), ("gap ended", "image"), ("gap sequence", "image")]


async def test_polymarket(tmp_path: Path, empty: Path) -> None:
    """One of two connections is mute, or brings garbage, or breaks.

    What the other connection brings while one is mute makes nothing known. Of one asset nobody has a book: that is an image too.
    """
    async with trial("polymarket", tmp_path, empty) as (emulator, tried):
        assert isinstance(emulator, PolymarketEmulator)
        server, world = emulator.server, emulator.world
        third = world.add_market("9002", 3, "map_handicap", ("Eastham", "Westham"), -1.5)
        first, *_ = world.markets.values()
        server.bookless.add(third.tokens[1])

        def armed(fault: Fault) -> Callable[[], Awaitable[None]]:
            async def happens() -> None:
                emulator.arm(server.faults.sent, fault)
                await server.publish(world.trade(third, 0, 510, 5))

            return happens

        async def mute() -> None:
            await armed("stall")()
            while any(link.wire.stalled for link in server.links):
                await server.publish(world.trade(first, 0, 510, 5))
                await asyncio.sleep(0.05)

        async def cut() -> None:
            server.cut()

        async with tried.life() as one:
            await after(tried, one, mute, armed("garbage"), armed("reset"), cut)
            assert len(server.links) > 1
        assert await tried.miscovered() == []
        why = ("silent", "malformed", "reset", "reset")
        assert await reasons(tried) == [(f"gap {reason}", "image") for reason in why]


async def test_one_market_of_polymarket(tmp_path: Path, empty: Path) -> None:
    """A change gets lost, twice: the next one shows it by its best prices, and that market alone is not known."""
    async with trial("polymarket", tmp_path, empty) as (emulator, tried):
        assert isinstance(emulator, PolymarketEmulator)
        server, world = emulator.server, emulator.world
        first, *_ = world.markets.values()
        async with tried.life() as one:
            await settled(one)
            for count, (lost, gone) in enumerate(((500, 450), (510, 480)), 1):
                world.change(first, "BUY", lost, 10)
                await server.publish(world.change(first, "BUY", gone, 0))

                async def noticed(count: int = count) -> bool:
                    return sum(found.scope != "source" for found in await tried.coverage()) == count

                await until(noticed, "it is noticed", WITHIN)
                await settled(one)
        assert await tried.miscovered() == []
        narrow = [found for found in await tried.coverage() if found.scope != "source"]
        assert [(found.scope, found.reason, found.repaired_by) for found in narrow] == [(f"market {first.id}", "mismatch", "image")] * 2
        assert await reasons(tried) == []


class Endless(SimulatedEmulator):
    """An exchange that goes on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.exchange = self._exchange = Exchange(replace(OPTIONS, clock="wall", limit=0, life=10_000, rate=100.0))


@asynccontextmanager
async def endless(folder: Path, empty: Path) -> AsyncIterator[tuple[Endless, Trial]]:
    """It, and its source."""
    async with trial("simulated", folder, empty), Endless(folder) as emulator:
        yield emulator, Trial(folder, "simulated", emulator)


async def test_simulated(tmp_path: Path, empty: Path) -> None:
    """Cut inside the window of replay and outside it."""
    async with endless(tmp_path, empty) as (emulator, tried):
        exchange = emulator.exchange

        async def cut() -> None:
            exchange.cut()

        async def forgotten() -> None:
            # what is said meanwhile is gone before anybody hears of it
            exchange._flow.clear()
            await asyncio.sleep(0.1)
            exchange._window.drop()
            exchange.cut()
            exchange._flow.set()

        async with tried.life() as one:
            await after(tried, one, cut, forgotten, cut)
        assert await tried.miscovered() == []
        assert await reasons(tried) == [("down reset", "replay"), ("gap reset", "image"), ("down reset", "replay")]
