"""The emulator's manners, seen by a client that shares no code with the feed."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from ingestd.testing.polymarket import PolymarketServer
from ingestd.testing.polymarket_world import World


@pytest.fixture
async def server() -> AsyncIterator[PolymarketServer]:
    """One event of one market."""
    world = World(1_000)
    world.add_event("9", "A vs B")
    world.add_market("9", 1, "moneyline", ("A", "B"))
    async with PolymarketServer(world) as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Any client."""
    async with aiohttp.ClientSession() as found:
        yield found


async def test_the_channel(server: PolymarketServer, client: aiohttp.ClientSession) -> None:
    """Books as one array, then changes one by one; PING is answered; who says nothing is shut out."""
    (market,) = server.world.markets.values()
    async with asyncio.timeout(5), client.ws_connect(f"ws://{server.place}/ws/market") as socket:
        await socket.send_json({"assets_ids": [*market.tokens], "type": "market"})
        assert [book["event_type"] for book in await socket.receive_json()] == ["book", "book"]
        await server.publish(server.world.change(market, "BUY", 490, 5))
        assert len((await socket.receive_json())["price_changes"]) == 2
        await socket.send_str("PING")
        assert await socket.receive_str() == "PONG"
        assert (await socket.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}


async def test_what_is_unsubscribed_is_not_told(server: PolymarketServer, client: aiohttp.ClientSession) -> None:
    """And too many assets bring no books."""
    (market,) = server.world.markets.values()
    async with asyncio.timeout(5), client.ws_connect(f"ws://{server.place}/ws/market") as socket:
        await socket.send_json({"assets_ids": [*market.tokens, *map(str, range(499))], "type": "market"})
        await socket.send_json({"assets_ids": [*market.tokens], "operation": "unsubscribe"})
        while len(server.requests) < 2:
            await asyncio.sleep(0.01)
        await server.publish(server.world.change(market, "BUY", 490, 5))
        await socket.send_str("PING")
        assert await socket.receive_str() == "PONG"


async def test_rest(server: PolymarketServer, client: aiohttp.ClientSession) -> None:
    """Pages of events, an event by its number, books, and one that there is none of."""
    base = f"http://{server.place}"
    (market,) = server.world.markets.values()

    async def ask(path: str) -> tuple[int, object]:
        async with client.get(base + path) as answer:
            return answer.status, json.loads(await answer.text())

    async with asyncio.timeout(5):
        assert [len(page) for _, page in [await ask("/gamma/events?offset=0"), await ask("/gamma/events?offset=1")]] == [1, 0]  # type: ignore[arg-type]
        assert server.walked == server.world.version
        server.world.resolve(market, 0)
        assert (await ask("/gamma/events?offset=0"))[1] == []
        assert len((await ask("/gamma/events?id=9"))[1]) == 1  # type: ignore[arg-type]
        assert (await ask(f"/clob/book?token_id={market.tokens[0]}"))[0] == 200
        assert (await ask("/clob/book?token_id=1"))[0] == 404


async def test_an_answer_that_says_nothing_new_is_no_message(server: PolymarketServer, client: aiohttp.ClientSession) -> None:
    """So that the messages of a script can be counted."""
    async with asyncio.timeout(5):
        for _ in range(3):
            async with client.get(f"http://{server.place}/gamma/events?offset=0"):
                pass
        assert server.faults.sent == 1
        server.world.add_market("9", 2, "totals", ("Over", "Under"))
        server.faults.arm(1, "garbage")
        async with client.get(f"http://{server.place}/gamma/events?offset=0") as answer:
            assert await answer.text() == '{"garbage": ['
