"""Books asked for one by one: again and again until each has come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from ingestd.clock import SystemClock
from ingestd.sources.feeds.polymarket.images import Image, Images
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.http import opened
from ingestd.testing.polymarket import PolymarketServer


@asynccontextmanager
async def at_work(emulator: PolymarketServer) -> AsyncIterator[tuple[Images, "asyncio.Queue[Image]"]]:
    """Somebody who asks, and what was answered."""
    images = Images(PolymarketOptions.model_validate(emulator.options()), SystemClock(), Random(1))
    told: asyncio.Queue[Image] = asyncio.Queue()
    async with opened(SystemClock(), timeout=0.5) as http:
        task = asyncio.create_task(images.run(http, told.put_nowait))
        try:
            yield images, told
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_each_comes_once(emulator: PolymarketServer) -> None:
    """With the market it was asked for; one that there is no book of says so."""
    (market, *_) = emulator.world.markets.values()
    emulator.bookless = {market.tokens[1]}
    async with asyncio.timeout(5), at_work(emulator) as (images, told):
        images.want(market.tokens, market.id)
        found = [await told.get(), await told.get()]
    assert [(one.asset, one.market, one.status) for one in found] == [
        (market.tokens[0], market.id, 200),
        (market.tokens[1], market.id, 404),
    ]
    assert told.empty()


@pytest.mark.parametrize("status", [500, 418])
async def test_failures_are_tried_again(emulator: PolymarketServer, status: int) -> None:
    """Whatever they are: the stream goes on meanwhile."""
    (market, *_) = emulator.world.markets.values()
    emulator.clob_status = status
    async with asyncio.timeout(5), at_work(emulator) as (images, told):
        images.want(market.tokens[:1], market.id)
        while len(emulator.books_asked) < 2:
            await asyncio.sleep(0.01)
        assert told.empty()
        emulator.clob_status = 200
        assert (await told.get()).status == 200


async def test_what_is_forgotten_is_not_told(emulator: PolymarketServer) -> None:
    """A session that begins anew brings its own books."""
    (market, *_) = emulator.world.markets.values()
    emulator.clob_status = 500
    async with asyncio.timeout(5), at_work(emulator) as (images, told):
        images.want(market.tokens, market.id)
        while not emulator.books_asked:
            await asyncio.sleep(0.01)
        images.forget()
        emulator.clob_status = 200
        images.want(market.tokens[1:], market.id)
        assert (await told.get()).asset == market.tokens[1]
        assert told.empty()
