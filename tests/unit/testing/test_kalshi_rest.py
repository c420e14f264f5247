"""The web service beside the emulated stream."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.kalshi_world import EVENT, NORTH, SERIES, TIE

Found = tuple[int, dict[str, Any]]  # type: ignore[explicit-any]  # JSON


@pytest.fixture
async def emulator() -> AsyncIterator[KalshiEmulator]:
    """Kalshi on a free port."""
    async with KalshiEmulator() as server:
        yield server


async def get(emulator: KalshiEmulator, path: str) -> Found:
    """Status and body."""
    async with aiohttp.ClientSession() as http, http.get(emulator.rest.url + path) as answer:
        return answer.status, await answer.json()


async def test_events(emulator: KalshiEmulator) -> None:
    """Of the one series there is, each with its markets; and one by name."""
    _, found = await get(emulator, f"/events?series_ticker={SERIES}")
    (event,) = found["events"]
    assert event["event_ticker"] == EVENT
    assert (await get(emulator, "/events?series_ticker=OTHER"))[1]["events"] == []
    assert (await get(emulator, f"/events/{EVENT}"))[0] == 200
    assert (await get(emulator, "/events/OTHER"))[0] == 404


async def test_markets_in_pages(emulator: KalshiEmulator) -> None:
    """By cursor, until it is empty."""
    emulator.rest.page = 2
    _, first = await get(emulator, "/markets")
    assert (len(first["markets"]), first["cursor"]) == (2, "2")
    _, second = await get(emulator, "/markets?cursor=2")
    assert (len(second["markets"]), second["cursor"]) == (1, "")
    _, named = await get(emulator, f"/markets?tickers={TIE},{NORTH}")
    assert [market["ticker"] for market in named["markets"]] == [NORTH, TIE]


async def test_it_fails_as_told(emulator: KalshiEmulator) -> None:
    """By status, or by a page that is none."""
    emulator.rest.http_status = 429
    emulator.rest.retry_after = "3"
    async with aiohttp.ClientSession() as http, http.get(f"{emulator.rest.url}/markets") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
    emulator.rest.http_status = 0
    emulator.rest.html = True
    async with aiohttp.ClientSession() as http, http.get(f"{emulator.rest.url}/markets") as answer:
        assert answer.content_type == "text/html"
    assert len(emulator.rest.requests) == 2
