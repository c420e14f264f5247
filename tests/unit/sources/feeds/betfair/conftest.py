"""A real emulator over TLS, and the feed pointed at it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.feed import BetfairFeed, build, record_time
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator
from ingestd.testing.context import feed_context
from ingestd.testing.listener import Listener

T = TypeVar("T")


class NoBreaker:
    """Lets everything through; the real one has tests of its own."""

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run it."""
        return await action()


@pytest.fixture
def breakers() -> dict[str, int]:
    """How often each breaker was asked for."""
    return {}


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[BetfairEmulator]:
    """Betfair on a free port, with four markets that do not move by themselves."""
    async with BetfairEmulator(tmp_path) as server:
        yield server


@pytest.fixture
def make_feed(emulator: BetfairEmulator, breakers: dict[str, int]) -> Callable[[dict[str, object]], BetfairFeed]:
    """A feed for the emulator, with short heartbeats and a given session; options may be other than that."""

    def make(options: dict[str, object]) -> BetfairFeed:
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

        def breaker(name: str) -> NoBreaker:
            breakers[name] = breakers.get(name, 0) + 1
            return NoBreaker()

        feed = build(BetfairOptions.model_validate(wanted | options), feed_context("bf", breaker=breaker))
        assert isinstance(feed, BetfairFeed)
        return feed

    return make


@pytest.fixture
def listener() -> Listener[BetfairDecoder]:
    """An ear for sessions."""
    return Listener(BetfairDecoder("bf"), record_time)
