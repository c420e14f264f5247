"""Kalshi's stream over a real WebSocket on loopback: signed handshake, subscriptions with sid and seq, and every fault that we know of.

Source: Kalshi's AsyncAPI document and the pages on API keys. It shares no code with the feed that it tries.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import JsonValue
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ingestd.testing.deeds import Deeds
from ingestd.testing.emulator import Fault, Key, Stand
from ingestd.testing.faults import Faults
from ingestd.testing.kalshi_keys import KEY_ID, Gate, private_key
from ingestd.testing.kalshi_link import Link
from ingestd.testing.kalshi_rest import KalshiRest
from ingestd.testing.kalshi_world import CHANNELS, SERIES, Said, World
from ingestd.testing.spans import Protocol

PATIENCE: Final = 20.0
LOOK: Final = 0.005
STEP: Final = 0.02
"""Seconds between two messages of the script."""
PING: Final = 0.25
"""Seconds between two Ping control frames; Kalshi sends one every ten."""
SCRIPT: Final = 14
PATH: Final = "/trade-api/ws/v2"


class KalshiEmulator:
    """An async context manager: entered, it listens. The script begins once a client has every book."""

    protocol = Protocol(order="counted", early=True, passing="trade")
    boundaries = len(CHANNELS) + 3 + SCRIPT

    def __init__(self, folder: Path | None = None) -> None:
        self.world = World()
        self.gate = Gate()
        self.links: list[Link] = []
        self.faults = Faults()
        self.rest = KalshiRest(self.world, self.faults.deeds)
        self.moved = asyncio.Event()
        self.played = 0
        self._script = self.world.script()
        self._stack = AsyncExitStack()
        self._server: Server

    async def __aenter__(self) -> Self:
        await self.rest.start()
        self._stack.push_async_callback(self.rest.stop)
        listening = serve(
            self._welcome, "127.0.0.1", 0, process_request=self._admit, ping_interval=None, close_timeout=0.5, compression=None
        )
        self._server = await self._stack.enter_async_context(listening)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    @property
    def url(self) -> str:
        """Where the stream is."""
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{PATH}"

    def options(self) -> Mapping[str, JsonValue]:
        """Of a source that reaches it."""
        return {
            "key_id": KEY_ID,
            "private_key": private_key(),
            "series_tickers": [SERIES],
            "url": self.url,
            "rest_url": self.rest.url,
            "refresh_seconds": 0.2,
            "heartbeat_seconds": 0.3,
            "connect_timeout": 2.0,
        }

    @property
    def deeds(self) -> Deeds:
        """What it did so far."""
        return self.faults.deeds

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th message that is sent to anybody, answers to a change of a subscription aside."""
        self.faults.arm(boundary, fault)

    async def play(self) -> None:
        """To the end of the script, and until a client has it. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            await self._until_served()
            for _ in range(self.played, SCRIPT):
                await self.step()
                await asyncio.sleep(STEP)
            await self._until_served()

    async def step(self) -> None:
        """The next message of the script, to whoever is subscribed."""
        async with self.world.turn:
            said = next(self._script)
            self.played += 1
            await self.say(said)

    async def say(self, said: Said) -> None:
        """A message, to whoever is subscribed; the caller has the world's turn."""
        for link in list(self.links):
            await link.say(said)

    def truth(self) -> Mapping[Key, Stand]:
        """What the world says."""
        return self.world.truth()

    async def _until_served(self) -> None:
        while not any(link.served for link in self.links):
            self.moved.clear()
            await self.moved.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Judge the signature of a handshake."""
        wrong = self.gate.judge(request.headers, request.path)
        return connection.respond(HTTPStatus.UNAUTHORIZED, json.dumps({"error": {"code": wrong}})) if wrong else None

    async def _welcome(self, connection: ServerConnection) -> None:
        link = Link(connection, self.world, self.faults, self.moved)
        self.links.append(link)
        pinging = asyncio.create_task(self._ping(link))
        try:
            await link.converse()
        except (ConnectionClosed, ConnectionResetError):
            return
        finally:
            pinging.cancel()
            self.links.remove(link)

    async def _ping(self, link: Link) -> None:
        while True:
            await asyncio.sleep(PING)
            await link.ping()
