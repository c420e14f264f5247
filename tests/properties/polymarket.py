"""Polymarket in small, after its documentation: Gamma's pages, subscriptions, books and their changes, trades, resolutions."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import ClassVar, Final

import msgspec
from msgspec import Struct, field

from ingestd.model import Frame
from tests.properties.ledger import Key
from tests.properties.provider import Provider

BIDS: Final = (".2", ".3", "0.34")
ASKS: Final = ("0.5", ".55", ".6")
SIZES: Final = ("10", "25.5")
SIDES: Final = ("back", "lay", "traded")


class Token(Struct):
    """One outcome: bids and asks, prices and sizes as text."""

    asset: str
    bids: dict[str, str] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)


class Market(Struct):
    """Two tokens. ``listed``: Gamma lists it as open; ``followed``: it is subscribed; ``winner``: 0 or 1, None while that is open."""

    id: str
    event: str
    line: float | None
    tokens: tuple[Token, Token]
    trading: bool = True
    listed: bool = True
    followed: bool = False
    closed: bool = False
    winner: int | None = None


class Polymarket(Provider):
    """Up to four markets of two events."""

    options: ClassVar[Mapping[str, object]] = {"event_ids": ["9"]}

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.markets: list[Market] = []
        self.last: bytes | None = None

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A session, and a book of each token."""
        for _ in range(dice.randint(1, 3)):
            self._found(dice)
        yield from self._session(dice)

    def step(self, dice: Random) -> Iterator[Frame]:
        """A change, a trade, an image, a resolution, a walk through Gamma, a repetition, a reconnection."""
        self.wait(dice)
        act = dice.choice(
            (
                *(self._change, self._change, self._change, self._trade, self._image, self._tick),
                *(self._resolved, self._walk, self._walk, self._again, self._cut, self._renewed),
            )
        )
        yield from act(dice)

    @property
    def ms(self) -> int:
        """Now, in the milliseconds that the channel writes."""
        return self.now // 1000

    def _found(self, dice: Random) -> Market:
        number = len(self.markets)
        tokens = (Token(f"{number}1"), Token(f"{number}2"))
        market = Market(f"0x{number}", f"{number % 2}", dice.choice((None, 2.5)), tokens)
        for token in tokens:
            self._deal(token, dice)
        self.markets.append(market)
        return market

    def _deal(self, token: Token, dice: Random) -> None:
        token.bids = {price: dice.choice(SIZES) for price in dice.sample(BIDS, dice.randint(0, 2))}
        token.asks = {price: dice.choice(SIZES) for price in dice.sample(ASKS, dice.randint(0, 2))}

    def _open(self, dice: Random) -> Market | None:
        there = [market for market in self.markets if market.followed and not market.closed]
        return dice.choice(there) if there else None

    def _key(self, market: Market, token: Token, side: str) -> Key:
        return (market.id, token.asset, side)

    def _best(self, token: Token) -> tuple[str, str]:
        return max(token.bids, key=float, default="0"), min(token.asks, key=float, default="0")

    def _true(self, market: Market, token: Token, at: int, *, whole: bool = True) -> set[Key]:
        """What a token's book comes to; before everything is known, a side that is empty may have been so for long."""
        bid, ask = self._best(token)
        there: set[Key] = set()
        for side, price, size in (("back", ask, token.asks.get(ask)), ("lay", bid, token.bids.get(bid))):
            key = self._key(market, token, side)
            if size is not None:
                self.ledger.price(key, market.id, at, 1 / float(price), line=market.line, size=float(size))
                there.add(key)
            elif whole:
                self.ledger.state(key, at, "withdrawn")
        return there

    def _say(self, said: object) -> Frame:
        """A message of the channel."""
        frame = self.data(said)
        self.last = frame.payload
        return frame

    def _book(self, market: Market, token: Token) -> dict[str, object]:
        levels = {
            name: [{"price": price, "size": size} for price, size in side.items()]
            for name, side in (("bids", token.bids), ("asks", token.asks))
        }
        return {"market": market.id, "asset_id": token.asset, "timestamp": str(self.ms), "hash": "h", **levels}

    def _levels(self, market: Market, token: Token, dice: Random) -> list[dict[str, str]]:
        """One or two changes of a token's levels, each with the best prices that it leaves."""
        changes: list[dict[str, str]] = []
        for _ in range(dice.randint(1, 2)):
            side, price = dice.choice((("BUY", dice.choice(BIDS)), ("SELL", dice.choice(ASKS))))
            book = token.bids if side == "BUY" else token.asks
            size = "0" if price in book and dice.random() < 0.6 else dice.choice(SIZES)
            if size == "0":
                del book[price]
            else:
                book[price] = size
            bid, ask = self._best(token)
            changes.append({"asset_id": token.asset, "price": price, "size": size, "side": side, "best_bid": bid, "best_ask": ask})
        return changes

    def _changed(self, market: Market, changes: list[dict[str, str]]) -> dict[str, object]:
        return {"event_type": "price_change", "market": market.id, "timestamp": str(self.ms), "price_changes": changes}

    def _change(self, dice: Random) -> Iterator[Frame]:
        market = self._open(dice)
        if market is None:
            return
        changes: list[dict[str, str]] = []
        for token in dice.sample(market.tokens, dice.randint(1, 2)):
            changes += self._levels(market, token, dice)
            self._true(market, token, self.ms * 1000)
        yield self._say(self._changed(market, changes))

    def _trade(self, dice: Random) -> Iterator[Frame]:
        market = self._open(dice)
        if market is None:
            return
        token, price = dice.choice(market.tokens), dice.choice((".4", "0.5"))
        self.ledger.price(self._key(market, token, "traded"), market.id, self.ms * 1000, 1 / float(price), line=market.line, size=7.0)
        yield self._say(
            {
                "event_type": "last_trade_price", "market": market.id, "asset_id": token.asset, "price": price, "size": "7", "side": "BUY",
                "timestamp": str(self.ms),
            }
        )  # fmt: skip

    def _image(self, dice: Random) -> Iterator[Frame]:
        """Books of both tokens in one frame."""
        market = self._open(dice)
        if market is None:
            return
        for token in market.tokens:
            self._deal(token, dice)
            self._true(market, token, self.ms * 1000)
        yield self._say([{"event_type": "book", **self._book(market, token)} for token in market.tokens])

    def _tick(self, dice: Random) -> Iterator[Frame]:
        """The tick size changes: the books are void until each was asked for."""
        market = self._open(dice)
        if market is None:
            return
        token = market.tokens[0]
        said = {"event_type": "tick_size_change", "market": market.id, "asset_id": token.asset, "timestamp": str(self.ms)}
        yield self._say({**said, "old_tick_size": "0.01", "new_tick_size": "0.001"})
        self.last = None
        for token in market.tokens:
            self._deal(token, dice)
            yield self._asked(market, token, dice)

    def _asked(self, market: Market, token: Token, dice: Random, *, whole: bool = True) -> Frame:
        """A book as the web service answers it, or that there is none."""
        meta = {"content": "book", "market": market.id, "asset": token.asset, "url": "u"}
        if dice.random() < 0.3:
            token.bids, token.asks = {}, {}
            self._true(market, token, self.now, whole=whole)
            return self.data(b"{}", {**meta, "status": "404"})
        self._true(market, token, self.ms * 1000, whole=whole)
        return self.data(self._book(market, token), {**meta, "status": "200"})

    def _resolved(self, dice: Random) -> Iterator[Frame]:
        market = self._open(dice)
        if market is None:
            return
        market.closed, market.winner = True, dice.randint(0, 1)
        self._settled(market, self.ms * 1000)
        winner = market.tokens[market.winner].asset
        yield self._say({"event_type": "market_resolved", "market": market.id, "winning_asset_id": winner, "timestamp": str(self.ms)})

    def _settled(self, market: Market, at: int) -> None:
        self.ledger.market(market.id, at, "settled")
        for number, token in enumerate(market.tokens):
            result = "" if market.winner is None else "won" if market.winner == number else "lost"
            for side in SIDES:
                self.ledger.state(self._key(market, token, side), at, "settled", result)

    def _walk(self, dice: Random) -> Iterator[Frame]:
        """Gamma again: states, markets that are over or gone, new ones."""
        self._turn(dice)
        yield self._page(self._listed())
        lost = [market for market in self.markets if market.followed and (not market.listed or market.closed)]
        if lost:
            yield self._page(lost, lost="1")
            self._left(lost)
            yield self._subscription(lost, operation="unsubscribe")
        new = [market for market in self._listed() if not market.followed]
        if new:
            yield from self._added(new)

    def _turn(self, dice: Random) -> None:
        """What becomes of the markets."""
        for market in self._listed():
            market.trading = dice.random() < 0.7
            market.listed = dice.random() < 0.85
        if len(self.markets) < 4 and dice.random() < 0.3:
            self._found(dice)
        for market in self.markets:
            if market.followed and not market.listed and dice.random() < 0.7:
                market.closed = True
                market.winner = dice.choice((0, 1, None)) if market.winner is None else market.winner

    def _listed(self) -> list[Market]:
        """What Gamma lists as open."""
        return [market for market in self.markets if market.listed and not market.closed]

    def _left(self, lost: list[Market]) -> None:
        """Nobody follows them any more: what is not settled is withdrawn."""
        for market in lost:
            market.followed = False
            for token in market.tokens if not market.closed else ():
                for side in SIDES:
                    self.ledger.state(self._key(market, token, side), self.now, "withdrawn")

    def _added(self, new: list[Market]) -> Iterator[Frame]:
        self._follow(new)
        yield self._subscription(new, operation="subscribe")
        for market in new:
            for token in market.tokens:
                self._true(market, token, self.ms * 1000)
                yield self._say({"event_type": "book", **self._book(market, token)})

    def _follow(self, markets: list[Market]) -> None:
        """What Gamma said of their state counts from the subscription on."""
        for market in markets:
            market.followed = True
            self.ledger.market(market.id, self.now, "open" if market.trading else "suspended")

    def _subscription(self, markets: list[Market], **more: str) -> Frame:
        assets = [token.asset for market in markets for token in market.tokens]
        return self.data({"assets_ids": assets, "type": "market", **more}, {"content": "subscription"})

    def _page(self, markets: list[Market], *, epoch: bool = False, **meta: str) -> Frame:
        """Gamma's answer; what is followed is told at once."""
        for market in markets:
            if market.closed and market.followed:
                self._settled(market, self.now)
            elif market.followed:
                self.ledger.market(market.id, self.now, "open" if market.trading else "suspended")
        events = [
            {"id": name, "title": "Reds vs. Blues", "markets": [self._shape(market) for market in markets if market.event == name]}
            for name in ("0", "1")
        ]
        return self.data(events, {"content": "gamma", "key": "k", "url": "u", "type": "application/json", **meta}, epoch=epoch)

    def _shape(self, market: Market) -> dict[str, object]:
        prices = ["0.5", "0.5"]
        if market.closed and market.winner is not None:
            prices = ["1", "0"] if market.winner == 0 else ["0", "1"]
        return {
            "conditionId": market.id, "clobTokenIds": msgspec.json.encode([token.asset for token in market.tokens]).decode(),
            "outcomes": '["Yes","No"]', "outcomePrices": msgspec.json.encode(prices).decode(),
            "sportsMarketType": "both_teams_to_score" if market.line is None else "totals",
            "line": market.line, "closed": market.closed, "active": True, "acceptingOrders": market.trading,
        }  # fmt: skip

    def _again(self, dice: Random) -> Iterator[Frame]:
        """The last message of the channel comes twice."""
        if self.last is not None:
            yield self.data(self.last)

    def _cut(self, dice: Random) -> Iterator[Frame]:
        """The link breaks; what happens meanwhile is seen in the next books and pages alone."""
        yield self.closed()
        for market in self.markets:
            if not market.closed and dice.random() < 0.4:
                market.trading = dice.random() < 0.7
                market.closed = dice.random() < 0.2
                for token in market.tokens:
                    self._deal(token, dice)
        yield from self._session(dice)

    def _session(self, dice: Random) -> Iterator[Frame]:
        for market in self.markets:
            market.followed = False
        yield self.opened()
        yield self._page(self._listed())
        yield from self._subscribed(dice)

    def _renewed(self, dice: Random) -> Iterator[Frame]:
        """All books anew, over new connections."""
        for market in self.markets:
            market.followed = False
        yield self._page(self._listed(), epoch=True)
        yield from self._subscribed(dice)

    def _subscribed(self, dice: Random) -> Iterator[Frame]:
        """A book of each token; with the last one everything is known."""
        self.last = None
        there = self._listed()
        self._follow(there)
        if not there:
            self._whole([], self.now)
        yield self._subscription(there)
        books = [(market, token) for market in there for token in market.tokens]
        for number, (market, token) in enumerate(books, 1):
            at, early = self.ms * 1000, dice.random() < 0.2
            if early:
                # made before the image and in it
                yield self._say(self._changed(market, self._levels(market, token, dice)))
            if not early and dice.random() < 0.2:
                frame = self._asked(market, token, dice, whole=False)
                at = self.now if frame.meta["status"] == "404" else at
            else:
                self._true(market, token, self.ms * 1000, whole=False)
                frame = self._say({"event_type": "book", **self._book(market, token)})
            if number == len(books):
                self._whole(there, at)
            yield frame

    def _whole(self, there: list[Market], at: int) -> None:
        """Everything is known, as of the message that makes it so. A last trade stays the last one."""
        listed = {key for market in there for token in market.tokens for key in self._true(market, token, self.now, whole=False)}
        listed |= {self._key(market, token, "traded") for market in there for token in market.tokens}
        self.ledger.listing("", list(self.ledger.rows), listed, at)
