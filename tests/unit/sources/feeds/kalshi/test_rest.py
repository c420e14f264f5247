"""Which markets there are, asked of the emulated web service."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.feeds.kalshi.options import KalshiOptions
from ingestd.sources.feeds.kalshi.rest import Catalogue, Heard
from ingestd.sources.http import Http, opened
from ingestd.testing.context import feed_context
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.kalshi_world import EVENT, NORTH, SERIES, SOUTH, TIE


@pytest.fixture
async def emulator() -> AsyncIterator[KalshiEmulator]:
    """Kalshi on a free port."""
    async with KalshiEmulator() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client."""
    async with opened(feed_context("k").clock) as client:
        yield client


def catalogue(emulator: KalshiEmulator, **chosen: object) -> Catalogue:
    """A catalogue of what is chosen."""
    options = {**emulator.options(), "series_tickers": [], "refresh_seconds": 0.05, **chosen}
    return Catalogue(KalshiOptions.model_validate(options), feed_context("k"))


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        ({"series_tickers": [SERIES]}, [f"/events?series_ticker={SERIES}&status=open&with_nested_markets=true&limit=200"]),
        ({"event_tickers": [EVENT]}, [f"/events/{EVENT}?with_nested_markets=true"]),
        ({"tickers": [NORTH, SOUTH, TIE]}, [f"/markets?tickers={NORTH},{SOUTH},{TIE}&limit=1000", f"/events/{EVENT}"]),
    ],
)
async def test_every_way_of_choosing(emulator: KalshiEmulator, http: Http, chosen: dict[str, object], asked: list[str]) -> None:
    """Finds the markets and asks no more than it must; the event of a single market is asked for its name."""
    found = catalogue(emulator, **chosen)
    heard = await found.look(http)
    assert sorted(found.tickers()) == [NORTH, SOUTH, TIE]
    assert [answer.url.removeprefix(emulator.rest.url).replace("%2C", ",") for answer in heard] == asked
    assert found.latest() == heard


async def test_only_what_was_named_is_followed(emulator: KalshiEmulator, http: Http) -> None:
    """Though the answer about its event tells of others."""
    found = catalogue(emulator, tickers=[NORTH])
    await found.look(http)
    assert found.tickers() == [NORTH]
    assert (found.known(NORTH), found.known(SOUTH)) == (True, False)


async def test_pages(emulator: KalshiEmulator, http: Http) -> None:
    """Until there is no cursor."""
    emulator.rest.page = 1
    found = catalogue(emulator, tickers=[NORTH, SOUTH, TIE])
    heard = await found.look(http)
    assert len(heard) == 4
    assert len(found.tickers()) == 3


async def test_a_market_that_is_over_needs_no_more_questions(emulator: KalshiEmulator, http: Http) -> None:
    """One that is closed has no book, and is asked for its result; nor does a new one go unseen."""
    found = catalogue(emulator, series_tickers=[SERIES])
    await found.look(http)
    emulator.world.markets[TIE].status = "closed"
    emulator.world.add("KXTALEGAME-26MAY02NORSOU-NEW", "New")
    await found.look(http)
    assert TIE not in found.tickers()
    assert not found.over(TIE)
    assert len(found.tickers()) == 3
    emulator.world.markets[TIE].status = "finalized"
    await found.look(http)
    assert found.over(TIE)
    del emulator.world.markets[TIE]
    emulator.rest.requests.clear()
    await found.look(http)
    assert len(emulator.rest.requests) == 1


async def test_an_event_that_is_unknown(emulator: KalshiEmulator, http: Http) -> None:
    """Is a mistake where nothing else is known, and nothing where there is."""
    with pytest.raises(Refused, match="check series_tickers"):
        await catalogue(emulator, event_tickers=["NONE"]).look(http)
    found = catalogue(emulator, event_tickers=["NONE", EVENT])
    await found.look(http)
    assert len(found.tickers()) == 3


async def test_failures(emulator: KalshiEmulator, http: Http) -> None:
    """Each by its name."""
    found = catalogue(emulator, series_tickers=[SERIES])
    emulator.rest.http_status, emulator.rest.retry_after = 429, "7"
    with pytest.raises(Throttled) as busy:
        await found.look(http)
    assert busy.value.seconds == 7
    emulator.rest.http_status = 500
    with pytest.raises(Disconnected, match="500"):
        await found.look(http)
    emulator.rest.http_status = 403
    with pytest.raises(Refused):
        await found.look(http)
    emulator.rest.http_status, emulator.rest.html = 0, True
    with pytest.raises(Disconnected, match="no answer"):
        await found.look(http)


async def test_looking_again_and_again(emulator: KalshiEmulator, http: Http) -> None:
    """A failure is no end; being called is a reason to look at once."""
    found = catalogue(emulator, series_tickers=[SERIES], refresh_seconds=30)
    heard: list[int] = []
    came = asyncio.Event()

    async def deliver(answers: Sequence[Heard]) -> None:
        heard.append(len(answers))
        came.set()

    emulator.rest.http_status = 500
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        looking = group.create_task(found.keep_looking(http, deliver))
        while not emulator.rest.requests:
            await asyncio.sleep(0.005)
        assert heard == []
        emulator.rest.http_status = 0
        found.hurry()
        await came.wait()
        came.clear()
        found.hurry()
        await came.wait()
        looking.cancel()
    assert heard == [1, 1]
