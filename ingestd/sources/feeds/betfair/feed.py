"""Betfair as a feed: opens its connections, resumes where that is possible, and begins afresh where it is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final

import msgspec

from ingestd.errors import Disconnected
from ingestd.interfaces import Decoder, Feed, Session
from ingestd.model import TimeRule
from ingestd.sources.auth import client_tls
from ingestd.sources.feeds.betfair.catalogue import Catalogue
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.faults import Expired, StaleClock
from ingestd.sources.feeds.betfair.login import Login
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.session import BetfairSession, read_token
from ingestd.sources.feeds.betfair.shard import Clocks, Shard
from ingestd.sources.feeds.betfair.wire import UNREADABLE, Envelope
from ingestd.sources.http import Http, opened
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions
from ingestd.sources.transports.lines import connect

ATTEMPTS: Final = 4
"""Handshakes in one connection attempt: as resumed, with a new login, afresh, and one to spare."""


Subscribed = tuple[list[Shard], bool]
"""Connections ready to be read, and whether they were resumed."""


class BetfairFeed:
    """One account and one subscription; see ``interfaces.Feed``."""

    time_rule: TimeRule = "ordered"
    renewable = True

    def __init__(self, options: BetfairOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._tls = client_tls(options.tls_ca_file)
        self._client_tls = client_tls(options.tls_ca_file, options.cert_file, options.key_file)
        self._login = Login(options, context)
        self._catalogue = Catalogue(options, context, self._login)
        self.silence_limit = 2 * options.heartbeat_ms / 1000

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator[Session]:
        """A session; its first frame says whether it goes on where ``resume`` pointed."""
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(self.web())
            shards, resumed = await self._subscribed(stack, http, read_token(resume, self._options))
            session = BetfairSession(
                self._context.name, self._options, self._context.clock, shards, self._login, self._catalogue, resumed=resumed
            )
            async with session.running(http):
                yield session

    def web(self) -> AbstractAsyncContextManager[Http]:
        """A client of the web services; it has the certificate that a login shows."""
        return opened(self._context.clock, tls=self._client_tls, timeout=self._options.request_timeout)

    def decoder(self) -> Decoder:
        """A decoder with empty state."""
        return BetfairDecoder(self._context.name)

    async def _subscribed(self, stack: AsyncExitStack, http: Http, clocks: list[Clocks] | None) -> Subscribed:
        """All connections, subscribed, and whether they were resumed; a stale clock or an expired login costs another handshake."""
        renewed = False
        for _ in range(ATTEMPTS):
            token = await self._login.token(http)
            try:
                async with AsyncExitStack() as attempt:
                    shards = await self._shards(attempt, token, clocks)
                    stack.push_async_exit(attempt.pop_all())
                    return shards, clocks is not None
            except StaleClock:
                clocks = None
            except Expired:
                if renewed or not self._login.expire(token):
                    raise
                renewed = True
        raise Disconnected("handshake", f"not subscribed after {ATTEMPTS} attempts")

    async def _shards(self, stack: AsyncExitStack, token: str, clocks: list[Clocks] | None) -> list[Shard]:
        options = self._options
        filters = options.shards()
        shards: list[Shard] = []
        for index, market_filter in enumerate(filters):
            lines = await stack.enter_async_context(
                await connect(options.host, options.port, tls=self._tls, timeout=options.connect_timeout)
            )
            shard = Shard(lines, market_filter, options, {"shard": str(index)} if len(filters) > 1 else {})
            try:
                async with asyncio.timeout(options.connect_timeout):
                    await shard.greet()
                    await shard.authenticate(token)
                    await shard.subscribe(clocks[index] if clocks else None)
            except TimeoutError as error:
                raise Disconnected("timeout", f"{options.host}: handshake of {options.connect_timeout:g} s") from error
            shards.append(shard)
        return shards


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed. Raises ConfigError where a certificate cannot be used."""
    if not isinstance(options, BetfairOptions):
        raise TypeError(type(options).__name__)
    return BetfairFeed(options, context)


def record_time(payload: bytes) -> int | None:
    """When a recorded line was published, UTC µs."""
    try:
        found = _ENVELOPE.decode(payload).pt
    except UNREADABLE:
        return None
    return None if found is None else found * 1000


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
FEED: Final = FeedKind(options=BetfairOptions, build=build, decoder=BetfairDecoder, unit="line", record_time=record_time)
