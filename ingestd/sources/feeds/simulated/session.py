"""A session with the simulated exchange: says hello, marks tokens and epochs on what comes, asks for images."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from ingestd.errors import Disconnected, Refused
from ingestd.interfaces import Clock, Decoder
from ingestd.model import Frame, Scope, TimeRule
from ingestd.sources.feeds.simulated import wire
from ingestd.sources.feeds.simulated.decoder import SimulatedDecoder
from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.sources.kind import FeedContext
from ingestd.sources.transports.websocket import WebSocket, connect


class SimulatedFeed:
    """One source of the exchange."""

    time_rule: TimeRule = "ordered"
    renewable = True
    silence_limit = 5.0
    """Heartbeats come every second."""

    def __init__(self, options: SimulatedOptions, context: FeedContext) -> None:
        self._options = options
        self._name = context.name
        self._clock = context.clock

    def decoder(self) -> Decoder:
        """A decoder with empty state."""
        return SimulatedDecoder(self._name)

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["SimulatedSession"]:
        """Open a session; entering raises Disconnected, Throttled or Refused."""
        if not self._options.url:
            raise Refused("no_url", "the source has no url", "set url, or let `ingestd run` start the exchange")
        wait = self._options.connect_timeout
        async with await connect(self._options.url, timeout=wait) as link:
            await link.send(msgspec.json.encode({"token": resume} if resume else {}))
            try:
                async with asyncio.timeout(wait):
                    first, *others = await link.read()
            except TimeoutError as error:
                raise Disconnected("timeout", f"no welcome within {wait:g} s") from error
            yield SimulatedSession(link, self._name, self._clock, (first, resume), others)


class SimulatedSession:
    """Frames of one session. A token names the last statement received whole; inside an image of everything, the image."""

    def __init__(self, link: WebSocket, source: str, clock: Clock, opening: tuple[bytes, str], others: Sequence[bytes]) -> None:
        welcome, resume = opening
        try:
            said = wire.WELCOME.decode(welcome)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Disconnected("protocol", f"no welcome but {welcome[:100]!r}") from error
        self._link = link
        self._source = source
        self._clock = clock
        self._run = said.run
        self._n = said.n
        self._token = resume if said.resumed else f"{said.run}:{said.n}!"
        opened = Frame(source, "opened", clock.now(), welcome, self._token, epoch=not said.resumed)
        if said.resumed:
            opened.meta["resumed"] = "replay"
        self._ready = [opened, *map(self._frame, others)]
        self._failed: Disconnected | None = None

    async def read(self) -> Sequence[Frame]:
        """One or more frames; the first read begins with ``opened``. Raises Disconnected."""
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        if self._failed is not None:
            raise self._failed
        try:
            messages = await self._link.read()
        except Disconnected as error:
            if error.reason != "oversize":
                raise
            self._failed = error
            return [Frame(self._source, "data", self._clock.now(), token=self._token, meta={"oversize": error.detail})]
        return list(map(self._frame, messages))

    async def renew(self, scope: Scope) -> None:
        """Ask for an image of a market, or of everything. Raises Disconnected."""
        await self._link.send(msgspec.json.encode({"market": scope.id} if scope.kind == "market" else {}))

    def _frame(self, payload: bytes) -> Frame:
        """A message as a frame; nothing is looked at but operation and numbers."""
        now = self._clock.now()
        try:
            seen = wire.ENVELOPE.decode(payload)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return Frame(self._source, "data", now, payload, self._token)
        if seen.op == "image":
            self._n = seen.n
            self._token = f"{self._run}:{seen.n}" if seen.part >= seen.parts else f"{self._run}:{seen.n}!"
            return Frame(self._source, "data", now, payload, self._token, epoch=seen.part == 1)
        if seen.op != "heartbeat" and seen.n > self._n:
            self._n = seen.n
            self._token = f"{self._run}:{seen.n}"
        return Frame(self._source, "data", now, payload, self._token)
