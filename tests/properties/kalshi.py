"""Kalshi in small, after its AsyncAPI and OpenAPI documents: books by snapshot and change, trades, lifecycle, answers of REST."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import ClassVar, Final

import msgspec
from msgspec import Struct, field

from ingestd.model import Frame
from ingestd.testing.kalshi_keys import private_key
from tests.properties.ledger import Key
from tests.properties.provider import SECOND, Provider

BOOKS, TRADES, LIFECYCLE = 2, 3, 4
"""Numbers of subscriptions."""
OPEN: Final = {"active": "open", "finalized": "settled"}
CENTS: Final = (1, 40, 41, 60)


class Market(Struct):
    """Bids for yes and for no, in cents; ``status`` in the web service's words."""

    ticker: str
    line: float | None
    yes: dict[int, float] = field(default_factory=dict)
    no: dict[int, float] = field(default_factory=dict)
    status: str = "active"
    result: str = ""
    settled_at: int = 0
    said_at: int = 0
    followed: bool = False
    told: bool = False
    """In this session, its state or its book."""


class Kalshi(Provider):
    """Up to four markets of two events."""

    options: ClassVar[Mapping[str, object]] = {"key_id": "k", "private_key": private_key(), "tickers": ["A"]}

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.markets: list[Market] = []
        self.seqs: dict[int, int] = {}
        self.said: list[bytes] = []

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A session, and a book of each market."""
        for _ in range(dice.randint(1, 3)):
            self._found(dice)
        yield from self._session(dice)

    def step(self, dice: Random) -> Iterator[Frame]:
        """A change, a trade, a state, an answer, a snapshot, a repetition, a reconnection."""
        self.wait(dice)
        act = dice.choice(
            (
                *(self._change, self._change, self._change, self._trade, self._turn, self._turn, self._settle),
                *(self._snapshot, self._answered, self._follow, self._again, self._cut, self._renewed),
            )
        )
        yield from act(dice)

    def _found(self, dice: Random) -> Market:
        market = Market(f"T{len(self.markets)}", dice.choice((None, 2.5)))
        self.markets.append(market)
        self._deal(market, dice)
        return market

    def _deal(self, market: Market, dice: Random) -> None:
        for book in (market.yes, market.no):
            book.clear()
            book.update({cents: dice.choice((1.0, 2.5)) for cents in dice.sample(CENTS[:2], dice.randint(0, 2))})

    def _live(self, dice: Random) -> Market | None:
        live = [market for market in self.markets if market.followed and market.status != "finalized"]
        return dice.choice(live) if live else None

    def _say(self, kind: str, sid: int, msg: object, **meta: str) -> Frame:
        said: dict[str, object] = {"type": kind, "sid": sid, "msg": msg}
        if sid != LIFECYCLE:
            self.seqs[sid] = said["seq"] = self.seqs.get(sid, 0) + 1
        frame = self.data(said, meta)
        if sid != LIFECYCLE:
            self.said.append(frame.payload)
        return frame

    def _key(self, market: Market, outcome: str, side: str) -> Key:
        return (market.ticker, outcome, side)

    def _top(self, market: Market, at: int) -> set[Key]:
        """The prices that the best bids come to; which of them are on offer."""
        yes, no = max(market.yes, default=0), max(market.no, default=0)
        there = {
            ("yes", "lay"): (100 / yes if yes else 0.0, market.yes.get(yes)),
            ("no", "back"): (100 / (100 - yes) if yes else 0.0, market.yes.get(yes)),
            ("yes", "back"): (100 / (100 - no) if no else 0.0, market.no.get(no)),
        }
        for (outcome, side), (odds, size) in there.items():
            key = self._key(market, outcome, side)
            if odds:
                self.ledger.price(key, market.ticker, at, odds, line=market.line, size=size)
            else:
                self.ledger.state(key, at, "withdrawn")
        return {self._key(market, *side) for side, (odds, _) in there.items() if odds}

    def _change(self, dice: Random) -> Iterator[Frame]:
        """Of one level, by so much."""
        market = self._live(dice)
        if market is None:
            return
        side, cents, delta = dice.choice(("yes", "no")), dice.choice(CENTS), dice.choice((1.0, 2.5))
        book = market.yes if side == "yes" else market.no
        if cents in book and dice.random() < 0.6:
            delta = -book[cents]
        if cents + max(market.no if side == "yes" else market.yes, default=0) >= 100:
            return
        book[cents] = book.get(cents, 0.0) + delta
        if not book[cents]:
            del book[cents]
        at = self.now // 1000
        self._top(market, at * 1000)
        msg = {
            "market_ticker": market.ticker, "side": side, "price_dollars": f"{cents / 100:.4f}", "delta_fp": f"{delta:.2f}", "ts_ms": at,
        }  # fmt: skip
        yield self._say("orderbook_delta", BOOKS, msg)

    def _trade(self, dice: Random) -> Iterator[Frame]:
        market = self._live(dice)
        if market is None:
            return
        cents, at = dice.choice(CENTS), self.now // 1000
        self.ledger.price(self._key(market, "yes", "traded"), market.ticker, at * 1000, 100 / cents, line=market.line, size=3.0)
        msg = {"market_ticker": market.ticker, "yes_price_dollars": f"{cents / 100:.4f}", "count_fp": "3.00", "ts_ms": at}
        yield self._say("trade", TRADES, msg)

    def _turn(self, dice: Random) -> Iterator[Frame]:
        """Trading stops, goes on, or it is known how it ended."""
        market = self._live(dice)
        if market is None or market.status == "determined":
            return
        kind = dice.choice(("activated", "deactivated", "determined"))
        market.status = {"activated": "active", "deactivated": "inactive", "determined": "determined"}[kind]
        market.said_at = self.now
        msg: dict[str, object] = {"market_ticker": market.ticker, "event_type": kind}
        if kind == "determined":
            msg["result"] = market.result = dice.choice(("yes", "no", "scalar"))
        self.ledger.market(market.ticker, self.now, OPEN.get(market.status, "suspended"))
        yield self._say("market_lifecycle_v2", LIFECYCLE, msg)

    def _settle(self, dice: Random) -> Iterator[Frame]:
        """It is paid out; the time of that has seconds only."""
        market = self._live(dice)
        if market is None or not market.told:
            return
        self._over(market, dice)
        self._ended(market)
        msg = {"market_ticker": market.ticker, "event_type": "settled", "settled_ts": market.settled_at // SECOND}
        yield self._say("market_lifecycle_v2", LIFECYCLE, msg)

    def _over(self, market: Market, dice: Random) -> None:
        market.status, market.settled_at = "finalized", self.now // SECOND * SECOND

    def _ended(self, market: Market) -> None:
        at = market.settled_at
        self.ledger.market(market.ticker, at, "settled")
        for outcome, side in (("yes", "back"), ("yes", "lay"), ("yes", "traded"), ("no", "back")):
            result = "" if market.result not in ("yes", "no") else "won" if market.result == outcome else "lost"
            self.ledger.state(self._key(market, outcome, side), at, "settled", result)

    def _book(self, market: Market, **meta: str) -> Frame:
        """A snapshot: all there is of the market. The last one that is awaited makes everything known."""
        market.told = True
        there = self._top(market, self.now) if market.status != "finalized" else set()
        traded = self._key(market, "yes", "traded")
        self.ledger.listing(market.ticker, self._of(market), there | {traded}, self.now)
        msg: dict[str, object] = {"market_ticker": market.ticker}
        for side, book in (("yes", market.yes), ("no", market.no)):
            if book:
                msg[f"{side}_dollars_fp"] = [[f"{cents / 100:.4f}", f"{size:.2f}"] for cents, size in sorted(book.items())]
        return self._say("orderbook_snapshot", BOOKS, msg, **meta)

    def _of(self, market: Market) -> list[Key]:
        return [key for key, row in self.ledger.rows.items() if row.market == market.ticker]

    def _snapshot(self, dice: Random) -> Iterator[Frame]:
        """One that was asked for; the book may be another by now."""
        market = self._live(dice)
        if market is not None:
            self._deal(market, dice)
            yield self._book(market)

    def _answered(self, dice: Random, *, asked: int | None = None, epoch: bool = False) -> Iterator[Frame]:
        """What the web service says of all markets: what the stream said of a state after the question is newer."""
        if asked is None:
            asked = self.now - dice.choice((0, 0, 3 * SECOND))
            for market in self.markets:
                if market.status == "determined" and market.followed and dice.random() < 0.5:
                    self._over(market, dice)
        for market in self.markets:
            market.told = True
            if market.status == "finalized":
                self._ended(market)
            elif asked >= market.said_at:
                self.ledger.market(market.ticker, self.now, OPEN.get(market.status, "suspended"))
        meta = {"content": "answer", "asked": str(asked)}
        if epoch:
            meta["tickers"] = self._tickers()
        yield self.data({"events": [self._event(name) for name in ("E0", "E1")]}, meta, epoch=epoch)

    def _event(self, name: str) -> dict[str, object]:
        of = [market for number, market in enumerate(self.markets) if f"E{number % 2}" == name]
        return {"event_ticker": name, "series_ticker": "S", "title": "A at B", "category": "Sports", "markets": list(map(self._shape, of))}

    def _shape(self, market: Market) -> dict[str, object]:
        said: dict[str, object] = {
            "ticker": market.ticker, "event_ticker": f"E{self.markets.index(market) % 2}", "yes_sub_title": "B", "status": market.status,
            "result": market.result,
        }  # fmt: skip
        if market.line is not None:
            said |= {"strike_type": "greater", "floor_strike": market.line}
        if market.settled_at:
            said["settlement_ts"] = datetime.fromtimestamp(market.settled_at / SECOND, UTC).isoformat()
        return said

    def _tickers(self) -> str:
        return msgspec.json.encode([market.ticker for market in self.markets if market.followed]).decode()

    def _follow(self, dice: Random) -> Iterator[Frame]:
        """A market is new, or one that is over is not followed any more."""
        over = [market for market in self.markets if market.followed and market.status == "finalized" and market.told]
        if over:
            over[0].followed = False
            yield self._say("ok", BOOKS, {}, tickers=self._tickers())
        elif len(self.markets) < 4:
            market = self._found(dice)
            market.followed = True
            yield from self._answered(dice, asked=self.now)
            yield self._say("ok", BOOKS, {}, tickers=self._tickers())
            yield self._book(market)

    def _again(self, dice: Random) -> Iterator[Frame]:
        """A message that was heard in this subscription, however long ago."""
        if self.said:
            yield self.data(dice.choice(self.said))

    def _cut(self, dice: Random) -> Iterator[Frame]:
        """The link breaks; of what happens meanwhile only books and states as they are by then are heard of."""
        yield self.closed()
        for market in self.markets:
            if market.status != "finalized" and dice.random() < 0.4:
                self._deal(market, dice)
                market.status = dice.choice(("active", "inactive", "determined"))
                market.result = market.result or ("yes" if market.status == "determined" else "")
        gone = [market for market in self.markets if market.followed and dice.random() < 0.15]
        for market in gone:
            self._over(market, dice)
        yield from self._session(dice)

    def _session(self, dice: Random) -> Iterator[Frame]:
        self._anew()
        yield self.opened(tickers=self._tickers())
        yield from self._answered(dice, asked=self.now)
        yield from self._books()

    def _renewed(self, dice: Random) -> Iterator[Frame]:
        """All books anew on the same link: the answers that are known begin the epoch."""
        if any(market.followed and market.status != "finalized" for market in self.markets):
            self._anew()
            yield from self._answered(dice, asked=self.now, epoch=True)
            yield from self._books()

    def _anew(self) -> None:
        """Numbers begin anew, and only what is not over is followed."""
        self.seqs, self.said = {}, []
        for market in self.markets:
            market.followed, market.told, market.said_at = market.status != "finalized", False, 0

    def _books(self) -> Iterator[Frame]:
        """A book of each market that is followed; with the last of them everything is known."""
        followed = [market for market in self.markets if market.followed]
        for number, market in enumerate(followed, 1):
            frame = self._book(market)
            if number == len(followed):
                self._whole()
            yield frame

    def _whole(self) -> None:
        there = {key for market in self.markets if market.followed for key in self._top(market, self.now)}
        traded = {self._key(market, "yes", "traded") for market in self.markets}
        self.ledger.listing("", list(self.ledger.rows), there | traded, self.now)
