"""Names of markets: asked for in batches, again after failures, and never twice when known."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from ingestd.sources.feeds.betfair import catalogue as module
from ingestd.sources.feeds.betfair.catalogue import Catalogue
from ingestd.sources.feeds.betfair.feed import BetfairFeed
from ingestd.testing.betfair import BetfairEmulator

Asked = Callable[[int], Awaitable[list[list[str]]]]

MakeFeed = Callable[[dict[str, object]], BetfairFeed]


@asynccontextmanager
async def running(feed: BetfairFeed) -> AsyncIterator[asyncio.Queue[bytes]]:
    """The catalogue at work; its answers."""
    answers: asyncio.Queue[bytes] = asyncio.Queue()
    async with feed.web() as http:
        task = asyncio.create_task(feed._catalogue.run(http, answers.put_nowait))
        try:
            async with asyncio.timeout(5):
                yield answers
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait for seconds."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.02)


@pytest.fixture
def feed(make_feed: MakeFeed) -> BetfairFeed:
    """That fetches names."""
    return make_feed({"names": True})


@pytest.fixture
def catalogue(feed: BetfairFeed) -> Catalogue:
    """Of the emulator."""
    return feed._catalogue


def ids(answer: bytes) -> list[str]:
    """The markets in an answer."""
    return [entry["marketId"] for entry in json.loads(answer)]


async def test_what_is_known_is_not_asked_for(emulator: BetfairEmulator, feed: BetfairFeed, catalogue: Catalogue) -> None:
    """The second look finds it."""
    wanted = emulator.world.market_ids
    assert catalogue.look(wanted[:2]) == b""
    async with running(feed) as answers:
        assert ids(await answers.get()) == wanted[:2]
        assert ids(catalogue.look(wanted)) == wanted[:2]
        assert ids(await answers.get()) == wanted[2:]
    assert emulator.rest.catalogue_requests == [wanted[:2], wanted[2:]]


async def test_batches_keep_to_the_weight(emulator: BetfairEmulator, make_feed: MakeFeed) -> None:
    """The configured one; and where even that is too much, half of it."""
    emulator.rest.weight_limit = 1
    feed = make_feed({"names": True, "catalogue_weight": 2})
    feed._catalogue.look(emulator.world.market_ids[:3])
    async with running(feed) as answers:
        found = [ids(await answers.get()) for _ in range(3)]
    assert found == [[market_id] for market_id in emulator.world.market_ids[:3]]
    assert [len(request) for request in emulator.rest.catalogue_requests] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    "trouble", [{"http_status": 503}, {"http_status": 404}, {"catalogue_error": "UNEXPECTED_ERROR"}, {"catalogue_error": "SERVICE_BUSY"}]
)
async def test_failures_are_tried_again(
    emulator: BetfairEmulator, feed: BetfairFeed, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, trouble: dict[str, object]
) -> None:
    """Later, until it works."""
    monkeypatch.setitem(__import__("ingestd.sources.feeds.betfair.faults", fromlist=["_WAITS"])._WAITS, "SERVICE_BUSY", 0.01)
    for name, value in trouble.items():
        setattr(emulator.rest, name, value)
    catalogue.look(["1.200000000"])
    async with running(feed) as answers:
        while len(emulator.rest.catalogue_requests) < 2:
            await asyncio.sleep(0.005)
        emulator.rest.http_status, emulator.rest.catalogue_error = 0, ""
        assert ids(await answers.get()) == ["1.200000000"]


async def test_a_market_the_catalogue_lacks_is_given_up(
    emulator: BetfairEmulator, feed: BetfairFeed, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some tries; its neighbours have their names at once."""
    monkeypatch.setattr(module, "MOST_TRIES", 3)
    emulator.rest.nameless.add("1.200000001")
    catalogue.look(["1.200000000", "1.200000001"])
    async with running(feed) as answers:
        assert ids(await answers.get()) == ["1.200000000"]
        while len(emulator.rest.catalogue_requests) < 3:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
    assert emulator.rest.catalogue_requests == [["1.200000000", "1.200000001"], ["1.200000001"], ["1.200000001"]]


async def test_an_expired_session_is_renewed(emulator: BetfairEmulator, make_feed: MakeFeed) -> None:
    """By a new login, not by asking again with the old one."""
    wanted = {"session_token": None, "username": "somebody", "password": "correct horse", "cert_file": emulator.client_file}
    feed = make_feed({"names": True, **wanted})
    feed._catalogue.look(["1.200000000"])
    async with running(feed) as answers:
        await answers.get()
        emulator.sessions.clear()
        feed._catalogue.look(["1.200000001"])
        assert ids(await answers.get()) == ["1.200000001"]
    assert emulator.rest.logins == 2


async def test_memory_is_bounded(
    emulator: BetfairEmulator, feed: BetfairFeed, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest answers go."""
    monkeypatch.setattr(module, "MOST_KNOWN", 1)
    catalogue.look(emulator.world.market_ids)
    async with running(feed) as answers:
        await answers.get()
    assert list(catalogue._known) == emulator.world.market_ids[-1:]
