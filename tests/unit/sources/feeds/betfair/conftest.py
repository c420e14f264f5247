"""A real emulator over TLS, and the feed pointed at it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Protocol, TypeVar

import pytest

from ingestd.clock import SystemClock
from ingestd.interfaces import Session
from ingestd.model import Decoded, Frame
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.feed import BetfairFeed, build, record_time
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.words import SIDES
from ingestd.sources.kind import FeedContext
from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator

T = TypeVar("T")


class NoBreaker:
    """Lets everything through; the real one has tests of its own."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}

    def __call__(self, name: str) -> "NoBreaker":
        """A breaker by name is this one."""
        self.calls[name] = self.calls.get(name, 0) + 1
        return self

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run it."""
        return await action()


@pytest.fixture
def breaker() -> NoBreaker:
    """Counts by name how often a breaker was asked for."""
    return NoBreaker()


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[BetfairEmulator]:
    """Betfair on a free port, with four markets that do not move by themselves."""
    async with BetfairEmulator(tmp_path) as server:
        yield server


class MakeFeed(Protocol):
    """Options beyond the ones that reach the emulator."""

    def __call__(self, **options: object) -> BetfairFeed: ...


@pytest.fixture
def make_feed(emulator: BetfairEmulator, breaker: NoBreaker) -> MakeFeed:
    """A feed for the emulator, with short heartbeats and a given session."""

    def make(**options: object) -> BetfairFeed:
        wanted = {
            "app_key": APP_KEY,
            "session_token": SESSION,
            "event_type_ids": ("1",),
            "heartbeat_ms": 500,
            "host": emulator.host,
            "port": emulator.port,
            "tls_ca_file": emulator.ca_file,
            "login_url": f"{emulator.rest.url}/api/certlogin",
            "keep_alive_url": f"{emulator.rest.url}/api/keepAlive",
            "catalogue_url": f"{emulator.rest.url}/listMarketCatalogue/",
            "names": False,
        }
        feed = build(BetfairOptions.model_validate(wanted | options), FeedContext("bf", SystemClock(), Random(1), breaker))
        assert isinstance(feed, BetfairFeed)
        return feed

    return make


class Listener:
    """Reads sessions as the collector would, and decodes with one decoder over all of them."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.updates: list[Decoded] = []
        self.decoder = BetfairDecoder("bf")

    @property
    def token(self) -> str:
        """The last durable token."""
        return self.frames[-1].token if self.frames else ""

    async def until(self, session: Session, enough: Callable[["Listener"], bool]) -> None:
        """Read until ``enough``; five seconds are plenty."""
        async with asyncio.timeout(5):
            while not enough(self):
                for frame in await session.read():
                    self.frames.append(frame)
                    if "oversize" not in frame.meta:
                        self.updates.extend(self.decoder(frame))

    def heard(self, pt: int) -> bool:
        """Whether a message published at ``pt`` (or later) has come."""
        marks = [record_time(frame.payload) for frame in self.frames if frame.kind == "data" and not frame.meta.get("content")]
        return any(mark is not None and mark >= pt * 1000 for mark in marks)

    def prices(self) -> dict[tuple[str, int, float, str], tuple[float, float | None]]:
        """Best prices by market, runner, handicap and side, as the decoder holds them."""
        found = {}
        for market in self.decoder.markets.values():
            for runner in market.runners.values():
                for side, word in enumerate(SIDES):
                    best = runner.best(side, market.kind)
                    if best is not None:
                        found[market.id, runner.id, runner.hc, word] = best
        return found


@pytest.fixture
def listener() -> Listener:
    """An ear for sessions."""
    return Listener()
