"""Polymarket as a feed: nothing resumes there, so every session begins with a fresh image of everything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.interfaces import Decoder, Feed, Session
from ingestd.model import TimeRule
from ingestd.sources.feeds.polymarket.catalogue import Catalogue
from ingestd.sources.feeds.polymarket.decoder import PolymarketDecoder
from ingestd.sources.feeds.polymarket.images import Images
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.feeds.polymarket.session import PolymarketSession
from ingestd.sources.feeds.polymarket.shard import UNANSWERED
from ingestd.sources.feeds.polymarket.wire import UNREADABLE
from ingestd.sources.feeds.polymarket.words import microseconds
from ingestd.sources.http import opened
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions


class PolymarketFeed:
    """One selection of events; see ``interfaces.Feed``."""

    time_rule: TimeRule = "ordered"
    renewable = True

    def __init__(self, options: PolymarketOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._catalogue = Catalogue(options)
        # a request to Gamma may take its time before there is a connection that says anything
        self.silence_limit = max(UNANSWERED * options.ping_every, options.request_timeout) + 1.0

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator[Session]:
        """A session; its frames begin with what Gamma lists. What Gamma and the channel refuse, ``read`` raises."""
        options, context = self._options, self._context
        async with opened(context.clock, timeout=options.request_timeout) as http:
            images = Images(options, context.clock, context.random)
            session = PolymarketSession(context.name, options, context.clock, self._catalogue, images)
            async with session.running(http):
                yield session

    def decoder(self) -> Decoder:
        """A decoder with empty state."""
        return PolymarketDecoder(self._context.name)


class _Stamp(Struct):
    timestamp: str | int | None = None


def build(options: FeedOptions, context: FeedContext) -> Feed:
    """The live feed."""
    if not isinstance(options, PolymarketOptions):
        raise TypeError(type(options).__name__)
    return PolymarketFeed(options, context)


def record_time(payload: bytes) -> int | None:
    """When a recorded message was made, UTC µs; Gamma's answers have no such time."""
    try:
        found = _STAMP.decode(payload)
    except UNREADABLE:
        return None
    stamps = [microseconds(one.timestamp) for one in (found if isinstance(found, list) else [found])]
    return next((stamp for stamp in stamps if stamp is not None), None)


_STAMP: Final = msgspec.json.Decoder(list[_Stamp] | _Stamp)
FEED: Final = FeedKind(options=PolymarketOptions, build=build, decoder=PolymarketDecoder, unit="line", record_time=record_time)
