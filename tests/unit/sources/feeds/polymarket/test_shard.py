"""One connection: its words, its silence, its room."""

import asyncio
import json

import pytest

from ingestd.errors import Disconnected
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.feeds.polymarket.shard import Shard, opened, portions
from ingestd.testing.polymarket import PolymarketServer


def test_portions() -> None:
    """A market's assets stay together."""
    assert portions([("1", "2"), ("3", "4"), ("5", "6")], 5) == [["1", "2", "3", "4"], ["5", "6"]]
    assert portions([], 5) == []


async def test_what_it_says(emulator: PolymarketServer) -> None:
    """At first the channel's own message, later operations; and room for as many as are left."""
    (market, *_) = emulator.world.markets.values()
    options = PolymarketOptions.model_validate({**emulator.options(), "assets_per_connection": 4})
    async with asyncio.timeout(5), await opened(options) as link:
        shard = Shard(link, options)
        await shard.subscribe(market.tokens)
        (books,) = await shard.listen()
        assert [book["asset_id"] for book in json.loads(books)] == list(market.tokens)
        await shard.subscribe(["5"])
        assert shard.room == 1
        await shard.unsubscribe(["5", market.tokens[0]])
        assert shard.room == 3
        while len(emulator.requests) < 3:
            await asyncio.sleep(0.01)
    first, *others = emulator.requests
    assert (first["type"], first["initial_dump"], first["custom_feature_enabled"]) == ("market", True, True)
    assert [request["operation"] for request in others] == ["subscribe", "unsubscribe"]


async def test_words_are_answered(emulator: PolymarketServer) -> None:
    """The answer is a sign of life and no message; without them the server hangs up."""
    options = PolymarketOptions.model_validate({**emulator.options(), "ping_every": 0.05})
    async with asyncio.timeout(5), await opened(options) as link:
        assert [await Shard(link, options).listen() for _ in range(3)] == [[], [], []]
    emulator.idle_limit = 0.2
    options = PolymarketOptions.model_validate({**emulator.options(), "ping_every": 10})
    async with asyncio.timeout(5), await opened(options) as link:
        shard = Shard(link, options)
        await shard.listen()
        with pytest.raises(Disconnected, match="closed"):
            await shard.listen()


async def test_silence_is_the_end(emulator: PolymarketServer) -> None:
    """Three words without an answer."""
    options = PolymarketOptions.model_validate({**emulator.options(), "ping_every": 0.05})
    async with asyncio.timeout(5), await opened(options) as link:
        shard = Shard(link, options)
        await shard.listen()
        emulator.links[0].wire.stalled = True
        with pytest.raises(Disconnected, match="silent"):
            while True:
                await shard.listen()
