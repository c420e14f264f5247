"""One market: its tokens and their books, what it is called, and the updates that a change of any of it makes.

Each token is an outcome of its own, with its own book: that of "No" mirrors that of "Yes", and neither is derived from the other.
"""

from collections.abc import Iterable
from typing import Final

from ingestd.model import Decoded, MarketStatus, Quote, QuoteResult, Scope, Selection, Status, selection
from ingestd.sources.feeds.polymarket.book import Book
from ingestd.sources.feeds.polymarket.meanings import KINDS, Offered, offered
from ingestd.sources.feeds.polymarket.told import MarketTold
from ingestd.sources.feeds.polymarket.wire import LevelChange
from ingestd.sources.feeds.polymarket.words import BACK, BOOKMAKER, LAY, SIDES, TRADED, odds

MOST_HELD: Final = 1_000
"""Changes of one asset that may wait for its image; the older ones then go."""
UNTOLD: Final = MarketTold(id="")
_ALL: Final = range(len(SIDES))
WINNERS: Final = frozenset(("moneyline", "match_result"))
Price = tuple[float, float | None]
"""Decimal odds and shares."""


class Token:
    """One outcome: its book, and what was last told of each side (None: nothing, or withdrawn)."""

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.book = Book()
        self.offered = Offered("", "", asset, "", None)
        self.result: QuoteResult = ""
        self.told: list[Price | None] = [None, None, None]
        self.traded_at = 0
        self.selections: list[Selection | None] = [None, None, None]
        self.held: list[tuple[LevelChange, int | None]] = []
        """Changes that came while there is no base, each with its time: the image may be older than they."""

    def hold(self, change: LevelChange, at: int | None) -> None:
        """Keep a change until the image comes."""
        self.held.append((change, at))
        del self.held[:-MOST_HELD]


class Market:
    """Created by the decoder when it first hears of a market."""

    def __init__(self, source: str, market_id: str) -> None:
        self.id = market_id
        self.scope = Scope("market", market_id)
        self.tokens: dict[str, Token] = {}
        self.missing = False
        """Whether something was missed that no image has made good yet."""
        self.event_id = market_id
        self.settled = False
        self._told = UNTOLD
        self._status: Status | None = None
        self._source = source

    def token(self, asset: str) -> Token:
        """The token of this id."""
        found = self.tokens.get(asset)
        if found is None:
            found = self.tokens[asset] = Token(asset)
            self._name(found)
        return found

    def describe(self, told: MarketTold, event_id: str, at: int | None, out: list[Decoded]) -> None:
        """Take what Gamma says: words, state, and once it is closed who won. What was told under other words is told again."""
        moved = (told.kind, event_id) != (self._told.kind, self.event_id)
        self._told, self.event_id = told, event_id
        for one in told.outcomes:
            token = self.token(one.asset)
            if self._name(token) or moved:
                self._tell_again(token, at, out)
        if told.closed:
            results = {one.asset: one.worth for one in told.outcomes}
            self.settle({asset: _RESULTS[worth] for asset, worth in results.items()}, at, out, anew=moved)
        elif not self.settled:
            self._state("open" if told.trading else "suspended", at, out, anew=moved)

    def settle(self, results: dict[str, QuoteResult], at: int | None, out: list[Decoded], *, anew: bool = False) -> None:
        """The market is resolved: every side of every token is settled, priced or not; said once for each result."""
        self._state("settled", at, out, anew=anew)
        first, self.settled = not self.settled, True
        for asset, result in results.items():
            token = self.token(asset)
            if first or (result and result != token.result):
                token.result = result or token.result
                token.held.clear()
                out.extend(self._bare(token, side, "settled", at) for side in _ALL)

    def tell(self, token: Token, at: int | None, out: list[Decoded], *, again: bool = False) -> None:
        """Say what a token's book comes to, where that changed (``again``: in any case)."""
        book = token.book
        for side, best in ((BACK, book.best_ask()), (LAY, book.best_bid())):
            now = (odds(best[0]), best[1]) if best is not None else None
            if now is not None and (again or now != token.told[side]):
                out.append(Quote(self._selected(token, side), now[0], now[1], "open", token.offered.line, at))
            elif now is None and token.told[side] is not None:
                out.append(self._bare(token, side, "withdrawn", at))
            token.told[side] = now

    def trade(self, token: Token, price: float, size: float, at: int | None, out: list[Decoded]) -> None:
        """A trade took place."""
        token.told[TRADED] = odds(price), size
        out.append(Quote(self._selected(token, TRADED), odds(price), size, "open", token.offered.line, at))

    def withdraw(self, at: int | None, out: list[Decoded]) -> None:
        """Nobody offers it any more; what is settled stays so."""
        if self.settled:
            return
        for token in self.tokens.values():
            out.extend(self._bare(token, side, "withdrawn", at) for side in _ALL)
            token.told = [None, None, None]

    def listed(self) -> Iterable[int]:
        """Ids of all selections on offer or settled; a last trade stays the last one, whether this epoch saw it or not."""
        for token in self.tokens.values():
            for side in _ALL:
                if self.settled or side == TRADED or token.told[side] is not None:
                    yield self._selected(token, side).id

    def winner(self) -> str:
        """Who won the match, where this is the market of it: the one whose outcome won, or whom the winning Yes is about."""
        if self._told.kind != "moneyline":
            return ""
        won = [token.offered for token in self.tokens.values() if token.result == "won" and token.offered.market in WINNERS]
        words = [self._told.group if one.outcome == "yes" else one.outcome for one in won if one.outcome != "no"]
        return words[0] if len(words) == 1 else ""

    def _state(self, status: Status, at: int | None, out: list[Decoded], *, anew: bool) -> None:
        if status == self._status and not anew:
            return
        self._status = status
        first = offered(self._told, self._told.outcomes[0].text) if self._told.outcomes else None
        market, period = (first.market, first.period) if first else KINDS.get(self._told.kind, (self._told.kind, ""))
        out.append(
            MarketStatus(
                source_event_id=self.event_id, source_market_id=self.id, market=market, period=period, status=status, changed_at=at
            )
        )

    def _name(self, token: Token) -> bool:
        """Call a token what Gamma calls it; whether that is news."""
        text = next((one.text for one in self._told.outcomes if one.asset == token.asset), "")
        found = offered(self._told, text or token.asset)
        if found == token.offered:
            return False
        token.offered = found
        return True

    def _tell_again(self, token: Token, at: int | None, out: list[Decoded]) -> None:
        token.selections = [None, None, None]
        if self.settled:
            out.extend(self._bare(token, side, "settled", at) for side in _ALL)
            return
        for side, told in enumerate(token.told):
            if told is not None:
                out.append(Quote(self._selected(token, side), told[0], told[1], "open", token.offered.line, at))

    def _bare(self, token: Token, side: int, status: Status, at: int | None) -> Quote:
        result = token.result if status == "settled" else ""
        return Quote(self._selected(token, side), None, None, status, token.offered.line, at, result)

    def _selected(self, token: Token, side: int) -> Selection:
        found = token.selections[side]
        if found is None:
            found = token.selections[side] = selection(
                self._source,
                (self.id, token.asset, SIDES[side]),
                bookmaker=BOOKMAKER,
                bookmaker_kind="prediction",
                source_event_id=self.event_id,
                source_market_id=self.id,
                scope=self.scope,
                market=token.offered.market,
                period=token.offered.period,
                outcome=token.offered.outcome,
                participant=token.offered.participant,
                side=SIDES[side],
            )
        return found


_RESULTS: Final[dict[int | None, QuoteResult]] = {1: "won", 0: "lost", None: ""}
