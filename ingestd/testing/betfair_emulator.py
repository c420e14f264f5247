"""Betfair's stream as an emulator: a short script over four markets, in the words of the common suite."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import JsonValue

from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator
from ingestd.testing.betfair_link import Link
from ingestd.testing.betfair_oracle import history
from ingestd.testing.betfair_terms import Delivery
from ingestd.testing.betfair_world import Step, World
from ingestd.testing.deeds import Deeds
from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.spans import Protocol

PATIENCE: Final = 20.0
PACE: Final = 0.02
HOME, AWAY, DRAW = 1000, 1001, 1002
ODDS, HANDICAPS = "1.200000000", "1.200000003"
Move = Callable[[], Step]


class BetfairScript:
    """An async context manager: entered, it listens. Names are not asked for: an outcome is the runner's number."""

    protocol = Protocol(order="forward", hole="malformed", cut="closed")
    boundaries = 14  # greeting, login, subscription, image, and ten moves

    def __init__(self, folder: Path) -> None:
        self.stream = BetfairEmulator(folder)
        _open(self.stream.world)

    async def __aenter__(self) -> Self:
        await self.stream.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stream.__aexit__(kind, error, trace)

    def options(self) -> Mapping[str, JsonValue]:
        """Of a source that reaches it."""
        stream = self.stream
        return {
            "app_key": APP_KEY,
            "session_token": SESSION,
            "market_ids": [*stream.world.market_ids],
            "names": False,
            "heartbeat_ms": 500,
            "connect_timeout": 1.0,
            "host": stream.host,
            "port": stream.port,
            "tls_ca_file": str(stream.ca_file),
            "login_url": f"{stream.rest.url}/api/certlogin",
            "keep_alive_url": f"{stream.rest.url}/api/keepAlive",
            "catalogue_url": f"{stream.rest.url}/listMarketCatalogue/",
        }

    @property
    def sent(self) -> int:
        """Messages so far, to anybody."""
        return self.stream.faults.sent

    @property
    def deeds(self) -> Deeds:
        """What it did so far."""
        return self.stream.faults.deeds

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th message that is sent to anybody."""
        self.stream.faults.arm(boundary, fault)

    async def play(self) -> None:
        """Ten moves, once somebody has the image; then until a client has everything. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            await self._told()
            for move in _moves(self.stream.world):
                await asyncio.sleep(PACE)
                await self.stream.publish(move())
            await self._told()

    def truth(self) -> Mapping[Key, Stand]:
        """The end of the history that somebody has who was told every step by itself."""
        world = self.stream.world
        told = [Delivery("", "step", step.pt, step.seq, (step.market_id,)) for step in world.steps]
        found: dict[Key, Stand] = {}
        for (market, runner, handicap, side), rows in history(world, told).items():
            found[Key(market, str(runner), side, handicap if market == HANDICAPS else None)] = Stand(rows[-1].price, rows[-1].status)
        return found

    async def _told(self) -> None:
        while not any(self._has_everything(link) for link in self.stream.links):
            await asyncio.sleep(PACE / 2)

    def _has_everything(self, link: Link) -> bool:
        return link.subscription is not None and not link.wire.stalled and link.subscription.seq == self.stream.world.seq


def _open(world: World) -> None:
    """Before anybody comes: every runner has prices."""
    for market in world.market_ids:
        for place, runner in enumerate(world.now(market).runners, 2):
            world.quote(market, runner.id, runner.hc, back=((place + 0.5, 20.0),), lay=((place + 0.6, 15.0),), ltp=place + 0.5)


def _moves(world: World) -> Iterator[Move]:
    """Prices there and back, a side that dries up, a handicap, a suspension, kick-off, a runner that leaves, the end of a market."""
    yield lambda: world.quote(ODDS, HOME, back=((2.5, 10.0), (2.48, 30.0)), lay=((2.54, 12.0),), ltp=2.52)
    yield lambda: world.quote(ODDS, HOME, back=((2.6, 11.0), (2.48, 30.0)))
    yield lambda: world.quote(ODDS, HOME, back=((2.5, 10.0), (2.48, 30.0)))
    yield lambda: world.quote(HANDICAPS, AWAY, 0.5, back=((1.93, 55.0),), lay=((1.97, 40.0),))
    yield lambda: world.quote(ODDS, AWAY, lay=())
    yield lambda: world.suspend(HANDICAPS)
    yield lambda: world.reopen(HANDICAPS)
    yield lambda: world.turn_in_play(ODDS)
    yield lambda: world.remove(ODDS, DRAW)
    yield lambda: world.settle(ODDS, HOME)
