"""Kalshi's messages and answers to updates: books folded, holes noticed, names and results around them.

On a live stream only a snapshot begins a book; the first frame of an epoch says (``tickers``) of which markets there will be one, and
when all have come everything is complete. A recording is mostly a part of a stream, so that its numbers have holes of right.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from ingestd.model import WHOLE, Complete, Decoded, Frame, Gap, Scope, Skipped
from ingestd.sources.feeds.kalshi.answers import read_answer, reject
from ingestd.sources.feeds.kalshi.market import Market, NegativeLevel
from ingestd.sources.feeds.kalshi.names import Names
from ingestd.sources.feeds.kalshi.sequence import Sequence
from ingestd.sources.feeds.kalshi.wire import (
    DELTA,
    DOLLAR,
    EVENT_CREATED,
    LIFECYCLE,
    SNAPSHOT,
    TRADE,
    UNREADABLE,
    Envelope,
    first_line,
    read,
    stamp,
    ticker_of,
)

ANSWER: Final = "answer"
"""``content`` in the meta of a frame that holds an answer of the web service."""
KINDS: Final = {"orderbook_snapshot": "snapshots", "orderbook_delta": "deltas", "trade": "trades"}


class KalshiDecoder:
    """The whole state of one source; ``markets`` and their books may be looked at."""

    def __init__(self, source: str) -> None:
        self._counts = {"messages": 0, "snapshots": 0, "deltas": 0, "trades": 0, "answers": 0}
        self.counts: Mapping[str, int] = self._counts
        self.markets: dict[str, Market] = {}
        self._source = source
        self._recorded = False
        self._takes: dict[str, Callable[[Envelope, Frame, list[Decoded]], None]] = {
            "orderbook_delta": self._delta,
            "orderbook_snapshot": self._snapshot,
            "trade": self._trade,
            "market_lifecycle_v2": self._lifecycle,
            "event_lifecycle": self._event_created,
            "ok": self._followed,
            "error": self._ended,
        }
        self._begin()

    def _begin(self) -> None:
        """Empty state, as at the start of an epoch."""
        self.markets.clear()
        self._sequence = Sequence()
        self._awaited: frozenset[str] | None = None
        """Markets whose books there are or will be; None: nobody said."""
        self._whole = False
        self._lost: set[str] = set()
        """Markets whose gap is told."""
        self._blind = False
        """A gap of everything is told; until it is mended, one of a single market needs no word."""
        self._names = Names(self._market)

    def __call__(self, frame: Frame) -> list[Decoded]:
        """What a frame says. Raises Malformed."""
        if frame.epoch:
            self._begin()
        if "tickers" in frame.meta:
            self._awaited = frozenset(msgspec.json.decode(frame.meta["tickers"], type=list[str]))
        if frame.kind != "data":
            if frame.kind == "opened":
                self._recorded = "recorded" in frame.meta
            return self._completed()
        if frame.meta.get("content") == ANSWER or frame.payload[:80].lstrip()[:1] == b"[":
            return self._answer(frame)
        message = read(frame.payload)
        return self._message(message, frame) if message.type else self._answer(frame)

    def broken(self, reason: str, frame: Frame | None = None) -> list[Decoded]:
        """A frame is missing. Live, no book has a base until its next snapshot; in a recording each has a hole and goes on.

        An answer that cannot be read costs nothing: it will be asked for again.
        """
        if frame is not None and frame.meta.get("content") == ANSWER:
            return []
        self._sequence.clear()
        if self._recorded:
            return [Gap(market.scope, reason) for market in self.markets.values()]
        for market in self.markets.values():
            market.forget()
        self._whole, self._blind = False, True
        return [Gap(WHOLE, reason)]

    def _message(self, message: Envelope, frame: Frame) -> list[Decoded]:
        self._counts["messages"] += 1
        if (kind := KINDS.get(message.type)) is not None:
            self._counts[kind] += 1
        verdict = "next" if self._recorded else self._sequence.of(message)
        if verdict == "again":
            return [Skipped("duplicate", "sequence")]
        out: list[Decoded] = []
        if verdict == "hole":
            self._missed(message.type, "sequence", out)
        take = self._takes.get(message.type)
        if take is not None:
            take(message, frame, out)
        return out

    def _missed(self, kind: str, reason: str, out: list[Decoded]) -> None:
        """Trades that were missed cost no book its base, and no later message brings them: the gap ends as it began."""
        if kind != "trade":
            out += self.broken(reason)
        elif self._whole:
            out += [Gap(WHOLE, reason), self._everything()]

    def _snapshot(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        try:
            snapshot = SNAPSHOT.decode(message.msg)
            books = snapshot.levels()
        except UNREADABLE as error:
            self._refuse(message, error, out)
            return
        if self._left_out(snapshot.market_ticker, out):
            return
        market = self._market(snapshot.market_ticker)
        market.replace(books, out)
        self._lost.discard(market.ticker)
        out.append(Complete(market.scope, frozenset(market.listed())))
        out += self._completed()

    def _delta(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        try:
            delta = DELTA.decode(message.msg)
            price, change = delta.change()
        except UNREADABLE as error:
            self._refuse(message, error, out)
            return
        market = self.markets.get(delta.market_ticker)
        if market is None or not market.based:
            if not self._left_out(delta.market_ticker, out):
                out.append(reject("no_base", f"a change of {delta.market_ticker[:60]} before its book"))
                self._gap(delta.market_ticker, "no_base", out)
            return
        try:
            market.apply(delta.side, price, change, stamp(delta.ts_ms, delta.ts), out)
        except NegativeLevel:
            market.forget()
            out.append(reject("negative", f"less than nothing at {price / DOLLAR:g} of {market.ticker[:60]}"))
            self._gap(market.ticker, "negative", out)

    def _trade(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        try:
            trade = TRADE.decode(message.msg)
            price, size = trade.terms()
        except UNREADABLE as error:
            out.append(reject("shape", first_line(error), "msg"))
            return
        if not self._left_out(trade.market_ticker, out):
            self._market(trade.market_ticker).trade(price, size, trade.stamp(), out)

    def _lifecycle(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        try:
            said = LIFECYCLE.decode(message.msg)
        except UNREADABLE as error:
            out.append(reject("shape", first_line(error), "msg"))
            return
        self._names.lifecycle(said, frame.received_at, out, recorded=self._recorded)

    def _event_created(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        try:
            said = EVENT_CREATED.decode(message.msg)
        except UNREADABLE as error:
            out.append(reject("shape", first_line(error), "msg"))
            return
        self._names.created(said, out)

    def _followed(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        """A subscription covers other markets than before: ``tickers`` in the meta has said which."""
        for ticker in self.markets.keys() - self._awaited if self._awaited is not None else ():
            self.markets[ticker].forget()
        out += self._completed()

    def _ended(self, message: Envelope, frame: Frame, out: list[Decoded]) -> None:
        """A subscription ended with an error, and the session has asked for another: ``lost`` says of which channel."""
        if "lost" in frame.meta:
            self._missed(frame.meta["lost"], "ended", out)

    def _answer(self, frame: Frame) -> list[Decoded]:
        self._counts["answers"] += 1
        asked_at = int(frame.meta.get("asked", frame.received_at))
        return [*self._names.answer(read_answer(frame.payload), asked_at, recorded=self._recorded), *self._completed()]

    def _market(self, ticker: str) -> Market:
        market = self.markets.get(ticker)
        if market is None:
            market = self.markets[ticker] = Market(self._source, ticker)
        return market

    def _left_out(self, ticker: str, out: list[Decoded]) -> bool:
        """Whether nobody asked for this market, or no longer does."""
        if self._awaited is None or ticker in self._awaited:
            return False
        out.append(Skipped("filtered", "not followed"))
        return True

    def _completed(self) -> list[Decoded]:
        """Said once every book that is awaited is there."""
        awaited = self._awaited
        if awaited is None or self._whole:
            return []
        if not all(ticker in self.markets and self.markets[ticker].based for ticker in awaited):
            return []
        self._whole, self._blind = True, False
        self._lost.clear()
        return [self._everything()]

    def _everything(self) -> Complete:
        return Complete(WHOLE, frozenset(chosen for market in self.markets.values() for chosen in market.listed()))

    def _refuse(self, message: Envelope, error: Exception, out: list[Decoded]) -> None:
        """A book, or a change of one, that cannot be read: it has no base now; where not even whose it is can be told, none has."""
        out.append(reject("shape", first_line(error), "msg"))
        ticker = ticker_of(message)
        if not ticker:
            out += self.broken("unreadable")
            return
        self._market(ticker).forget()
        self._gap(ticker, "unreadable", out)

    def _gap(self, ticker: str, reason: str, out: list[Decoded]) -> None:
        if ticker not in self._lost and not self._blind:
            self._lost.add(ticker)
            out.append(Gap(Scope("market", ticker), reason))
