"""One connection to the emulator, by a client that knows nothing but TLS and JSON."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingestd.testing.betfair import APP_KEY, SESSION, BetfairEmulator

Json = dict[str, Any]  # type: ignore[explicit-any]  # whatever a message holds
SUBSCRIBE: Json = {
    "op": "marketSubscription",
    "id": 2,
    "marketFilter": {"eventTypeIds": ["1"]},
    "marketDataFilter": {"fields": ["EX_BEST_OFFERS", "EX_LTP", "EX_MARKET_DEF"]},
    "segmentationEnabled": True,
    "heartbeatMs": 500,
}


class Client:
    """Sends and receives lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def hear(self) -> Json:
        """The next message; each ends with CR LF."""
        line = await asyncio.wait_for(self.reader.readline(), 5)
        assert line.endswith(b"\r\n"), line
        heard: Json = json.loads(line)
        return heard

    async def say(self, message: object) -> None:
        """A request."""
        self.writer.write(json.dumps(message).encode() + b"\r\n")
        await self.writer.drain()

    async def ask(self, message: object) -> Json:
        """A request, and the next message."""
        await self.say(message)
        return await self.hear()

    async def closed(self) -> bool:
        """Whether nothing more comes."""
        return await asyncio.wait_for(self.reader.read(), 5) == b""


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[BetfairEmulator]:
    """Betfair on a free port."""
    async with BetfairEmulator(tmp_path) as server:
        yield server


@pytest.fixture
async def client(emulator: BetfairEmulator) -> AsyncIterator[Client]:
    """Connected and greeted."""
    async for found in connected(emulator):
        yield found


async def connected(emulator: BetfairEmulator) -> AsyncIterator[Client]:
    """One connection, closed at the end."""
    tls = ssl.create_default_context(cafile=emulator.ca_file)
    found = Client(*await asyncio.open_connection(emulator.host, emulator.port, ssl=tls, limit=1 << 22))
    greeting = await found.hear()
    assert (greeting["op"], greeting["connectionId"][:4]) == ("connection", "002-")
    yield found
    found.writer.transport.abort()


def authentication(**more: object) -> Json:
    """A good one, but for these."""
    return {"op": "authentication", "id": 1, "appKey": APP_KEY, "session": SESSION} | more


async def test_a_good_authentication(client: Client) -> None:
    """Says how many connections are left; a second one is not taken."""
    status = await client.ask(authentication())
    assert status == {"op": "status", "id": 1, "statusCode": "SUCCESS", "connectionClosed": False, "connectionsAvailable": 9}
    again = await client.ask(authentication(id=5))
    assert (again["id"], again["errorCode"], again["connectionClosed"], await client.closed()) == (5, "INVALID_REQUEST", True, True)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"appKey": ""}, "NO_APP_KEY"),
        ({"appKey": "x"}, "INVALID_APP_KEY"),
        ({"session": ""}, "NO_SESSION"),
        ({"session": "x"}, "INVALID_SESSION_INFORMATION"),
        ({"op": "heartbeat"}, "NO_SESSION"),
    ],
)
async def test_a_bad_authentication_closes(client: Client, wrong: Json, code: str) -> None:
    """With its code."""
    status = await client.ask(authentication(**wrong))
    assert (status["statusCode"], status["errorCode"], status["connectionClosed"], await client.closed()) == ("FAILURE", code, True, True)


async def test_what_cannot_be_read_closes(client: Client) -> None:
    """Without an id."""
    client.writer.write(b"{nonsense\r\n")
    status = await client.hear()
    assert (status["errorCode"], "id" in status, await client.closed()) == ("INVALID_INPUT", False, True)


async def test_an_idle_connection_times_out(emulator: BetfairEmulator) -> None:
    """While it is not subscribed."""
    emulator.idle_limit = 0.05
    async for client in connected(emulator):
        status = await client.hear()
        assert (status["errorCode"], status["errorMessage"]) == ("TIMEOUT", "Connection is not subscribed and is idle: 50 ms")
        assert await client.closed()


async def test_too_many_connections(emulator: BetfairEmulator, client: Client) -> None:
    """The next one is not let in."""
    emulator.connection_limit = 0
    assert (await client.ask(authentication()))["errorCode"] == "MAX_CONNECTION_LIMIT_EXCEEDED"


async def test_a_subscription_gives_an_image_then_steps(emulator: BetfairEmulator, client: Client) -> None:
    """With clocks, and the pauses really used; heartbeats have a clock too; a ping is answered."""
    await client.ask(authentication())
    assert (await client.ask(SUBSCRIBE))["statusCode"] == "SUCCESS"
    image = await client.hear()
    assert (image["id"], image["ct"], image["heartbeatMs"], image["conflateMs"], len(image["mc"])) == (2, "SUB_IMAGE", 500, 0, 4)
    assert all(market["img"] and "marketDefinition" in market for market in image["mc"])
    await emulator.publish(emulator.world.suspend("1.200000000"))
    step = await client.hear()
    assert (step["id"], [market["id"] for market in step["mc"]], "initialClk" in step, "ct" in step) == (2, ["1.200000000"], False, False)
    beat = await client.hear()
    assert (beat["ct"], beat["clk"], "mc" in beat) == ("HEARTBEAT", step["clk"], False)
    assert (await client.ask({"op": "heartbeat", "id": 7}))["id"] == 7


async def test_a_new_subscription_replaces_the_old(emulator: BetfairEmulator, client: Client) -> None:
    """A new image, under the new id; the old one says nothing more."""
    await client.ask(authentication())
    await client.ask(SUBSCRIBE)
    await client.hear()
    await client.ask(SUBSCRIBE | {"id": 3, "marketFilter": {"marketIds": ["1.200000001"]}})
    image = await client.hear()
    assert (image["id"], [market["id"] for market in image["mc"]]) == (3, ["1.200000001"])
    await emulator.publish(emulator.world.suspend("1.200000000"))
    assert (await client.hear())["ct"] == "HEARTBEAT"


async def test_too_many_markets_leave_the_connection_open(emulator: BetfairEmulator, client: Client) -> None:
    """The only failure that does."""
    emulator.market_limit = 3
    await client.ask(authentication())
    status = await client.ask(SUBSCRIBE)
    assert (status["errorCode"], status["connectionClosed"]) == ("SUBSCRIPTION_LIMIT_EXCEEDED", False)
    assert (await client.ask(SUBSCRIBE | {"marketFilter": {"marketIds": ["1.200000001"]}}))["statusCode"] == "SUCCESS"


async def test_segments(emulator: BetfairEmulator, client: Client) -> None:
    """Only for who asked for them; the last one has the clock."""
    emulator.segment_markets = 3
    await client.ask(authentication())
    await client.ask(SUBSCRIBE)
    pieces = [await client.hear() for _ in range(2)]
    assert [(piece["segmentType"], "clk" in piece, piece["ct"]) for piece in pieces] == [
        ("SEG_START", False, "SUB_IMAGE"),
        ("SEG_END", True, "SUB_IMAGE"),
    ]
    await client.ask(SUBSCRIBE | {"id": 3, "segmentationEnabled": False})
    assert "segmentType" not in await client.hear()


async def test_a_resumption_conflates(emulator: BetfairEmulator) -> None:
    """One message with the outcome, marked ``con`` where steps were merged; asked otherwise, the clock is of no use."""
    world = emulator.world
    clocks: Json = {}
    async for client in connected(emulator):
        await client.ask(authentication())
        await client.ask(SUBSCRIBE)
        image = await client.hear()
        clocks = {"initialClk": image["initialClk"], "clk": image["clk"]}
    world.quote("1.200000000", 1000, back=((2.0, 10.0),))
    world.quote("1.200000000", 1000, back=((2.2, 10.0),))
    world.suspend("1.200000001")
    async for client in connected(emulator):
        await client.ask(authentication())
        await client.ask(SUBSCRIBE | clocks)
        patch = await client.hear()
        first, second = patch["mc"]
        assert (patch["ct"], patch["initialClk"]) == ("RESUB_DELTA", clocks["initialClk"])
        assert first == {"id": "1.200000000", "rc": [{"batb": [[0, 2.2, 10.0]], "id": 1000}], "con": True}
        assert (second["id"], "con" in second, "img" in second) == ("1.200000001", False, False)
    resumed = emulator.deliveries[-1]
    assert (resumed.kind, resumed.merged, resumed.steps, resumed.after) == ("resume", True, (5, 6, 7), 4)
    for wrong in ({"ladderLevels": 2}, None):
        if wrong is None:
            emulator.drop_clocks()
        async for client in connected(emulator):
            await client.ask(authentication())
            asked = SUBSCRIBE | clocks | ({"marketDataFilter": SUBSCRIBE["marketDataFilter"] | wrong} if wrong else {})
            status = await client.ask(asked)
            assert (status["errorCode"], status["connectionClosed"]) == ("INVALID_CLOCK", True)


async def test_a_resumption_may_give_images(emulator: BetfairEmulator) -> None:
    """Of markets that it was told to, and of those that are new."""
    emulator.resume_images.add("1.200000000")
    clocks: Json = {}
    async for client in connected(emulator):
        await client.ask(authentication())
        await client.ask(SUBSCRIBE)
        image = await client.hear()
        clocks = {"initialClk": image["initialClk"], "clk": image["clk"]}
    emulator.world.suspend("1.200000000")
    async for client in connected(emulator):
        await client.ask(authentication())
        await client.ask(SUBSCRIBE | clocks)
        assert [(market["id"], market.get("img")) for market in (await client.hear())["mc"]] == [("1.200000000", True)]
