"""One market: its two books of bids, what they are worth as odds, and the words around it.

Only bids exist. Whoever bids q for no offers yes at 1 - q, so a market has two best prices, and three ways of asking for them:

``yes`` ``back``  1 / (1 - best no bid), what yes can be bought at
``yes`` ``lay``   1 / best yes bid, what yes can be sold at
``no``  ``back``  1 / (1 - best yes bid), what no can be bought at

What yes and no are in our words, ``meanings`` says.

The last two say the same bid twice: one for whoever reads Kalshi as an exchange, one because whoever compares what can be backed (the
view ``best_odds``) must find both outcomes. ``no`` ``lay`` would say ``yes`` ``back`` again, and nobody looks for it. ``yes`` ``traded``
is the last trade.
"""

from typing import Final

from ingestd.model import Decoded, MarketStatus, Quote, QuoteResult, Scope, Selection, Side, Status, selection
from ingestd.sources.feeds.kalshi.meanings import Words, meaning
from ingestd.sources.feeds.kalshi.wire import DOLLAR, BookSide

BOOKMAKER: Final = "kalshi"
YES_BACK, YES_LAY, YES_TRADED, NO_BACK = range(4)
SIDES: Final[tuple[tuple[BookSide, Side], ...]] = (("yes", "back"), ("yes", "lay"), ("yes", "traded"), ("no", "back"))
TOLD_BY: Final[dict[BookSide, tuple[int, ...]]] = {"yes": (YES_LAY, NO_BACK), "no": (YES_BACK,)}
"""Which sides the best bid of a book is the price of."""

Top = tuple[int, int]
"""The best bid: price and size; (0, 0) where there is none."""
NOTHING: Final[Top] = (0, 0)


class NegativeLevel(Exception):
    """A level would hold less than nothing: something was missed."""


class Market:
    """Begins without a base; ``replace`` gives it one. ``settled``: nothing is told of its prices any more."""

    def __init__(self, source: str, ticker: str) -> None:
        self.ticker = ticker
        self.scope = Scope("market", ticker)
        self.words = Words()
        self._meaning = meaning(ticker, self.words)
        self.books: dict[BookSide, dict[int, int]] = {"yes": {}, "no": {}}
        self.tops: dict[BookSide, Top] = {"yes": NOTHING, "no": NOTHING}
        self.based = False
        self.status: Status | None = None
        self.status_at = 0
        """When the stream last spoke of its status, by our clock."""
        self.result: str = ""
        self.settled = False
        self._source = source
        self._selections: list[Selection | None] = [None] * len(SIDES)
        self._told: dict[int, Quote] = {}

    def replace(self, books: dict[BookSide, dict[int, int]], out: list[Decoded]) -> None:
        """Take a whole book."""
        self.books = books
        self.based = True
        for side, book in books.items():
            best = max(book, default=0)
            self._turn(side, (best, book[best]) if best else NOTHING, None, out)

    def apply(self, side: BookSide, price: int, change: int, at: int | None, out: list[Decoded]) -> None:
        """Take a change of one level, made at ``at`` (UTC µs). Raises NegativeLevel."""
        book = self.books[side]
        size = book.get(price, 0) + change
        best = self.tops[side][0]
        if size > 0:
            book[price] = size
            best = max(best, price)
        elif size < 0:
            raise NegativeLevel
        elif book.pop(price, None) and price == best:
            best = max(book, default=0)
        top = (best, book[best]) if best else NOTHING
        if top != self.tops[side]:
            self._turn(side, top, at, out)

    def top(self, side: BookSide, top: Top, out: list[Decoded]) -> None:
        """Take the best bid alone, as the web service tells it."""
        self._turn(side, top, None, out)

    def trade(self, price: int, size: int | None, at: int | None, out: list[Decoded]) -> None:
        """Take a trade; ``size`` None: nobody said how much."""
        self._tell(YES_TRADED, DOLLAR / price, size, at, out)

    def forget(self) -> None:
        """Something is missing: there is no base until the next whole book."""
        self.based = False

    def describe(self, words: Words, out: list[Decoded]) -> None:
        """Take other words, and tell again what was told under the old ones."""
        if words == self.words:
            return
        self.words = words
        self._meaning = meaning(self.ticker, words)
        self._selections = [None] * len(SIDES)
        for side, told in self._told.items():
            price = told.price if told.status == "open" else None
            line = self._line(side) if told.status == "open" else told.line
            self._say(side, Quote(self._select(side), price, told.size, told.status, line, told.changed_at, told.result), out)

    def state(self, status: Status, at: int | None, out: list[Decoded]) -> None:
        """Take the status of the market as a whole; one that is settled stays so."""
        if status == self.status or self.settled:
            return
        self.status = status
        out.append(
            MarketStatus(
                source_event_id=self.words.event_id,
                source_market_id=self.ticker,
                market=self._meaning.market,
                status=status,
                changed_at=at,
            )
        )

    def settle(self, at: int | None, out: list[Decoded], *, price: float | None = None) -> None:
        """The market is over, and ended as ``result`` says. ``price`` NO_PRICE: say so, where no last price can be repeated."""
        self.state("settled", at, out)
        self.settled = True
        for side, (outcome, _) in enumerate(SIDES):
            ended = _ended(outcome, self.result)
            told = self._told.get(side)
            if told is None or (told.status, told.result) != ("settled", ended):
                self._say(side, Quote(self._select(side), price, None, "settled", self._line(side), at, ended), out)

    def listed(self) -> list[int]:
        """Ids of all selections on offer as far as there is a base; of the last trade always, since no book takes it back."""
        found = [told.selection.id for told in self._told.values() if told.status == "open" and self.based]
        return [*found, self._select(YES_TRADED).id]

    def _turn(self, side: BookSide, top: Top, at: int | None, out: list[Decoded]) -> None:
        self.tops[side] = top
        price, size = top
        for told in TOLD_BY[side]:
            if price:
                self._tell(told, DOLLAR / (price if told == YES_LAY else DOLLAR - price), size, at, out)
            else:
                self._dry(told, at, out)

    def _tell(self, side: int, odds: float, size: int | None, at: int | None, out: list[Decoded]) -> None:
        if not self.settled:
            self._say(side, Quote(self._select(side), odds, None if size is None else size / DOLLAR, "open", self._line(side), at), out)

    def _dry(self, side: int, at: int | None, out: list[Decoded]) -> None:
        """A side without bids; one that was not on offer needs no word."""
        told = self._told.get(side)
        if told is not None and told.status == "open":
            self._say(side, Quote(told.selection, None, None, "withdrawn", told.line, at), out)

    def _say(self, side: int, quote: Quote, out: list[Decoded]) -> None:
        self._told[side] = quote
        out.append(quote)

    def _select(self, side: int) -> Selection:
        found = self._selections[side]
        if found is not None:
            return found
        answer, way = SIDES[side]
        market, outcome, participant, _ = self._meaning.yes if answer == "yes" else self._meaning.no
        found = self._selections[side] = selection(
            self._source,
            (self.ticker, answer, way),
            bookmaker=BOOKMAKER,
            bookmaker_kind="prediction",
            source_event_id=self.words.event_id,
            source_market_id=self.ticker,
            scope=self.scope,
            market=market,
            outcome=outcome,
            participant=participant,
            side=way,
        )
        return found

    def _line(self, side: int) -> float | None:
        return (self._meaning.no if side == NO_BACK else self._meaning.yes)[-1]


def _ended(outcome: str, result: str) -> QuoteResult:
    if result not in ("yes", "no"):
        return ""
    return "won" if outcome == result else "lost"
