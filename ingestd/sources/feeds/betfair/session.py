"""A session with the stream: one or more connections, read as one, with the catalogue's answers among their frames."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import xxhash

from ingestd.errors import Disconnected
from ingestd.interfaces import Clock
from ingestd.model import Frame, Scope
from ingestd.sources.feeds.betfair.catalogue import Catalogue
from ingestd.sources.feeds.betfair.faults import Expired
from ingestd.sources.feeds.betfair.login import Login
from ingestd.sources.feeds.betfair.names import CATALOGUE
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.shard import Clocks, Shard, markets_defined
from ingestd.sources.http import Http
from ingestd.sources.inbox import Inbox, heard_within
from ingestd.sources.transports.lines import Line, Truncated

IMAGE_WITHIN: Final = 60.0
"""Seconds that the image of a renewed subscription may take."""


class Token(msgspec.Struct, rename={"subscription": "s", "clocks": "c"}):
    """Where to resume: valid for one subscription only, and for all its connections together."""

    subscription: str
    clocks: list[Clocks]


def subscription_hash(options: BetfairOptions) -> str:
    """Names everything that a resumption must ask for unchanged."""
    wanted = (options.shards(), options.fields, options.ladder_levels, options.heartbeat_ms, options.conflate_ms)
    return xxhash.xxh3_64_hexdigest(msgspec.json.encode(wanted, order="deterministic"))


def read_token(text: str, options: BetfairOptions) -> list[Clocks] | None:
    """The clocks in a token; None where it is none, or of another subscription."""
    try:
        token = msgspec.json.decode(text, type=Token)
    except msgspec.DecodeError:
        return None
    wanted = subscription_hash(options), len(options.shards())
    return token.clocks if (token.subscription, len(token.clocks)) == wanted else None


class BetfairSession:
    """``read`` and ``renew`` as the seam says; made by the feed once all connections are subscribed."""

    def __init__(  # noqa: PLR0913 - what a session is made of
        self, source: str, options: BetfairOptions, clock: Clock, shards: list[Shard], login: Login, catalogue: Catalogue, *, resumed: bool
    ) -> None:
        self._source = source
        self._options = options
        self._clock = clock
        self._shards = shards
        self._login = login
        self._catalogue = catalogue
        self._hash = subscription_hash(options)
        self._sighted: set[str] = set()
        self._starting = not resumed
        """The first image of a fresh session belongs to the epoch that ``opened`` began."""
        self._reborn = False
        """All connections were asked for an image at once: the first to come begins an epoch."""
        self._inbox = Inbox()
        self._token = ""
        self._clocks: list[Clocks] = []
        self._renew_token()
        self._inbox.put(self._opened(resumed=resumed))
        if resumed and options.names:
            # what was being asked when the last session ended may still be without names
            self._sight(options.market_ids)

    async def read(self) -> Sequence[Frame]:
        """The frames that have come, of all connections, in the order of arrival."""
        return await self._inbox.take()

    async def renew(self, scope: Scope) -> None:
        """A fresh image of the market's connection, or of all."""
        chosen = [shard for shard in self._shards if scope.kind == "market" and shard.holds(scope.id)] or self._shards
        if len(chosen) == len(self._shards):
            self._reborn = True
        # all are asked before the first answer is awaited: nothing of the old subscriptions may slip in between
        due = self._clock.monotonic() + IMAGE_WITHIN
        for shard, request in [(shard, shard.renewal(due)) for shard in chosen]:
            if request:
                await shard.lines.send(request)

    @asynccontextmanager
    async def running(self, http: Http) -> AsyncIterator[None]:
        """Read all connections, prolong the login and fetch names, for as long as this is entered."""
        jobs = [*map(self._pump, self._shards), self._login.keep_alive(http)]
        if self._options.names:
            jobs.append(self._catalogue.run(http, self._deliver))
        async with self._inbox.working(*jobs):
            yield

    async def _pump(self, shard: Shard) -> None:
        """Read one connection until it fails."""
        try:
            lines = shard.early
            while True:
                self._accept_all(shard, lines)
                await self._inbox.room()
                lines = await self._listen(shard)
        except Expired as error:
            self._login.expire(shard.session_token)
            raise Disconnected("session_expired", error.detail) from error

    async def _listen(self, shard: Shard) -> list[Line]:
        if shard.image_due is not None and self._clock.monotonic() >= shard.image_due:
            raise Disconnected("no_image", f"a renewed subscription had none within {IMAGE_WITHIN:g} s")
        return await heard_within(2 * self._options.heartbeat_ms / 1000, shard.lines.read, f"connection {shard.connection_id}")

    def _accept_all(self, shard: Shard, lines: list[Line]) -> None:
        received_at = self._clock.now()
        for line in lines:
            if isinstance(line, Truncated):
                meta = {**shard.meta, "oversize": str(line.size)}
                self._inbox.put(Frame(self._source, "data", received_at, line.head, self._token, meta=meta))
                continue
            taken, begins = shard.take(line)
            if taken:
                self._accept(shard, line, received_at, epoch=begins and self._begins_epoch())

    def _accept(self, shard: Shard, line: bytes, received_at: int, *, epoch: bool) -> None:
        if epoch:
            self._token, self._clocks = "", []
            self._sighted.clear()
        self._renew_token()
        self._inbox.put(Frame(self._source, "data", received_at, line, self._token, epoch, shard.meta))
        if self._options.names:
            self._sight(markets_defined(line))

    def _begins_epoch(self) -> bool:
        """Whether the image that begins now covers everything that a decoder will need from here on."""
        if len(self._shards) > 1:
            reborn, self._reborn = self._reborn, False
            return reborn
        starting, self._starting = self._starting, False
        return not starting

    def _sight(self, market_ids: Iterable[str]) -> None:
        """Names of markets seen for the first time in this epoch: those known at once, the others when they come."""
        unseen = [market_id for market_id in market_ids if market_id not in self._sighted]
        if unseen:
            self._sighted.update(unseen)
            if known := self._catalogue.look(unseen):
                self._deliver(known)

    def _deliver(self, answer: bytes) -> None:
        self._inbox.put(Frame(self._source, "data", self._clock.now(), answer, self._token, meta={"content": CATALOGUE}))

    def _renew_token(self) -> None:
        """The token moves only where every connection has clocks; they are as of the frame at hand."""
        clocks = [shard.clocks for shard in self._shards if shard.clocks is not None]
        if clocks == self._clocks or len(clocks) < len(self._shards):
            return
        self._clocks = clocks
        self._token = msgspec.json.encode(Token(self._hash, clocks)).decode()

    def _opened(self, *, resumed: bool) -> Frame:
        meta = {"connection": ",".join(shard.connection_id for shard in self._shards)}
        if len(self._shards) > 1:
            meta["shards"] = str(len(self._shards))
        if resumed:
            meta["resumed"] = "conflated"
        return Frame(self._source, "opened", self._clock.now(), token=self._token, epoch=not resumed, meta=meta)
