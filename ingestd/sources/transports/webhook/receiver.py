"""The server of one source, on a port of its own: what is posted becomes a frame, and is acknowledged once the journal has it (I1).

A delivery goes its way in four steps: it is queued, read by the collector, durable, remembered. Only then comes the 200; whoever has waited
too long for it gets a 503, comes again, and finds his delivery where it is by then. So an id makes one frame, however often it is sent.

Two places know which ids were taken, and together they are exact: the ``memory`` on disk, written after the frame is durable and before
the 200, and the frame's token, which holds the ids that were not yet in the memory when the frame was made. A crash between journal and
memory loses nothing: the token of the last durable frame comes back with the next connection.
"""

import asyncio
import sqlite3
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final

from aiohttp import web
from msgspec import Struct

from ingestd.errors import Disconnected
from ingestd.interfaces import Clock
from ingestd.model import Frame, Scope
from ingestd.sources.transports.webhook.memory import Memory, remembering
from ingestd.sources.transports.webhook.options import WebhookOptions
from ingestd.sources.transports.webhook.server import SERVER, listening, refusal
from ingestd.sources.transports.webhook.signature import ID, Claim, Unproven, claimed, is_id, key_of, prove

MOST_AT_ONCE: Final = 64
"""Requests under way: beyond, senders are asked to come again. With the largest body this bounds the memory."""
ACKNOWLEDGE_WITHIN: Final = 10.0
"""Seconds that a sender waits for the journal; theirs are 15 to 30."""


class _No(Exception):
    """A request that brings no frame; ``reason`` is one of ``server.STATUSES``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Delivery(Struct, eq=False):
    """What was posted, under way; ``id`` is empty where the sender gave none. ``durable`` is done once the journal has the frame."""

    id: str
    frame: Frame
    durable: asyncio.Future[None]
    read: bool = False


class _Open(Struct, eq=False):
    """A session that listens: its memory; ``left`` is done once it is over."""

    memory: Memory
    left: asyncio.Future[None]


class Receiver:
    """One source: what is under way and what was refused outlive its sessions."""

    def __init__(self, source: str, options: WebhookOptions, folder: Path, clock: Clock) -> None:
        self.refused: Counter[str] = Counter()
        self._source = source
        self._options = options
        self._folder = folder
        self._clock = clock
        self._keys = [key_of(secret) for secret in options.secrets]
        self._under_way: dict[str, _Delivery] = {}
        self._nameless = count()
        self._queue: deque[_Delivery] = deque()
        self._filled = asyncio.Event()
        self._reading = 0
        self._remembering = asyncio.Lock()
        self._open: _Open | None = None

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["WebhookSession"]:
        """Listen. Raises Disconnected (``address``) while somebody else does there, Refused where nobody may, or ids cannot be kept."""
        options = self._options
        async with remembering(self._folder, options.horizon, options.most_ids) as memory:
            try:
                await memory.remember(resume.split(), self._clock.now())
            except sqlite3.Error as error:
                raise Disconnected("memory", str(error)) from error
            async with listening(options.host, options.port, self._answer) as port:
                self._open = _Open(memory, asyncio.get_running_loop().create_future())
                try:
                    yield WebhookSession(self, port, self._opened(resume))
                finally:
                    self._open.left.set_result(None)
                    self._open = None

    async def taken(self) -> list[Frame]:
        """What was posted since; waits for it. Cancelling it loses nothing."""
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        frames: list[Frame] = []
        while self._queue:
            delivery = self._queue.popleft()
            delivery.read = True
            # what is or will be durable with this frame, and may not be in the memory by then
            delivery.frame.token = " ".join(one.id for one in self._under_way.values() if one.read and one.id)
            frames.append(delivery.frame)
        return frames

    def durable(self, frames: Sequence[Frame]) -> None:
        """The journal has these frames."""
        theirs = {id(frame) for frame in frames}
        for delivery in self._under_way.values():
            if id(delivery.frame) in theirs and not delivery.durable.done():
                delivery.durable.set_result(None)

    def _opened(self, resume: str) -> Frame:
        """Whoever posts tries again what was not acknowledged: where ids are known, nothing was lost while nobody listened."""
        meta = {"whole": "1", "resumed": "replay"} if resume else {"whole": "1"}
        return Frame(self._source, "opened", self._clock.now(), token=resume, epoch=not resume, meta=meta)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            claim = self._looked_at(request)
            await self._find_room()
            body = await self._body(request)
            if self._keys:
                prove(claim, body, self._keys)
            await self._deliver(claim.id, body, request.headers.get("Content-Type", ""))
        except (_No, Unproven) as no:
            self.refused[no.reason] += 1
            return refusal(no.reason)
        except sqlite3.Error:
            # the disk that keeps the ids will not: as good as a journal that will not
            self.refused["not_durable"] += 1
            return refusal("not_durable")
        return web.Response(headers=SERVER)

    def _looked_at(self, request: web.Request) -> Claim:
        """What the head of a request claims; whatever can be refused before its body is read is refused here."""
        options = self._options
        if request.path != options.path:
            raise _No("path")
        if request.method != "POST":
            raise _No("method")
        if (request.content_length or 0) > options.max_body:
            raise _No("too_large")
        if self._keys:
            return claimed(request.headers, self._clock.now(), options.tolerance)
        given = request.headers.get(ID, "")
        return Claim(given if is_id(given) else "", "", "")

    def _present(self) -> _Open:
        """The session that listens; who comes while it goes is told to come again."""
        if self._open is None:
            raise _No("busy")
        return self._open

    async def _find_room(self) -> None:
        """Make sure that one more may be under way."""
        if self._reading + len(self._under_way) >= MOST_AT_ONCE:
            # some may only wait for a sender that does not come again
            await self._remember()
        if self._open is None or self._reading + len(self._under_way) >= MOST_AT_ONCE:
            raise _No("busy")

    async def _body(self, request: web.Request) -> bytes:
        """The body as it was signed, which is unpacked: packing is the business of whatever carried it."""
        body = bytearray()
        self._reading += 1
        try:
            async with asyncio.timeout(self._options.body_within):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > self._options.max_body:
                        raise _No("too_large")
        except TimeoutError:
            raise _No("too_slow") from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise _No("broken") from error
        finally:
            self._reading -= 1
        return bytes(body)

    async def _deliver(self, name: str, body: bytes, kind: str) -> None:
        """Return once the delivery is durable and remembered; one that was so already, or is sent twice at once, is a duplicate."""
        key = name or f" {next(self._nameless)}"
        delivery = self._under_way.get(key)
        again = delivery is not None
        if delivery is None:
            frame = Frame(self._source, "data", self._clock.now(), body, epoch=True, meta={"id": name, "type": kind})
            delivery = self._under_way[key] = _Delivery(name, frame, asyncio.get_running_loop().create_future())
            again = await self._queued(key, delivery)
        if not delivery.durable.done():
            await self._wait_for(key, delivery)
        await self._remember()
        if again:
            raise _No("duplicate")

    async def _queued(self, key: str, delivery: _Delivery) -> bool:
        """Queue it; True: it is remembered from before, and there is nothing to queue."""
        known = True
        try:
            known = bool(delivery.id) and await self._present().memory.knows(delivery.id)
        finally:
            if known:
                del self._under_way[key]
        if known:
            delivery.durable.set_result(None)
        else:
            self._queue.append(delivery)
            self._filled.set()
        return known

    async def _wait_for(self, key: str, delivery: _Delivery) -> None:
        """Until it is durable. What nobody has read by then is taken back."""
        await asyncio.wait((delivery.durable, self._present().left), timeout=ACKNOWLEDGE_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if delivery.durable.done():
            return
        if not delivery.read and delivery in self._queue:
            self._queue.remove(delivery)
            del self._under_way[key]
        raise _No("not_durable")

    async def _remember(self) -> None:
        """Write down what is durable: from here on the memory answers for it."""
        async with self._remembering:
            durable = {key: delivery.id for key, delivery in self._under_way.items() if delivery.durable.done()}
            await self._present().memory.remember([name for name in durable.values() if name], self._clock.now())
            for key in durable:
                del self._under_way[key]


class WebhookSession:
    """``read`` and ``renew`` as the seam says, and what ``interfaces.Receiving`` asks for."""

    def __init__(self, receiver: Receiver, port: int, opened: Frame) -> None:
        self.port = port
        """Where it listens, also where any free port was asked for."""
        self.refused: Mapping[str, int] = receiver.refused
        self._receiver = receiver
        self._ready = [opened]

    async def read(self) -> Sequence[Frame]:
        """What was posted."""
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        return await self._receiver.taken()

    async def renew(self, scope: Scope) -> None:
        """Nobody can be asked: the provider posts when it wants to."""

    def durable(self, frames: Sequence[Frame]) -> None:
        """The journal has these frames: those who posted them may be told."""
        self._receiver.durable(frames)
