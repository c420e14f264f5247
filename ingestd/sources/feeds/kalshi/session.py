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
from ingestd.sources.feeds.kalshi.subscriptions import Subscriptions, Taken
from ingestd.sources.feeds.kalshi.wire import UNREADABLE, read, ticker_of
from ingestd.sources.http import Http
from ingestd.sources.transports.websocket import WebSocket

MOST_WAITING: Final = 8 * 1024 * 1024
"""Bytes of frames that may wait to be read; beyond, nothing is taken off the wire."""


class KalshiSession:
    """``read`` and ``renew`` as the seam says; ``subscribe`` it first, then have it ``running``."""

    def __init__(self, source: str, options: KalshiOptions, clock: Clock, link: WebSocket, catalogue: Catalogue) -> None:
        self._source = source
        self._options = options
        self._clock = clock
        self._link = link
        self._catalogue = catalogue
        self._subscriptions = Subscriptions(options.channels, catalogue.tickers())
        self._answer_due = _Due(options.connect_timeout)
        self._image_due = _Due(options.connect_timeout)
        self._failure: Exception | None = None
        self._ready: list[Frame] = []
        self._waiting = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._put(Frame(source, "opened", clock.now(), epoch=True, meta=self._subscriptions.meta()))
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
        await self._filled.wait()
        if not self._ready and self._failure is not None:
            raise self._failure
        frames, self._ready = self._ready, []
        self._waiting = 0
        self._room.set()
        if self._failure is None:
            self._filled.clear()
        return frames

    async def renew(self, scope: Scope) -> None:
        """A snapshot of one market; or all books anew, or, where there are none to be had, the word that there are none."""
        self._subscriptions.renew(scope.id if scope.kind == "market" else None)
        if not self._subscriptions.tickers and scope.kind != "market":
            self._hand_on(self._catalogue.latest(), epoch=True)
        await self._command()

    @asynccontextmanager
    async def running(self, http: Http) -> AsyncIterator[None]:
        """Read the stream and look for new markets, for as long as this is entered."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._pump()), loop.create_task(self._catalogue.keep_looking(http, self._deliver))]
        for task in tasks:
            task.add_done_callback(self._done)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A job of this session never ends well by itself: hand its error to the reader, whatever it is."""
        if task.cancelled():
            return
        error = task.exception()
        if self._failure is None and isinstance(error, Exception):
            self._failure = error
        self._filled.set()

    async def _pump(self) -> None:
        """Read the stream until it fails."""
        while True:
            while self._waiting > MOST_WAITING:
                self._room.clear()
                await self._room.wait()
            try:
                messages = await self._link.read()
            except Disconnected as error:
                if error.reason == "oversize":
                    self._put(Frame(self._source, "data", self._clock.now(), meta={"oversize": error.detail}))
                raise
            await self._accept(messages)
            self._filled.set()

    async def _accept(self, messages: Sequence[bytes]) -> None:
        received_at = self._clock.now()
        for message in messages:
            taken = self._subscriptions.take(message)
            if taken.hand_on and not self._foreign(message):
                self._put(Frame(self._source, "data", received_at, message, epoch=taken.epoch, meta=taken.meta))
                self._after(taken)
        if self._subscriptions.fresh & set(self._options.series_tickers):
            self._catalogue.hurry()
        self._subscriptions.fresh.clear()
        await self._command()

    def _after(self, taken: Taken) -> None:
        """A decoder that begins empty is told again what things are called."""
        if taken.epoch:
            self._hand_on(self._catalogue.latest())

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
            raise Disconnected("timeout", f"a command was not answered within {self._options.connect_timeout:g} s")
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
            self._put(Frame(self._source, "data", self._clock.now(), answer.body, epoch=begins, meta=meta))

    def _put(self, frame: Frame) -> None:
        self._ready.append(frame)
        self._waiting += frame.weight
        self._filled.set()


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
