"""The exchange's WebSocket server: images, then every statement in order, replay by token, and a door for tests."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from random import Random
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ingestd.testing.deeds import OPENED, REPLAY, Says, parts
from ingestd.testing.exchange import wire
from ingestd.testing.exchange.disorder import Damager
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.script import Script
from ingestd.testing.exchange.window import Window
from ingestd.testing.faults import Faults, Wire

GROUP: Final = 64
"""Statements made or sent before others get the loop."""
MOST: Final = 4096
"""Quotes made at a time, however late it is."""
HELLO_WITHIN: Final = 10.0
TICK: Final = 0.005
DAY: Final = 86_400_000_000
GARBAGE: Final = b'{"op":"delta","n":'
COUNT: Final = "statements"


class Hello(Struct):
    """What a client says first: the token of a session to go on with, or nothing."""

    token: str = ""


class Asked(Struct):
    """A request for an image, of a market or (``""``) of everything."""

    market: str = ""


class Client:
    """A connection, and how far it was served."""

    def __init__(self, link: ServerConnection, damager: Damager, faults: Faults) -> None:
        self.link = link
        self.wire = Wire(faults, partial(link.send, text=True), link.transport.abort)
        self.damager = damager
        self.sent = 0
        self.asked: list[str] = []
        self.ready = False
        """Everything there is was handed to its socket."""


class Exchange:
    """One run of the exchange. Statements begin with the first client, and go on without any (unpaced: wait for one)."""

    def __init__(self, options: Options) -> None:
        wall = options.clock == "wall"
        self.options = options if options.t0 else replace(options, t0=_now() - DAY)
        self.script = Script(self.options, _now if wall else None)
        self.run = os.urandom(6).hex()
        self.limit = options.limit
        self.images: list[tuple[int, str]] = []
        """Images made on request: number, and market or "" for everything."""
        self.damage: list[tuple[int, str]] = []
        self.stopped = asyncio.Event()
        self.faults = Faults()
        self._window = Window(options.window)
        self._clients: set[Client] = set()
        self._begun = asyncio.Event()
        self._flow = asyncio.Event()
        self._flow.set()
        self._news = asyncio.Condition()
        self._sessions = 0

    @contextlib.asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve within the context; its value is the url."""
        async with serve(self._accept, host, port, compression=None, max_size=1 << 16, ping_interval=None, close_timeout=1) as server:
            producer = asyncio.create_task(self._produce())
            try:
                yield f"ws://{host}:{next(iter(server.sockets)).getsockname()[1]}"
            finally:
                producer.cancel()
                await asyncio.wait([producer])
                self.cut()

    def cut(self) -> None:
        """Drop every client without a word."""
        self.faults.deeds.note("reset")
        for client in self._clients:
            client.link.transport.abort()

    async def _accept(self, link: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed, ConnectionResetError):
            if link.request is not None and link.request.path == "/control":
                await self._control(link)
            else:
                await self._serve(link)

    # clients

    async def _serve(self, link: ServerConnection) -> None:
        async with asyncio.timeout(HELLO_WITHIN):
            hello = msgspec.json.decode(await link.recv(), type=Hello)
        self._sessions += 1
        damager = Damager(self.options.disorder, Random(self.options.seed + self._sessions), self.damage)
        client = Client(link, damager, self.faults)
        first = self._resume(client, hello.token)
        resumed = first is not None
        frames = self._image() if first is None else first
        if not resumed:
            client.sent = self.script.n
        options = self.options
        welcome = wire.Welcome(
            n=client.sent, run=self.run, session=str(self._sessions), resumed=resumed,
            heartbeat_ms=int(options.heartbeat * 1000), window=options.window,
        )  # fmt: skip
        await client.wire.send(wire.ENCODER.encode(welcome), Says(REPLAY if resumed else OPENED))
        for frame, part in parts(frames):
            await client.wire.send(frame, Says(part, "", COUNT, client.sent, empty=not self.script.image().markets))
        self._clients.add(client)
        self._begun.set()
        listener = asyncio.create_task(self._listen(client))
        try:
            await self._feed(client)
        finally:
            self._clients.discard(client)
            listener.cancel()
            await asyncio.wait([listener])
            await self._tell()

    def _resume(self, client: Client, token: str) -> list[bytes] | None:
        """Where to go on, and an image to send again first; None: afresh."""
        run, _, number = token.partition(":")
        again = number.endswith("!")
        if run != self.run or not number.rstrip("!").isdecimal():
            return None
        n = int(number.rstrip("!"))
        image = self._window.image(n) if again else []
        if image is None or not self._window.reaches(n):
            return None
        client.sent = n
        return image

    async def _listen(self, client: Client) -> None:
        """Requests for images, answered by ``_feed`` once the client has everything before."""
        with contextlib.suppress(ConnectionClosed, msgspec.DecodeError):
            while True:
                client.asked.append(msgspec.json.decode(await client.link.recv(), type=Asked).market)
                client.ready = False
                await self._tell()

    async def _feed(self, client: Client) -> None:
        """Send what there is, for as long as the client keeps within the window."""
        out = client.wire
        # one that is stalled is sent nothing, so nothing but its state tells that it has left
        while client.link.state is State.OPEN and (client.sent == self.script.n or self._window.holds(client.sent)):
            await self._flow.wait()
            if client.sent < self.script.n:
                for frame in self._next(client):
                    await out.send(frame, Says(count=COUNT, number=client.sent))
            elif client.asked:
                market = client.asked.pop(0)
                for frame, part in parts(self._answer(market)):
                    scope = f"market {market}" if market else ""
                    await out.send(frame, Says(part, scope, COUNT, client.sent, bool(market), not self.script.image().markets))
            elif not await self._wait(client) and self._flow.is_set():
                quiet = Says(count=COUNT, number=client.sent, quiet=True)
                await out.send(wire.ENCODER.encode(wire.Heartbeat(client.sent)), quiet, sign_of_life=True)
        client.link.transport.abort()

    def _next(self, client: Client) -> Iterator[bytes]:
        """The next frames for a client."""
        for frames in self._window.after(client.sent, GROUP):
            client.sent += 1
            yield from client.damager(client.sent, frames)
        if client.sent == self.script.n:
            yield from client.damager.rest()

    async def _wait(self, client: Client) -> bool:
        """Until there is something to do; False after a heartbeat's time without."""
        client.ready = True
        async with self._news:
            self._news.notify_all()
            try:
                async with asyncio.timeout(self.options.heartbeat):
                    await self._news.wait_for(lambda: client.sent < self.script.n or client.asked)
            except TimeoutError:
                return False
            finally:
                client.ready = False
        return True

    def _image(self) -> list[bytes]:
        """An image of everything as of now, kept for a while."""
        n = self.script.n
        self.images.append((n, ""))
        frames = wire.encode(self.script.image(), self.options.segment)
        self._window.keep_image(n, frames)
        return frames

    def _answer(self, market_id: str) -> list[bytes]:
        image = self.script.market_image(market_id) if market_id else None
        if image is None:
            return self._image()
        self.images.append((self.script.n, market_id))
        return wire.encode(image, self.options.segment)

    # statements

    async def _produce(self) -> None:
        await self._begun.wait()
        if not self.options.rate:
            while True:
                await self._all_ready()
                self._make(self.script.quotes + GROUP * 4)
                await self._tell()
        began, base = time.monotonic(), self.script.quotes
        while True:
            await asyncio.sleep(TICK)
            self._make(base + int((time.monotonic() - began) * self.options.rate))
            await self._tell()

    async def _all_ready(self) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._may_go_on() and self.served)

    @property
    def served(self) -> bool:
        """Whether there are clients, and each was sent everything."""
        return bool(self._clients) and all(map(self._is_served, self._clients))

    def _is_served(self, client: Client) -> bool:
        return client.ready and client.sent == self.script.n and not client.wire.stalled

    def _may_go_on(self) -> bool:
        return not self.limit or self.script.n < self.limit

    def _make(self, quotes: int) -> None:
        quotes = min(quotes, self.script.quotes + MOST)
        while self.script.quotes < quotes and self._may_go_on():
            self._window.append(wire.encode(self.script.step(), self.options.segment))

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    # the door for tests

    async def _control(self, link: ServerConnection) -> None:
        async for text in link:
            order = msgspec.json.decode(text, type=dict[str, str | int])
            await self._obey(str(order["op"]), int(order.get("n", 0)))
            await link.send(msgspec.json.encode(self.status()), text=True)

    async def _obey(self, op: str, n: int) -> None:
        if op == "cut":
            self.cut()
        elif op == "drop_window":
            self._window.drop()
        elif op in ("stall", "resume"):
            self._flow.clear() if op == "stall" else self._flow.set()
        elif op == "garbage":
            for client in self._clients:
                self.damage.append((client.sent, "garbage"))
                await client.link.send(GARBAGE, text=True)
        elif op == "limit":
            self.limit = n
            await self._tell()
        elif op == "stop":
            self.stopped.set()

    def status(self) -> dict[str, object]:
        """Where the exchange stands: enough to rebuild its script, and what was sent beside it."""
        return {
            "n": self.script.n,
            "quotes": self.script.quotes,
            "run": self.run,
            "clients": len(self._clients),
            "ready": all(map(self._is_served, self._clients)),
            "images": self.images,
            "damage": self.damage,
            "options": self.options,
        }


def _now() -> int:
    """Wall clock, µs UTC."""
    return time.time_ns() // 1000
