"""Kalshi as a feed: looks which markets there are, opens the signed stream, subscribes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw, Struct

from ingestd.errors import Disconnected, Throttled
from ingestd.interfaces import Decoder, Feed, Session
from ingestd.model import TimeRule
from ingestd.sources.auth import RsaPss, Stamped
from ingestd.sources.feeds.kalshi.decoder import KalshiDecoder
from ingestd.sources.feeds.kalshi.options import KalshiOptions
from ingestd.sources.feeds.kalshi.rest import Catalogue
from ingestd.sources.feeds.kalshi.session import BEATS, KalshiSession
from ingestd.sources.feeds.kalshi.subscriptions import HEARTBEAT
from ingestd.sources.feeds.kalshi.wire import UNREADABLE
from ingestd.sources.http import Http, opened
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions
from ingestd.sources.transports.websocket import Chatter, connect

SIGNED: Final = Stamped(
    key_header="KALSHI-ACCESS-KEY",
    stamp_header="KALSHI-ACCESS-TIMESTAMP",
    signature_header="KALSHI-ACCESS-SIGNATURE",
    text=lambda stamp, method, path: stamp + method + path,
)
"""How Kalshi wants a handshake signed: over milliseconds, method and path (docs.kalshi.com, "API keys")."""


class KalshiFeed:
    """One key and the markets chosen; see ``interfaces.Feed``."""

    time_rule: TimeRule = "ordered"
    renewable = True

    def __init__(self, options: KalshiOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._proof = RsaPss(options.key_id, options.private_key, SIGNED, context.clock)
        self._catalogue = Catalogue(options, context)
        self.silence_limit = BEATS * options.heartbeat_seconds

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator[Session]:
        """A session, afresh: Kalshi resumes none. Raises Disconnected, Throttled, Refused."""
        options, context = self._options, self._context
        chatter = Chatter(say=HEARTBEAT, every=options.heartbeat_seconds)
        async with opened(context.clock, timeout=options.request_timeout) as http:
            await self._look(http)
            headers = self._proof.headers("GET", urlsplit(options.url).path, context.clock.now())
            async with await connect(options.url, timeout=options.connect_timeout, headers=headers, chatter=chatter) as link:
                session = KalshiSession(context.name, options, context.clock, link, self._catalogue)
                await session.subscribe()
                async with session.running(http):
                    yield session

    def decoder(self) -> Decoder:
        """A decoder with empty state."""
        return KalshiDecoder(self._context.name)

    async def _look(self, http: Http) -> None:
        """Which markets there are; where that is known from before, or was told by name, no answer is no hindrance."""
        try:
            await self._catalogue.look(http)
        except (Disconnected, Throttled):
            if not self._catalogue.tickers():
                raise


class _Recorded(Struct):
    """What says in a recorded line, or answer, when it was made."""

    recv_ms: int | None = None
    fetched_at_ms: int | None = None
    msg: Raw = msgspec.field(default_factory=Raw)


class _Stamped(Struct):
    ts_ms: int | None = None


_RECORDED: Final = msgspec.json.Decoder(_Recorded)
_STAMPED: Final = msgspec.json.Decoder(_Stamped)


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed. Raises ConfigError where the private key is none."""
    if not isinstance(options, KalshiOptions):
        raise TypeError(type(options).__name__)
    return KalshiFeed(options, context)


def record_time(payload: bytes) -> int | None:
    """When a recorded message was received, or an answer fetched, else when the message was made; UTC µs."""
    try:
        recorded = _RECORDED.decode(payload)
        found = recorded.recv_ms if recorded.fetched_at_ms is None else recorded.fetched_at_ms
        if found is None and recorded.msg:
            found = _STAMPED.decode(recorded.msg).ts_ms
    except UNREADABLE:
        return None
    return None if found is None else found * 1000


FEED: Final = FeedKind(options=KalshiOptions, build=build, decoder=KalshiDecoder, unit="line", record_time=record_time)
