"""The script: as many messages as it says, for a client that shares no code with the feed."""

import asyncio
import json
from pathlib import Path

import aiohttp

from ingestd.testing.polymarket_emulator import ADDED, PolymarketEmulator


async def follow(base: str, client: aiohttp.ClientSession, known: set[str]) -> None:
    """Walk through Gamma again and again; a connection for every asset that is new."""
    async with asyncio.TaskGroup() as group:
        while True:
            events, offset, found = list[dict[str, list[dict[str, str]]]](), 0, set[str]()
            while not offset or events:
                async with client.get(f"http://{base}/gamma/events?offset={offset}&limit=1") as answer:
                    events = json.loads(await answer.text())
                offset += 1
                found |= {token for event in events for market in event["markets"] for token in json.loads(market["clobTokenIds"])}
            if found - known:
                socket = await client.ws_connect(f"ws://{base}/ws/market")
                await socket.send_json({"assets_ids": sorted(found - known), "type": "market"})
                known |= found
                group.create_task(listen(socket))
            await asyncio.sleep(0.03)


async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Say the word, hear the rest."""
    async for _ in socket:
        await socket.send_str("PING")


async def test_the_script(tmp_path: Path) -> None:
    """Every move reaches somebody who follows; at the end a market is settled, and one is there that was not."""
    known: set[str] = set()
    async with PolymarketEmulator(tmp_path) as emulator, aiohttp.ClientSession() as client:
        emulator.server.idle_limit = 30
        following = asyncio.create_task(follow(emulator.server.place, client, known))
        await emulator.play()
        following.cancel()
        await asyncio.wait([following])
        # nobody of those who follow here asks for the event that ended
        assert emulator.server.faults.sent == emulator.boundaries - 1
    truth = emulator.truth()
    assert {stand.status for stand in truth.values()} == {"settled", "open", "withdrawn"}
    assert (ADDED in {key.source_market_id for key in truth}, len(known)) == (True, 6)
    assert set(emulator.options()) >= {"url", "gamma_url", "clob_url", "tag_ids"}
