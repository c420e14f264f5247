"""The exchange's server, spoken to message by message."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ingestd.testing.exchange import wire
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.process import control
from ingestd.testing.exchange.script import Script
from ingestd.testing.exchange.server import Exchange

OPTIONS = Options(seed=3, events=2, life=80, rate=0, t0=1_790_000_000_000_000, limit=100, heartbeat=0.05)
Message = dict[str, object]


@contextlib.asynccontextmanager
async def client(url: str, token: str = "") -> AsyncIterator[ClientConnection]:
    """A client that has said hello."""
    async with connect(url, proxy=None, compression=None, close_timeout=0.2) as link:
        await link.send(msgspec.json.encode({"token": token}))
        yield link


async def hear(link: ClientConnection, sign: str = '"heartbeat"') -> list[bytes]:
    """Everything up to the first message with a sign in it."""
    heard: list[bytes] = []
    async with asyncio.timeout(10):
        while not heard or sign.encode() not in heard[-1]:
            heard.append(await link.recv(decode=False))
    return heard


async def test_a_client_hears_what_the_script_says() -> None:
    """Welcome, image of statement 0, then the very frames of the script, then heartbeats."""
    async with Exchange(OPTIONS).listening() as url, client(url) as link:
        heard = await hear(link)
    script = Script(OPTIONS)
    image = wire.encode(script.image(), OPTIONS.segment)
    statements = [frame for _ in range(100) for frame in wire.encode(script.step(), OPTIONS.segment)]
    assert msgspec.json.decode(heard[0], type=Message) | {"run": "", "session": ""} == {
        "op": "welcome",
        "n": 0,
        "run": "",
        "session": "",
        "resumed": False,
        "heartbeat_ms": 50,
        "window": 100_000,
    }
    assert heard[1:-1] == image + statements
    assert heard[-1] == b'{"op":"heartbeat","n":100}'


async def test_two_clients_hear_the_same() -> None:
    """Whoever comes later gets an image, and from there on what the other gets."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, client(url) as first:
        await hear(first)
        async with client(url) as second:
            await hear(second)
            exchange.limit = 200
            await exchange._tell()
            one, two = await hear(first, 'heartbeat","n":200'), await hear(second, 'heartbeat","n":200')
    assert [frame for frame in one if b"heartbeat" not in frame] == [frame for frame in two if b"heartbeat" not in frame]
    assert exchange.script.n == 200


async def test_paced_it_goes_on_alone_and_unpaced_it_waits() -> None:
    """Statements begin with the first client; without any, only the clock drives them."""
    for rate in (0.0, 2000.0):
        exchange = Exchange(msgspec.structs.replace(OPTIONS, rate=rate, limit=0))
        async with exchange.listening() as url:
            await asyncio.sleep(0.05)
            assert exchange.script.n == 0
            async with client(url) as link:
                await hear(link, '"delta"')
            await asyncio.sleep(0.05)
            left = exchange.script.n
            await asyncio.sleep(0.1)
            assert (exchange.script.n > left) == (rate > 0)


async def test_the_rate_is_kept() -> None:
    """Quotes per second, near enough."""
    exchange = Exchange(msgspec.structs.replace(OPTIONS, rate=2000.0, limit=0))
    async with exchange.listening() as url, client(url) as link:
        await hear(link, '"delta"')
        before = exchange.script.quotes
        await asyncio.sleep(0.5)
        assert 500 < exchange.script.quotes - before < 1600


async def test_the_control_door() -> None:
    """Where things stand, and every order."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, client(url) as link:
        await hear(link)
        status = await control(url, "status")
        assert (status.n, status.run, status.clients, status.images, status.options) == (100, exchange.run, 1, [(0, "")], OPTIONS)
        await control(url, "garbage")
        assert b'{"op":"delta","n":' in await hear(link, '"delta"')
        await control(url, "stall")
        await asyncio.sleep(0.1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(link.recv(), 0.02)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.recv(), 0.3)
        await control(url, "resume")
        await control(url, "limit", 120)
        assert len(await hear(link, 'heartbeat","n":120')) > 20
        await control(url, "drop_window")
        await control(url, "cut")
        with pytest.raises(ConnectionClosed):
            await hear(link, "never")
        async with client(url, f"{exchange.run}:110") as again:
            assert b'"resumed":false' in (await hear(again, "welcome"))[-1]
        await control(url, "stop")
        assert exchange.stopped.is_set()
    assert exchange.damage == [(100, "garbage")]


async def test_a_client_that_is_too_slow_is_cut() -> None:
    """It asks again, and is told with an image; nobody else waits for it."""
    exchange = Exchange(msgspec.structs.replace(OPTIONS, rate=1e6, limit=60_000, window=10))
    async with exchange.listening() as url, client(url) as link:
        async with asyncio.timeout(20):
            while exchange.script.n < 60_000:
                await asyncio.sleep(0.02)
        with pytest.raises(ConnectionClosed):
            await hear(link, "never")


async def test_an_image_of_a_market_that_is_gone_is_one_of_everything() -> None:
    """A client that knows a market that nobody knows is told all there is."""
    async with Exchange(OPTIONS).listening() as url, client(url) as link:
        await hear(link)
        await link.send(b'{"market":"E999.1"}')
        assert b'"n":100' in (await hear(link, '"image"'))[-1]


async def test_disorder_reaches_the_wire_and_the_ledger() -> None:
    """What was damaged is known, so that a test can say what must have been lost."""
    exchange = Exchange(msgspec.structs.replace(OPTIONS, disorder={"hole": 0.1}))
    async with exchange.listening() as url, client(url) as link:
        heard = await hear(link, 'heartbeat","n":100')
    holes = {n for n, kind in exchange.damage if kind == "hole"}
    said = {msgspec.json.decode(frame, type=dict[str, object])["n"] for frame in heard[2:]}
    assert holes
    assert set(range(1, 100)) - said == holes - {100}


async def test_whoever_says_nothing_sensible_is_left() -> None:
    """A broken hello or request ends that client alone."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, client(url) as good:
        await hear(good)
        async with connect(url, proxy=None, close_timeout=0.2) as bad:
            await bad.send("what?")
            with pytest.raises(ConnectionClosed):
                await bad.recv()
        assert b"heartbeat" in (await hear(good))[-1]
