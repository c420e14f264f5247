"""A session with Kalshi: the stream, with the answers of the web service among its frames."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from ingestd.errors import Disconnected
from ingestd.interfaces import Clock
from ingestd.model import Frame, Scope
from ingestd.sources.feeds.kalshi.decoder import ANSWER
from ingestd.sources.feeds.kalshi.options import KalshiOptions
from ingestd.sources.feeds.kalshi.rest import Catalogue, Heard
from ingestd.sources.feeds.kalshi.subscriptions import Subscriptions
from ingestd.sources.feeds.kalshi.wire import UNREADABLE, read, ticker_of
from ingestd.sources.http import Http
from ingestd.sources.inbox import Inbox, heard_within
from ingestd.sources.transports.websocket import WebSocket

BEATS: Final = 3
"""Heartbeats without an answer after which the stream counts as dead."""


class KalshiSession:
    """``read`` and ``renew`` as the seam says; ``subscribe`` it first, then have it ``running``."""

    def __init__(self, source: str, options: KalshiOptions, clock: Clock, link: WebSocket, catalogue: Catalogue) -> None:
        self._source = source
        self._options = options
        self._clock = clock
        self._link = link
        self._catalogue = catalogue
        self._heard = clock.monotonic()
        """When the stream was; answers of the web service say nothing of that."""
        self._silence = BEATS * options.heartbeat_seconds
        self._subscriptions = Subscriptions(options.channels, catalogue.tickers())
        self._answer_due = _Due(options.connect_timeout)
        self._image_due = _Due(options.connect_timeout)
        self._inbox = Inbox()
        self._inbox.put(Frame(source, "opened", clock.now(), epoch=True, meta=self._subscriptions.meta()))
        self._hand_on(catalogue.latest())

    async def subscribe(self) -> None:
        """Subscribe to every channel and wait until each is confirmed. Raises Disconnected, Throttled, Refused."""
        wait = self._options.connect_timeout
        try:
            async with asyncio.timeout(wait):
                await self._command()
                while self._subscriptions.waiting:
                    await self._accept(await self._link.read())
        except TimeoutError as error:
            raise Disconnected("timeout", f"not subscribed within {wait:g} s") from error

    async def read(self) -> Sequence[Frame]:
        """What has come, in the order of arrival; nothing where it only shows that the stream is alive."""
        return await self._inbox.take()

    async def renew(self, scope: Scope) -> None:
        """A snapshot of one market; or all books anew, or, where there are none to be had, the word that there are none."""
        self._subscriptions.renew(scope.id if scope.kind == "market" else None)
        if not self._subscriptions.tickers and scope.kind != "market":
            self._hand_on(self._catalogue.latest(), epoch=True)
        await self._command()

    @asynccontextmanager
    async def running(self, http: Http) -> AsyncIterator[None]:
        """Read the stream and look for new markets, for as long as this is entered."""
        async with self._inbox.working(self._pump(), self._catalogue.keep_looking(http, self._deliver)):
            yield

    async def _pump(self) -> None:
        """Read the stream until it fails."""
        while True:
            await self._inbox.room()
            try:
                messages = await heard_within(self._silence, self._link.read, "the stream")
            except Disconnected as error:
                if error.reason == "oversize":
                    self._inbox.put(Frame(self._source, "data", self._clock.now(), meta={"oversize": error.detail}))
                raise
            await self._accept(messages)
            self._inbox.alive()

    async def _accept(self, messages: Sequence[bytes]) -> None:
        received_at = self._clock.now()
        self._heard = self._clock.monotonic()
        for message in messages:
            taken = self._subscriptions.take(message)
            if taken.hand_on and not self._foreign(message):
                # a decoder that begins empty is told first what things are called: else it would tell every price twice
                known = self._catalogue.latest() if taken.epoch else ()
                self._hand_on(known, epoch=True)
                self._inbox.put(Frame(self._source, "data", received_at, message, epoch=taken.epoch and not known, meta=taken.meta))
        if self._subscriptions.fresh & set(self._options.series_tickers):
            self._catalogue.hurry()
        self._subscriptions.fresh.clear()
        await self._command()

    def _foreign(self, message: bytes) -> bool:
        """The lifecycle channel tells of every market that Kalshi has; most are nobody's business here."""
        if b'"market_lifecycle_v2"' not in message:
            return False
        try:
            found = read(message)
        except UNREADABLE:
            return False
        return found.type == "market_lifecycle_v2" and not self._catalogue.known(ticker_of(found))

    async def _command(self) -> None:
        """Send what is to be sent; ask again for books that do not come. Raises Disconnected where an answer is overdue."""
        subscriptions = self._subscriptions
        now = self._clock.monotonic()
        if self._answer_due.passed(now, waiting=subscriptions.waiting):
            wait = self._options.connect_timeout
            raise Disconnected("timeout", f"a command was not answered within {wait:g} s", now - self._heard)
        if self._image_due.passed(now, waiting=bool(subscriptions.missing)):
            subscriptions.ask_again()
        outbox, subscriptions.outbox = subscriptions.outbox, []
        for command in outbox:
            await self._link.send(command)

    async def _deliver(self, heard: Sequence[Heard]) -> None:
        """The web service was asked again: hand its answers on, and follow what they name, up to its settlement."""
        catalogue, subscriptions = self._catalogue, self._subscriptions
        subscriptions.follow({*catalogue.tickers(), *(ticker for ticker in subscriptions.tickers if not catalogue.over(ticker))})
        self._hand_on(heard)
        await self._command()

    def _hand_on(self, heard: Sequence[Heard], *, epoch: bool = False) -> None:
        for index, answer in enumerate(heard):
            begins = epoch and index == 0
            meta = {"content": ANSWER, "url": answer.url, "asked": str(answer.asked_at)}
            meta |= self._subscriptions.meta() if begins else {}
            self._inbox.put(Frame(self._source, "data", self._clock.now(), answer.body, epoch=begins, meta=meta))


class _Due:
    """Whether something was waited for too long, on the monotonic clock; then the wait begins anew."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._at: float | None = None

    def passed(self, now: float, *, waiting: bool) -> bool:
        """Look again."""
        if not waiting:
            self._at = None
        elif self._at is None:
            self._at = now + self._patience
        elif now >= self._at:
            self._at = now + self._patience
            return True
        return False
