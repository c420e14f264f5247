"""Betfair's market stream to updates: images, patches, names, and what is missing.

Source: stream API specification, "Change message" and "Re-connection / re-subscription". A decoder keeps every ladder of every market.
In a recording a market begins empty at its first line; on a live stream only an image begins it.
"""

from collections.abc import Mapping
from typing import Final

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Complete, Decoded, Frame, Gap, Reject, Scope, Skipped
from ingestd.sources.feeds.betfair.events import Events
from ingestd.sources.feeds.betfair.market import CLOSED, Market
from ingestd.sources.feeds.betfair.names import CATALOGUE, read_names
from ingestd.sources.feeds.betfair.segments import Content, Segments
from ingestd.sources.feeds.betfair.wire import MarketChange, Problem, read
from ingestd.sources.feeds.betfair.words import Names

MOST_CLOSED: Final = 256
"""Closed markets kept; one that speaks again later has no base."""
MOST_GAPS: Final = 10_000
"""Markets without a base that are remembered as told; beyond, a gap may be told twice."""
_OPERATIONS: Final = frozenset(("mcm", "ocm", "connection", "status"))
_IMAGE: Final = "SUB_IMAGE"


class BetfairDecoder:
    """The whole state of one source's stream; ``markets`` and their ladders may be looked at."""

    def __init__(self, source: str) -> None:
        self._counts = {"lines": 0, "mc": 0, "rc": 0}
        self.counts: Mapping[str, int] = self._counts
        self.markets: dict[str, Market] = {}
        self._source = source
        self._recorded = False
        self._shards = 1
        self._segments = Segments()
        self._published: dict[str, int] = {}
        """When each connection's last message was published, ms; a stream goes forward."""
        self._begin()

    def _begin(self) -> None:
        """Empty state, as at the start of an epoch."""
        self._forget_markets()
        self._segments.clear()
        self._published.clear()
        self._names: dict[str, Names] = {}
        self._imaged: set[str] = set()
        self._blind = False

    def _forget_markets(self) -> None:
        self.markets.clear()
        self._events = Events()
        self._closed: dict[str, None] = {}
        self._without_base: set[str] = set()

    def __call__(self, frame: Frame) -> list[Decoded]:
        """What a frame says. Raises Malformed."""
        if frame.epoch:
            self._begin()
        if frame.kind != "data":
            self._segments.clear()
            self._published.clear()
            if frame.kind == "opened":
                self._recorded = "recorded" in frame.meta
                self._shards = int(frame.meta.get("shards", "1"))
            return []
        if frame.meta.get("content") == CATALOGUE:
            return self._take_names(frame.payload)
        return self._read(frame.payload, frame.meta.get("shard", ""))

    def broken(self, reason: str, frame: Frame | None = None) -> list[Decoded]:
        """A frame is missing: a live stream has no base until its next image; in a recording each market has a hole and goes on."""
        self._segments.clear()
        if self._recorded:
            return [Gap(market.scope, reason) for market in self.markets.values()]
        self._forget_markets()
        self._blind = True
        return [Gap(WHOLE, reason)]

    def _read(self, payload: bytes, shard: str) -> list[Decoded]:
        self._counts["lines"] += 1
        message, counts, problems = read(payload)
        self._counts["mc"] += counts.mc
        self._counts["rc"] += counts.rc
        if message.op != "mcm":
            if message.op in _OPERATIONS:
                return []
            raise Malformed("shape", f"unknown operation {message.op[:40]!r}", "op")
        if not self._recorded:
            self._go_forward(shard, message.pt)
        content = self._segments.assemble(shard, message, problems, len(payload))
        out: list[Decoded] = []
        if content is not None and content.ct == _IMAGE:
            self._take_image(content, shard, out)
        elif content is not None:
            self._take_changes(content, out)
        if problems:
            self._refuse(problems, out)
        return out

    def _go_forward(self, shard: str, pt: int | None) -> None:
        """Raises Malformed for a message older than the one before it: patches out of order leave a state that never was."""
        last = self._published.get(shard, 0)
        if pt is not None and pt < last:
            raise Malformed("sequence", f"published {last - pt} ms before the message that came before it", "pt")
        self._published[shard] = last if pt is None else pt

    def _take_image(self, content: Content, shard: str, out: list[Decoded]) -> None:
        """A fresh image of all that one connection has: what was there before is gone."""
        before = [market for market in self.markets.values() if self._shards == 1 or market.shard == shard]
        for market in before:
            self._forget(market)
        first = shard not in self._imaged
        self._imaged.add(shard)
        self._blind = False
        self._without_base.clear()
        for change in _newest(content.mc, out):
            self._image(change, content.at, shard, out)
        if not content.bad and (first or self._shards == 1):
            # in an epoch just begun, the last of the connections makes it whole
            if len(self._imaged) == self._shards:
                listed = frozenset(chosen for market in self.markets.values() for chosen in market.listed())
                out.append(Complete(WHOLE, listed, content.at))
            return
        whole = {change.id: self.markets[change.id] for change in content.mc if change.id in self.markets}
        out.extend(_complete(market, content.at) for market in whole.values() if market.id not in content.bad)
        if "" not in content.bad:
            gone = (market for market in before if market.id not in self.markets and market.id not in content.bad)
            out.extend(Complete(market.scope, frozenset(), content.at) for market in gone)

    def _take_changes(self, content: Content, out: list[Decoded]) -> None:
        at = content.at
        for index, change in enumerate(content.mc):
            market = self.markets.get(change.id)
            if change.img:
                market = self._image(change, at, market.shard if market else "", out)
                if change.id not in content.bad:
                    out.append(_complete(market, at))
            elif market is not None:
                self._change(market, change, at, out)
            elif self._recorded:
                market = self._open(change.id, "")
                out.append(Complete(market.scope, frozenset(), at))
                self._change(market, change, at, out)
            else:
                self._reject_delta(change.id, f"mc[{index}]", out)

    def _change(self, market: Market, change: MarketChange, at: int | None, out: list[Decoded]) -> None:
        if change.definition is None:
            market.apply(change, at, out)
            return
        before = market.definition
        market.apply(change, at, out)
        out[:0] = self._events.tell(market, before)
        self._watch_closed(market)

    def _image(self, change: MarketChange, at: int | None, shard: str, out: list[Decoded]) -> Market:
        market = self.markets.get(change.id) or self._open(change.id, shard)
        self._without_base.discard(change.id)
        before = market.definition
        market.replace(change, at, out)
        out[:0] = self._events.tell(market, before)
        self._watch_closed(market)
        return market

    def _open(self, market_id: str, shard: str) -> Market:
        market = self.markets[market_id] = Market(self._source, market_id, shard)
        if (names := self._names.get(market_id)) is not None:
            market.names = names
        return market

    def _forget(self, market: Market) -> None:
        del self.markets[market.id]
        self._closed.pop(market.id, None)
        self._events.forget(market)

    def _watch_closed(self, market: Market) -> None:
        self._closed.pop(market.id, None)
        if market.definition is None or market.definition.status != CLOSED:
            return
        self._closed[market.id] = None
        if len(self._closed) > MOST_CLOSED:
            oldest = next(iter(self._closed))
            self._names.pop(oldest, None)
            self._forget(self.markets[oldest])

    def _take_names(self, payload: bytes) -> list[Decoded]:
        names, rejects = read_names(payload)
        out: list[Decoded] = []
        for market_id, found in names.items():
            self._names[market_id] = found
            if (market := self.markets.get(market_id)) is not None:
                market.rename(found, out)
                out[:0] = self._events.tell(market, market.definition)
        return [*out, *rejects]

    def _reject_delta(self, market_id: str, path: str, out: list[Decoded]) -> None:
        reason = f"a change of market {market_id[:40]} before its image"
        out.append(Reject(stage="decode", category="no_base", reason=reason, severity="warning", path=path))
        if not self._blind:
            self._gap(market_id, "no_base", out)

    def _gap(self, market_id: str, reason: str, out: list[Decoded]) -> None:
        if market_id in self._without_base:
            return
        if len(self._without_base) >= MOST_GAPS:
            self._without_base.clear()
        self._without_base.add(market_id)
        out.append(Gap(Scope("market", market_id), reason))

    def _refuse(self, problems: list[Problem], out: list[Decoded]) -> None:
        """Elements that cannot be read: their market has a hole now; where not even the market is known, every one may have it."""
        out.extend(Reject(stage="decode", category="shape", reason=problem.error, path=problem.path) for problem in problems)
        for market_id in dict.fromkeys(problem.market for problem in problems):
            market = self.markets.get(market_id)
            if not market_id:
                out.extend(self.broken("unreadable"))
            elif self._recorded:
                out.append(Gap(Scope("market", market_id), "unreadable"))
            else:
                if market is not None:
                    self._forget(market)
                self._gap(market_id, "unreadable", out)


def _complete(market: Market, at: int | None) -> Complete:
    return Complete(market.scope, frozenset(market.listed()), at)


def _newest(mc: list[MarketChange], out: list[Decoded]) -> list[MarketChange]:
    """The changes of an image; a market that was moved under another event stands in it twice, and the higher version counts."""
    found: dict[str, MarketChange] = {}
    for change in mc:
        other = found.get(change.id)
        if other is not None:
            out.append(Skipped("duplicate", "market twice in an image"))
            if _version(other) > _version(change):
                continue
        found[change.id] = change
    return list(found.values())


def _version(change: MarketChange) -> int:
    return change.definition.version if change.definition is not None else -1
