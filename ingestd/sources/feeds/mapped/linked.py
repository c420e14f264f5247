"""A mapped source over a WebSocket: the opening, step by step, then messages as frames."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from pydantic import JsonValue

from ingestd.errors import Disconnected, Refused
from ingestd.interfaces import Clock
from ingestd.model import WHOLE, Frame, Scope
from ingestd.sources.feeds.mapped.credentials import handshake, with_param
from ingestd.sources.feeds.mapped.options import MessageOptions, WebSocketOptions
from ingestd.sources.feeds.mapped.paths import Path
from ingestd.sources.feeds.mapped.peek import Peek, Whole
from ingestd.sources.kind import FeedContext
from ingestd.sources.transports.websocket import Chatter, Refusals, WebSocket, connect

HINTS: Final = {"displaced": "another client uses this key: stop it, or give this source a key of its own"}


class Linked:
    """Opens sessions; see ``interfaces.Feed.connect``."""

    def __init__(self, options: WebSocketOptions, context: FeedContext, peek: Peek) -> None:
        self._options = options
        self._context = context
        self._peek = peek
        self._headers, self._url = handshake(options)

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["LinkedSession"]:
        """Connected and opened. Raises Disconnected, Throttled, Refused."""
        options = self._options
        ping = options.ping
        token = resume if options.resume is not None else ""
        async with await connect(
            with_param(self._url, options.resume.param, token) if token and options.resume and options.resume.param else self._url,
            timeout=options.within,
            headers=self._headers,
            chatter=Chatter(say=ping.say.encode(), every=ping.every, answer=ping.answer.encode()) if ping else None,
            refusals=_refusals(options),
        ) as link:
            opening = Opening(link, options, self._peek, token)
            try:
                async with asyncio.timeout(options.within):
                    await opening.run()
            except TimeoutError as error:
                raise Disconnected("timeout", f"opening[{opening.step}] was not answered within {options.within:g} s") from error
            yield LinkedSession(link, options, self._context, self._peek, token, opening)


class Opening:
    """Messages sent in order, each once the one before was acknowledged; what comes in between is kept."""

    def __init__(self, link: WebSocket, options: WebSocketOptions, peek: Peek, token: str) -> None:
        self.step = 0
        self.kept: list[bytes] = []
        """Documents that came meanwhile, acknowledgements left out."""
        self._link = link
        self._options = options
        self._peek = peek
        self._token = token
        self._unheard: list[bytes] = []

    async def run(self) -> None:
        """Everything, up to the last acknowledgement. Raises Disconnected, Refused."""
        for step, message in enumerate(self._options.opening):
            self.step = step
            if message.when != ("fresh" if self._token else "resumed"):
                await self._link.send(self.written(message.send))
                if message.expect is not None:
                    await self._acknowledged(message, Path(message.expect))
        self.kept += self._unheard

    def written(self, message: JsonValue) -> bytes:
        """A message, secret and token in their places."""
        secret = self._options.secret.get_secret_value() if self._options.secret is not None else ""
        filled = _filled(message, secret, self._token)
        return filled.encode() if isinstance(filled, str) else msgspec.json.encode(filled)

    async def _acknowledged(self, message: MessageOptions, expect: Path) -> None:
        refuse = None if message.refuse is None else Path(message.refuse)
        while True:
            while self._unheard:
                heard = self._unheard.pop(0)
                if self._peek.holds(heard, refuse):
                    raise Refused("opening", f"opening[{self.step}] was refused", "check the secret, and what the key may subscribe to")
                if self._peek.holds(heard, expect):
                    return
                self.kept.append(heard)
            self._unheard += await self._link.read()


class LinkedSession:
    """Frames of one connection."""

    def __init__(self, link: WebSocket, options: WebSocketOptions, context: FeedContext, peek: Peek, token: str, opening: Opening) -> None:
        self._link = link
        self._name = context.name
        self._clock: Clock = context.clock
        self._peek = peek
        self._opening = opening
        self._renewal = options.renew
        self._token = token
        self._find_token = None if options.resume is None else Path(options.resume.token)
        self._epoch = False
        """The next document is the first of a renewal."""
        self._whole = Whole(peek, options.complete, resumed=bool(token))
        meta = {"resumed": "replay" if options.resume and options.resume.replay else "conflated"} if token else {}
        opened = Frame(self._name, "opened", self._clock.now(), token=token, epoch=not token, meta=meta)
        self._ready = [opened, *map(self._frame, opening.kept)]

    async def read(self) -> Sequence[Frame]:
        """One or more frames; the first read begins with ``opened``. Raises Disconnected, Refused."""
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        return [self._frame(message) for message in await self._link.read()]

    async def renew(self, scope: Scope) -> None:
        """Ask for everything afresh; where there is no message for that, a new session does it (and for less than all nothing is done)."""
        if self._renewal is not None:
            await self._link.send(self._opening.written(self._renewal))
            self._whole.again()
            self._epoch = True
        elif scope == WHOLE:
            raise Disconnected("renewal", "a fresh session tells everything")

    def _frame(self, message: bytes) -> Frame:
        if self._find_token is not None:
            found = self._peek.at(message, self._find_token)
            self._token = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else self._token
        epoch, self._epoch = self._epoch, False
        return Frame(self._name, "data", self._clock.now(), message, self._token, epoch=epoch, meta=self._whole.meta(message))


def _filled(value: JsonValue, secret: str, token: str) -> JsonValue:
    if isinstance(value, str):
        return value.replace("{secret}", secret).replace("{token}", token)
    if isinstance(value, dict):
        return {key: _filled(member, secret, token) for key, member in value.items()}
    return [_filled(member, secret, token) for member in value] if isinstance(value, list) else value


def _refusals(options: WebSocketOptions) -> Refusals:
    return {code: (word, HINTS.get(word, "see what the provider says of this close code")) for code, word in options.refusals.items()}
