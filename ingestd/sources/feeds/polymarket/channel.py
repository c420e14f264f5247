"""The market channel to updates: images, changes, trades, resolutions; and the checks that find out when something was missed.

Source: Polymarket's documentation of the CLOB market channel. Nothing there numbers messages, so three things tell a loss: a message older
than one before it, best prices that a change states and our book does not have, and a book that its provider calls void (tick size).
"""

from collections.abc import Callable

from ingestd.model import WHOLE, Complete, Decoded, Gap, QuoteResult, Reject, Skipped
from ingestd.sources.feeds.polymarket.market import Market, Token
from ingestd.sources.feeds.polymarket.values import changes_of, levels, problem_of, refusal
from ingestd.sources.feeds.polymarket.wire import Element, LevelChange
from ingestd.sources.feeds.polymarket.words import decimal, microseconds, probability, stated

Handler = Callable[[Element, list[Decoded]], None]


class Channel:
    """All markets of a source and their books. ``markets`` and ``subscribed`` are the decoder's to fill; None: everything counts."""

    def __init__(self, source: str, counts: dict[str, int]) -> None:
        self.markets: dict[str, Market] = {}
        self.subscribed: set[str] | None = set()
        self.awaited: set[str] = set()
        """Subscribed assets that never had an image; once there are none, the whole is known."""
        self.begun = self.whole = False
        """Whether it is known what is subscribed, and whether all of that had its image."""
        self._source = source
        self._counts = counts
        self._handlers: dict[str, Handler] = {
            "book": self._book,
            "price_change": self._price_change,
            "last_trade_price": self._trade,
            "tick_size_change": self._tick_size,
            "best_bid_ask": self._best,
            "market_resolved": self._resolved,
            "new_market": self._new_market,
        }

    @property
    def recorded(self) -> bool:
        """Whether this is a recording, in which nobody subscribed and nobody can be asked."""
        return self.subscribed is None

    def take(self, element: Element, out: list[Decoded]) -> None:
        """One message and everything that follows from it."""
        message = element.message
        self._counts["messages"] += 1
        handler = self._handlers.get(message.event_type or ("book" if message.bids is not None and message.asset_id else ""))
        if handler is not None:
            handler(element, out)
        elif not element.problems:
            out.append(refusal("type", f"unknown event_type {message.event_type[:40]!r}", f"{element.path}.event_type"))
        out.extend(Reject(stage="decode", category="shape", reason=problem.error, path=problem.path) for problem in element.problems)
        for market_id in {problem.market for problem in element.problems} - {""}:
            self.lose(self.market(market_id), "unreadable", out)

    def market(self, market_id: str) -> Market:
        """The market of this condition id."""
        found = self.markets.get(market_id)
        if found is None:
            found = self.markets[market_id] = Market(self._source, market_id)
        return found

    def lose(self, market: Market, reason: str, out: list[Decoded]) -> None:
        """Something of a market was missed: its books have no base until their images. A recording goes on with what it has."""
        if self.recorded:
            if not market.missing and not market.settled:
                market.missing = True
                out.append(Gap(market.scope, reason))
            return
        concerned = [] if market.settled else [token for token in market.tokens.values() if self._wanted(token.asset)]
        for token in concerned:
            token.book.forget()
        if concerned and not market.missing:
            market.missing = True
            if self.whole:
                out.append(Gap(market.scope, reason))

    def settle_down(self, market: Market, at: int | None, out: list[Decoded]) -> None:
        """Say that a market, or with it the whole, is known now, where that is so."""
        if market.settled:
            self.awaited.difference_update(market.tokens)
        if self.recorded or market.settled or all(token.book.based for token in market.tokens.values() if self._wanted(token.asset)):
            market.missing = False
            if self.recorded or self.whole:
                out.append(Complete(market.scope, frozenset(market.listed()), at))
        self.tell_whole(at, out)

    def tell_whole(self, at: int | None, out: list[Decoded]) -> None:
        """Say that everything is known, once it is; and of which markets it no longer is, though their images had come."""
        if self.whole or self.awaited or not self.begun:
            return
        self.whole = True
        listed = frozenset(chosen for market in self.markets.values() for chosen in market.listed())
        out.append(Complete(WHOLE, listed, at))
        out.extend(Gap(market.scope, "mismatch") for market in self.markets.values() if market.missing)

    def _wanted(self, asset: str) -> bool:
        return self.subscribed is None or asset in self.subscribed

    def _token(self, element: Element, asset: str, out: list[Decoded]) -> tuple[Market, Token] | None:
        """Market and token of a message; None (and why) where it is of no use."""
        market_id = element.message.market
        if not (market_id and asset):
            out.append(refusal("missing", "neither market nor asset can be told", f"{element.path}.asset_id"))
            return None
        if not self._wanted(asset):
            out.append(Skipped("filtered", "unsubscribed"))
            return None
        market = self.market(market_id)
        token = market.token(asset)
        if market.settled:
            out.append(Skipped("filtered", "settled"))
            return None
        return market, token

    def _book(self, element: Element, out: list[Decoded]) -> None:
        message = element.message
        self._counts["books"] += 1
        found = self._token(element, message.asset_id, out)
        if found is None:
            return
        market, token = found
        book = token.book
        at = microseconds(message.timestamp)
        if book.based and at is not None and at < book.at:
            out.append(Skipped("duplicate", "an image older than the book"))
            return
        refused = len(out)
        bids = levels(element, "bids", out)
        asks = levels(element, "asks", out)
        refused = len(out) - refused
        self._counts["confirmed"] += bool(message.hash) and message.hash == book.hash
        fresh = not book.based
        book.replace(bids, asks, at or 0)
        book.hash = message.hash or ""
        self._catch_up(token)
        market.tell(token, at, out)
        self.awaited.discard(token.asset)
        if fresh or market.missing:
            self.settle_down(market, at, out)
        if refused:
            self.lose(market, "unreadable", out)

    def _catch_up(self, token: Token) -> None:
        """Changes that came before the image and were made after it."""
        held, token.held = token.held, []
        for change, at in held:
            if at is not None and at > token.book.image_at:
                self._apply(token, change, at)

    def _price_change(self, element: Element, out: list[Decoded]) -> None:
        message = element.message
        at = microseconds(message.timestamp)
        touched: dict[str, tuple[Market, Token, list[LevelChange]]] = {}
        for path, change in changes_of(element):
            self._counts["changes"] += 1
            found = self._token(element, change.asset_id or message.asset_id, out)
            if found is None:
                continue
            market, token = found
            problem = problem_of(change)
            if problem:
                out.append(refusal("value", problem, path))
                self.lose(market, "unreadable", out)
            elif self._fits(market, token, change, at, out):
                self._apply(token, change, at)
                touched.setdefault(token.asset, (market, token, []))[2].append(change)
        for market, token, changes in touched.values():
            self._check(market, token, changes, at, out)

    def _fits(self, market: Market, token: Token, change: LevelChange, at: int | None, out: list[Decoded]) -> bool:
        """Whether a change goes onto the book as it is; else it is held, or known already, or shows that something was missed."""
        book = token.book
        if not book.based:
            return self._without_base(market, token, change, at, out)
        if at is not None and at < book.image_at:
            out.append(Skipped("duplicate", "stands in the image"))
            return False
        if at is not None and at < book.at:
            self.lose(market, "disorder", out)
            return self.recorded
        return True

    def _without_base(self, market: Market, token: Token, change: LevelChange, at: int | None, out: list[Decoded]) -> bool:
        """A change of a book that nobody knows: a recording goes on with what it is told, a live book waits for its image."""
        if self.recorded:
            self.lose(market, "no_base", out)
            return True
        token.hold(change, at)
        out.append(Skipped("filtered", "held until its image"))
        if token.asset not in self.awaited:
            self.lose(market, "no_base", out)
        return False

    @staticmethod
    def _apply(token: Token, change: LevelChange, at: int | None) -> None:
        book = token.book
        book.change(change.side, probability(change.price), decimal(change.size))
        book.at = max(book.at, at or 0)
        book.hash = change.hash or book.hash

    def _check(self, market: Market, token: Token, changes: list[LevelChange], at: int | None, out: list[Decoded]) -> None:
        """Compare the best prices that the last change of a message states with the book's, then tell them."""
        book, change = token.book, changes[-1]
        if change.best_bid is not None and change.best_ask is not None:
            best = stated(change.best_bid), stated(change.best_ask)
            if not book.based:
                book.stated = best
            elif not book.agrees(*best):
                self.lose(market, "mismatch", out)
        if book.based or self.recorded:
            market.tell(token, at, out)
            return
        # they stand in no image yet
        for one in changes:
            token.hold(one, at)

    def _trade(self, element: Element, out: list[Decoded]) -> None:
        message = element.message
        self._counts["trades"] += 1
        found = self._token(element, message.asset_id, out)
        if found is None:
            return
        market, token = found
        at = microseconds(message.timestamp)
        try:
            price, size = probability(message.price), decimal(message.size)
        except ValueError as error:
            out.append(refusal("value", str(error), f"{element.path}.price"))
            return
        if at is not None and at < token.traded_at:
            out.append(Skipped("duplicate", "older than the last trade"))
            return
        token.traded_at = at or token.traded_at
        market.trade(token, price, size, at, out)

    def _tick_size(self, element: Element, out: list[Decoded]) -> None:
        found = self._token(element, element.message.asset_id, out)
        if found is not None:
            self.lose(found[0], "tick_size", out)

    def _best(self, element: Element, out: list[Decoded]) -> None:
        """Best prices by themselves: only a recording without books has need of them."""
        message = element.message
        found = self._token(element, message.asset_id, out)
        if found is None:
            return
        market, token = found
        if token.book.based or not self.recorded:
            out.append(Skipped("duplicate", "stands in the book"))
            return
        try:
            token.book.stated = stated(message.best_bid), stated(message.best_ask)
        except ValueError as error:
            out.append(refusal("value", str(error), f"{element.path}.best_bid"))
            return
        market.tell(token, microseconds(message.timestamp), out)

    def _resolved(self, element: Element, out: list[Decoded]) -> None:
        message = element.message
        market = self.markets.get(message.market)
        winner = message.winning_asset_id
        if market is None and not self.recorded:
            out.append(Skipped("filtered", "unsubscribed"))
        elif not (winner and message.market):
            out.append(refusal("missing", "who won cannot be told", f"{element.path}.winning_asset_id"))
        else:
            market = market or self.market(message.market)
            at = microseconds(message.timestamp)
            assets = {*market.tokens, winner}
            results: dict[str, QuoteResult] = {asset: "won" if asset == winner else "lost" for asset in sorted(assets)}
            market.settle(results, at, out)
            self.settle_down(market, at, out)

    def _new_market(self, element: Element, out: list[Decoded]) -> None:
        """Told of any market of the platform: which of them count, Gamma says."""
        out.append(Skipped("filtered", "new_market"))
