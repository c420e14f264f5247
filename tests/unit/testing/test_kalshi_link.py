"""One client of the emulated Kalshi, over a real socket."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect

from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.kalshi_world import NORTH, SOUTH, Said
from tests.unit.testing.test_kalshi_keys import signed

Json = dict[str, object]


@pytest.fixture
async def emulator() -> AsyncIterator[KalshiEmulator]:
    """Kalshi on a free port."""
    async with KalshiEmulator() as server:
        yield server


@asynccontextmanager
async def client(emulator: KalshiEmulator) -> AsyncIterator[ClientConnection]:
    """Somebody who was let in."""
    async with connect(emulator.url, additional_headers=signed(), proxy=None) as connection:
        yield connection


async def ask(connection: ClientConnection, cmd: str, answers: int, **params: object) -> list[Json]:
    """A command, and as many messages as are to come."""
    await connection.send(json.dumps({"id": 7, "cmd": cmd, "params": params}))
    return [json.loads(await connection.recv()) for _ in range(answers)]


async def test_a_book_subscription_begins_with_snapshots(emulator: KalshiEmulator) -> None:
    """One a market, counted from 1; other channels have none."""
    async with client(emulator) as connection:
        told, *books = await ask(connection, "subscribe", 3, channels=["orderbook_delta"], market_tickers=[SOUTH, NORTH])
        assert told == {"id": 7, "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 1}}
        assert [(book["sid"], book["seq"]) for book in books] == [(1, 1), (1, 2)]
        (trades,) = await ask(connection, "subscribe", 1, channels=["trade"])
        assert trades["msg"] == {"channel": "trade", "sid": 2}


async def test_changes_of_a_subscription_count(emulator: KalshiEmulator) -> None:
    """So do unsubscribing and snapshots that were asked for, which carry the id."""
    async with client(emulator) as connection:
        await ask(connection, "subscribe", 2, channels=["orderbook_delta"], market_tickers=[NORTH])
        added, book = await ask(connection, "update_subscription", 2, sid=1, action="add_markets", market_tickers=[SOUTH])
        assert (added["type"], added["seq"], added["msg"]) == ("ok", 2, {"market_tickers": [NORTH, SOUTH]})
        assert (book["type"], book["seq"]) == ("orderbook_snapshot", 3)
        (again,) = await ask(connection, "update_subscription", 1, sid=1, action="get_snapshot", market_tickers=[SOUTH])
        assert (again["id"], again["seq"]) == (7, 4)
        (less,) = await ask(connection, "update_subscription", 1, sid=1, action="delete_markets", market_tickers=[NORTH])
        assert less["msg"] == {"market_tickers": [SOUTH]}
        (listed,) = await ask(connection, "list_subscriptions", 1)
        assert listed == {"id": 7, "type": "ok", "msg": [{"channel": "orderbook_delta", "sid": 1}]}
        (gone,) = await ask(connection, "unsubscribe", 1, sids=[1])
        assert (gone["type"], gone["seq"]) == ("unsubscribed", 6)


@pytest.mark.parametrize(
    ("cmd", "params", "code"),
    [
        ("subscribe", {"channels": ["orderbook_delta"]}, 14),
        ("subscribe", {"channels": ["fill"]}, 8),
        ("update_subscription", {"sid": 9, "action": "get_snapshot"}, 7),
        ("dance", {}, 5),
    ],
)
async def test_errors(emulator: KalshiEmulator, cmd: str, params: Json, code: int) -> None:
    """By number."""
    async with client(emulator) as connection:
        (told,) = await ask(connection, cmd, 1, **params)
        assert (told["type"], told["msg"]["code"] if isinstance(told["msg"], dict) else None) == ("error", code)


async def test_faults_at_will(emulator: KalshiEmulator) -> None:
    """A number left out, a subscription ended, a command refused, bytes as they are."""
    async with client(emulator) as connection:
        await ask(connection, "subscribe", 1, channels=["trade"])
        (link,) = emulator.links
        link.skip("trade")
        await link.say(Said("trade", "trade", NORTH, {}))
        assert json.loads(await connection.recv())["seq"] == 2
        link.refuse["subscribe"] = 26
        (refused,) = await ask(connection, "subscribe", 1, channels=["trade"])
        assert refused["msg"] == {"code": 26, "msg": "as told"}
        await link.end("trade", 25)
        ended = json.loads(await connection.recv())
        assert (ended["sid"], ended["msg"]["code"]) == (1, 25)
        await link.garbage(b"{")
        assert await connection.recv() == "{"
