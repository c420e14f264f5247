"""Polymarket as an emulator: two events, three markets, ten moves, in the words of the common suite."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import JsonValue

from ingestd.testing.deeds import Deeds
from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.polymarket import PolymarketServer
from ingestd.testing.polymarket_world import Json, World
from ingestd.testing.rig.daemon import until
from ingestd.testing.spans import Protocol

PATIENCE: Final = 20.0
PACE: Final = 0.03
WALK: Final = 1.0
"""Seconds after which a move that only Gamma tells of is followed by the next, seen or not."""
DAY: Final = 86_400_000
"""ms; the script is of yesterday: what is over for long, a book lets go of at the next full minute."""
ADDED: Final = f"0x{3:064x}"
Move = Callable[[], list[Json]]


class PolymarketEmulator:
    """An async context manager: entered, it listens. The script begins with the first client that has everything, and goes on without."""

    protocol = Protocol(booked=True)
    boundaries = 21
    """Three pages of Gamma and the books; then ten moves, some of more than one message, and what Gamma has to say of four of them."""

    def __init__(self, folder: Path) -> None:
        self.world = World(time.time_ns() // 1_000_000 - DAY)
        self.server = PolymarketServer(self.world)
        self.server.most_events = 1
        self.world.add_event("9001", "Counter-Strike: Northtown vs Southtown (BO3)")
        self.world.add_event("9002", "Counter-Strike: Eastham vs Westham (BO3)")
        self._winner = self.world.add_market("9001", 1, "moneyline", ("Northtown", "Southtown"))
        self._maps = self.world.add_market("9002", 2, "totals", ("Over", "Under"), 2.5)

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.server.__aexit__(kind, error, trace)

    def options(self) -> Mapping[str, JsonValue]:
        """Of a source that reaches it."""
        patience = {"refresh": 0.15, "ping_every": 0.25, "image_within": 0.8, "connect_timeout": 1.0, "request_timeout": 0.6}
        return {**self.server.options(), "tag_ids": ["1"], "assets_per_connection": 4, "page_size": 1, **patience}

    @property
    def deeds(self) -> Deeds:
        """What it did so far."""
        return self.server.faults.deeds

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th message that is sent to anybody."""
        self.server.faults.arm(boundary, fault)

    async def play(self) -> None:
        """Ten moves, once somebody has everything; then until somebody has everything again. Raises TimeoutError."""
        await until(self._known, "a client that has everything", PATIENCE)
        for move in self._moves():
            await asyncio.sleep(PACE)
            version = self.world.version
            await self.server.publish(move())
            if self.world.version != version:
                with contextlib.suppress(TimeoutError):
                    await until(self._known, "a client that follows", WALK)
        await until(self._known, "a client that has everything at the end", PATIENCE)

    def truth(self) -> Mapping[Key, Stand]:
        """How everything stands that was ever offered."""
        return self.world.truth()

    async def _known(self) -> bool:
        """Whether somebody has seen all of Gamma as it is, and hears of all that is open."""
        open_ = {token for market in self.world.markets.values() if market.winner is None for token in market.tokens}
        return self.server.walked == self.world.version and open_ <= self.server.subscribed()

    def _add(self) -> list[Json]:
        self.world.add_market("9002", int(ADDED, 16), "map_handicap", ("Eastham", "Westham"), -1.5)
        return []

    def _moves(self) -> Iterator[Move]:
        """Prices there and back, a trade, a side that dries up, new ticks, a pause, a market that is added, and one that ends."""
        world, winner, maps = self.world, self._winner, self._maps
        yield lambda: world.change(winner, "BUY", 490, 40)
        yield lambda: world.change(winner, "BUY", 490, 0)
        yield lambda: world.trade(winner, 0, 520, 25)
        yield lambda: world.change(maps, "SELL", 520, 0)
        yield lambda: world.change(maps, "SELL", 560, 0)
        yield lambda: [*world.tick_size(winner)[:1], *(world.book(winner, token) for token in (0, 1))]
        yield lambda: world.pause(maps, accepting=False)
        yield lambda: world.pause(maps, accepting=True)
        yield self._add
        yield lambda: world.change(world.markets[ADDED], "SELL", 510, 15)
        yield lambda: world.resolve(winner, 0)
