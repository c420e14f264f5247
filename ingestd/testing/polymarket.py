"""A stand-in for Polymarket on loopback: the market channel over a WebSocket, Gamma and single books over HTTP; it misbehaves on request.

Protocol: Polymarket's documentation of the CLOB market channel, of ``GET /book`` and of Gamma's ``GET /events``. It shares no code with the
feed. A connection that does not say ``PING`` is closed after ``idle_limit`` seconds; one that asks for more than 500 assets gets no books.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Sequence
from types import TracebackType
from typing import Final, Self

from aiohttp import WSMsgType, web
from pydantic import JsonValue

from ingestd.testing.deeds import LISTING, Says
from ingestd.testing.faults import GARBAGE, Faults, Wire
from ingestd.testing.polymarket_world import Json, World

MOST_ASSETS: Final = 500
STALL: Final = 30.0


class Link:
    """One client of the channel: what it subscribed to, and what it was told of last (a count of ``PolymarketServer.told``)."""

    def __init__(self, number: int, socket: web.WebSocketResponse, faults: Faults) -> None:
        def write(message: bytes) -> Awaitable[None]:
            return socket.send_str(message.decode())

        self.number = number
        self.socket = socket
        self.wire = Wire(faults, write, lambda: _abort(socket), number)
        self.assets: set[str] = set()
        self.heard = time.monotonic()
        self.up_to = 0

    async def say(self, message: JsonValue) -> None:
        """Send one message."""
        body = json.dumps(message).encode()
        await self.wire.send(body, Says(link=self.number, body=body))


class PolymarketServer:
    """An async context manager: entered, it listens at ``place``. ``unsubscribes`` False: it does not understand that word."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self.links: list[Link] = []
        self.requests: list[Json] = []
        """Every message of every client, but ``PING``."""
        self.books_asked: list[str] = []
        self.idle_limit = 1.0
        self.subscribes = self.unsubscribes = True
        """Whether these words do anything on a connection that has subscribed already."""
        self.bookless: set[str] = set()
        """Assets whose book the channel does not send and REST does not find."""
        self.gamma_status = self.clob_status = 200
        self.most_events = 100
        """Events in one answer, whatever is asked for."""
        self.told = 0
        self.walked = -1
        """The version of the world that a client has seen whole in Gamma."""
        self.place = ""
        self._answers: dict[str, str] = {}
        self._walking = -1
        self._links = 0
        self._runner: web.AppRunner

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/ws/market", self._channel)
        application.router.add_get("/gamma/events", self._events)
        application.router.add_get("/clob/book", self._book)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.place = f"127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for link in list(self.links):
            _abort(link.socket)
        await self._runner.cleanup()

    def options(self) -> dict[str, JsonValue]:
        """Of a source that reaches it."""
        return {"url": f"ws://{self.place}", "gamma_url": f"http://{self.place}/gamma", "clob_url": f"http://{self.place}/clob"}

    async def publish(self, messages: Sequence[Json]) -> None:
        """Tell every client what concerns it, one frame a message."""
        self.told += 1
        for link in list(self.links):
            with contextlib.suppress(ConnectionError):
                for message in messages:
                    if link.assets & _assets(message):
                        await link.say(message)
            link.up_to = self.told

    async def garbage(self, frame: str) -> None:
        """Send everyone something as it is."""
        for link in self.links:
            await link.socket.send_str(frame)

    def cut(self) -> None:
        """Break every connection to the channel."""
        for link in self.links:
            self.faults.deeds.note("reset", Says(link=link.number))
            _abort(link.socket)

    def subscribed(self) -> set[str]:
        """Every asset that somebody who can hear it is subscribed to."""
        return {asset for link in self.links if not link.wire.stalled for asset in link.assets}

    async def _channel(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)

        self._links += 1
        link = Link(self._links, socket, self.faults)
        link.up_to = self.told
        self.links.append(link)
        guard = asyncio.create_task(self._guard(link))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await self._hear(link, str(message.data))
        except ConnectionError:
            pass
        finally:
            guard.cancel()
            self.links.remove(link)
            self.faults.deeds.note("left", Says(link=link.number))
        return socket

    async def _guard(self, link: Link) -> None:
        while (left := link.heard + self.idle_limit - time.monotonic()) > 0:
            await asyncio.sleep(left)
        await link.socket.close()

    async def _hear(self, link: Link, said: str) -> None:
        if said == "PING":
            link.heard = time.monotonic()
            await link.wire.send(b"PONG", Says(link=link.number), sign_of_life=True)
            return
        request = json.loads(said)
        self.requests.append(request)
        self.faults.deeds.note("alive", Says(link=link.number, body=said.encode()))
        assets = [str(asset) for asset in request["assets_ids"]]
        operation = request.get("operation", "")
        if operation == "unsubscribe":
            link.assets -= set(assets) if self.unsubscribes else set()
            return
        if operation and link.assets and not self.subscribes:
            return
        link.assets |= set(assets)
        found = [self.world.find(asset) for asset in assets if asset not in self.bookless]
        books = [self.world.book(*one) for one in found if one is not None]
        if books and len(link.assets) <= MOST_ASSETS:
            await link.say([*books])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if self.gamma_status != web.HTTPOk.status_code:
            return web.Response(status=self.gamma_status, text="<html>")
        world = self.world
        offset, limit = int(query.get("offset", "0")), min(int(query.get("limit", "20")), self.most_events)
        named = query.getall("id", [])
        events = named or [event for event in world.events if not world.over(event)]
        page = json.dumps([world.gamma(event) for event in events[offset : offset + limit]])
        if not named and offset == 0:
            self._walking = world.version
        response = await self._answer(request, page)
        if not named and page == "[]":
            self.walked = self._walking
        return response

    async def _book(self, request: web.Request) -> web.StreamResponse:
        asset = request.query["token_id"]
        self.books_asked.append(asset)
        found = self.world.find(asset)
        if self.clob_status != web.HTTPOk.status_code:
            return web.Response(status=self.clob_status)
        if found is None or asset in self.bookless:
            if found is not None:
                nothing: Json = {"market": found[0].id, "asset_id": asset, "timestamp": str(self.world.now), "bids": [], "asks": []}
                self.faults.deeds.note("sent", Says(body=json.dumps(nothing).encode()))
            return web.json_response({"error": "No orderbook exists for the requested token id"}, status=404)
        book = json.dumps(self.world.book(*found, event_type=""))
        self.faults.deeds.note("sent", Says(body=book.encode()))
        return web.json_response(text=book)

    async def _answer(self, request: web.Request, body: str) -> web.Response:
        """The answer, or what is to happen to it; one that says nothing new is no more than a sign of life."""
        news = self._answers.get(request.path_qs) != body
        self._answers[request.path_qs] = body
        fault = self.faults.next() if news else None
        self.faults.deeds.note(fault if fault in ("reset", "stall", "garbage") else "sent", Says(LISTING))
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        elif fault == "stall":
            await asyncio.sleep(STALL)
        return web.Response(text=GARBAGE.decode() if fault == "garbage" else body, content_type="application/json")


def _assets(message: Json) -> set[str]:
    """The assets that a message is about."""
    found = [message.get("asset_id")]
    for name in ("price_changes", "assets_ids"):
        items = message.get(name)
        found += [item["asset_id"] if isinstance(item, dict) else item for item in items] if isinstance(items, list) else []
    return {str(asset) for asset in found if asset}


def _abort(socket: web.WebSocketResponse) -> None:
    transport = socket._req.transport if socket._req is not None else None  # noqa: SLF001 - aiohttp offers no way to break off
    if transport is not None:
        transport.abort()
