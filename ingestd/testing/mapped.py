"""A provider that nobody has code for: a WebSocket of JSON, made up, and the mapping by which ``mapped`` reads it.

A client logs in, subscribes, is sent every market whole, then ``ready``, and from then on each market that changes. Each market carries
the time of its last change; messages may come late or twice.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import msgspec
from pydantic import JsonValue
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ingestd.testing.deeds import BEGIN, END, OPENED, Deeds, Says
from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.faults import Faults, Wire
from ingestd.testing.spans import Protocol

KEY: Final = "key-1"
BEAT: Final = 0.1
WITHIN: Final = 20.0
"""Seconds that the end of the script waits for a client."""
STEPS: Final = 9
PACE: Final = 0.02
_OURS: Final = {"O": "open", "S": "suspended", "C": "settled"}


class _Outcome(msgspec.Struct):
    id: str
    back: float
    lay: float | None
    won: str = ""


class _Market(msgspec.Struct):
    event: str
    id: str
    at: int
    state: str
    outcomes: list[_Outcome]


class _Client:
    """One connection, and whether it was told everything so far."""

    def __init__(self, link: ServerConnection, faults: Faults) -> None:
        self.wire = Wire(faults, partial(link.send, text=True), link.transport.abort)
        self.link = link
        self.subscribed = False


class MappedEmulator:
    """See ``ingestd.testing.emulator.Emulator``; ``listening`` makes one."""

    protocol = Protocol()

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._now = time.time_ns() // 1_000_000 - 60_000
        self._markets = [self._market(f"e{number // 2}", f"m{number}") for number in range(3)]
        self._offered: dict[Key, Stand] = {}
        self._clients: set[_Client] = set()
        self._faults = Faults()
        self._news = asyncio.Event()
        self._note()
        self.url = ""
        # the receipt of the login, an image of every market, ready, and a message for each step
        self.boundaries = 1 + len(self._markets) + 1 + STEPS

    def options(self) -> Mapping[str, JsonValue]:
        """A source that reaches it; the mapping is all that is known of it."""
        return {"websocket": _websocket(self.url), "mapping": _MAPPING}

    @property
    def deeds(self) -> Deeds:
        """What it did so far."""
        return self._faults.deeds

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, at this message from the first that is sent to anybody; beats do not count."""
        self._faults.arm(boundary, fault)

    async def play(self) -> None:
        """Prices, a suspension, a withdrawal, an outcome more, a settlement. Raises TimeoutError if no client comes for it."""
        async with asyncio.timeout(WITHIN):
            await self._until(lambda: any(client.subscribed for client in self._clients))
            for step in range(STEPS):
                market = self._step(step)
                self._note()
                for client in [client for client in self._clients if client.subscribed]:
                    await self._tell(client, market)
                await asyncio.sleep(PACE)
            await self._until(lambda: any(client.subscribed and not client.wire.stalled for client in self._clients))

    def truth(self) -> Mapping[Key, Stand]:
        """As of the last step."""
        return dict(self._offered)

    async def converse(self, link: ServerConnection) -> None:
        """One client."""
        client = _Client(link, self._faults)
        self._clients.add(client)
        try:
            async with asyncio.TaskGroup() as group:
                beating = group.create_task(self._beat(client))
                await self._serve(client)
                beating.cancel()
        except* (ConnectionClosed, OSError):
            # it left, or was cut
            client.subscribed = False
        finally:
            self._clients.discard(client)

    async def _serve(self, client: _Client) -> None:
        async for message in client.link:
            said = msgspec.json.decode(message, type=dict[str, str])
            if said.get("op") == "login":
                await client.wire.send(b'{"op":"welcome"}' if said.get("key") == KEY else b'{"op":"refused"}', Says(OPENED))
            elif said.get("op") == "subscribe":
                for place, market in enumerate(self._markets):
                    await client.wire.send(_told(market), Says("" if place else BEGIN, f"market {market.id}"))
                await client.wire.send(b'{"op":"ready"}', Says(END))
                client.subscribed = True
                self._news.set()

    async def _until(self, so: Callable[[], bool]) -> None:
        while not so():
            self._news.clear()
            await self._news.wait()

    async def _tell(self, client: _Client, market: _Market) -> None:
        try:
            await client.wire.send(_told(market), Says(scope=f"market {market.id}"))
        except (ConnectionClosed, OSError):
            client.subscribed = False

    async def _beat(self, client: _Client) -> None:
        while True:
            await asyncio.sleep(BEAT)
            await client.wire.send(b'{"op":"beat"}', sign_of_life=True)

    def _market(self, event: str, name: str) -> _Market:
        return _Market(event, name, self._tick(), "O", [self._outcome(word) for word in ("home", "away")])

    def _outcome(self, word: str) -> _Outcome:
        back = round(self._random.uniform(1.5, 5), 2)
        return _Outcome(word, back, round(back + 0.1, 2))

    def _tick(self) -> int:
        self._now += self._random.randint(1, 20)
        return self._now

    def _step(self, step: int) -> _Market:
        """What happens; the market that it happens to."""
        market = self._markets[step % len(self._markets)]
        market.at = self._tick()
        if step == 3:  # noqa: PLR2004 - the script, as are those below
            market.state = "S"
        elif step == 4:  # noqa: PLR2004
            market.outcomes[0].lay = None
        elif step == 5:  # noqa: PLR2004
            market.outcomes.append(self._outcome("draw"))
        elif step == STEPS - 1:
            market.state = "C"
            for index, outcome in enumerate(market.outcomes):
                outcome.won = "W" if index == 0 else "L"
        else:
            market.state = "O"
            for outcome in market.outcomes:
                outcome.back = round(self._random.uniform(1.5, 5), 2)
        return market

    def _note(self) -> None:
        """How everything stands now."""
        for market in self._markets:
            for outcome in market.outcomes:
                status = _OURS[market.state]
                self._offered[Key(market.id, outcome.id)] = Stand(outcome.back, status)
                gone = outcome.lay is None and status != "settled"
                self._offered[Key(market.id, outcome.id, "lay")] = Stand(outcome.lay, "withdrawn" if gone else status)


@asynccontextmanager
async def listening(_folder: Path, seed: int = 1) -> AsyncIterator[MappedEmulator]:
    """Entered, it listens."""
    emulator = MappedEmulator(seed)
    async with serve(emulator.converse, "127.0.0.1", 0, compression=None) as server:
        emulator.url = _address(server)
        yield emulator


def _address(server: Server) -> str:
    host, port = next(iter(server.sockets)).getsockname()[:2]
    return f"ws://{host}:{port}"


def _told(market: _Market) -> bytes:
    return msgspec.json.encode({"op": "market", **msgspec.to_builtins(market)})


def _websocket(url: str) -> dict[str, JsonValue]:
    return {
        "url": url,
        "secret": KEY,
        "opening": [
            {"send": {"op": "login", "key": "{secret}"}, "expect": "doc.op == 'welcome'", "refuse": "doc.op == 'refused'"},
            {"send": {"op": "subscribe"}},
        ],
        "within": 0.5,
        "complete": "doc.op == 'ready'",
        "silence": 0.6,
    }


_STAMP: Final[JsonValue] = {"get": "market.at", "format": "ms"}
_STATE: Final[JsonValue] = {"get": "market.state", "table": dict(_OURS)}
_STATUS: Final[JsonValue] = {"get": "outcome.won || market.state", "table": {"O": "open", "S": "open", "W": "settled", "L": "settled"}}
_RESULT: Final[JsonValue] = {"get": "outcome.won", "table": {"": "", "W": "won", "L": "lost"}}
_QUOTE: Final[dict[str, JsonValue]] = {"key": ["market.id", "outcome.id"], "outcome": "outcome.id", "status": _STATUS, "result": _RESULT}
_MAPPING: Final[JsonValue] = {
    "time_rule": "stamped",
    "shared": {"bookmaker": {"const": "Emulated"}},
    "walk": [
        {
            "each": "doc",
            "as": "market",
            "where": "market.op == 'market'",
            "image": "market",
            "shared": {"event": "market.event", "market_id": "market.id", "market": {"const": "match_odds"}, "changed_at": _STAMP},
            "market": {"status": _STATE, "changed_at": _STAMP},
            "walk": [
                {
                    "each": "market.outcomes",
                    "as": "outcome",
                    "quotes": [
                        {**_QUOTE, "price": "outcome.back"},
                        {**_QUOTE, "side": {"const": "lay"}, "price": {"get": "outcome.lay", "missing": "skip"}},
                    ],
                }
            ],
        }
    ],
}
