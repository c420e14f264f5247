"""What the Polymarket emulator deals in: events, markets of two tokens, and their books; the messages that tell of a change.

Prices are counted in thousandths, so that the book of the second token is the mirror of the first to the last digit.
"""

import hashlib
import json
from typing import Final, Literal

from msgspec import Struct
from pydantic import JsonValue

from ingestd.testing.emulator import Key, Stand

Json = dict[str, JsonValue]
Generation = Literal["flat", "changes", "price_changes"]
"""How a price_change is written: as in 2024, as in 2025, as since September 2025."""
WHOLE: Final = 1_000
TICK: Final = 10
"""Milliseconds that pass with everything that happens."""
YES_NO: Final = ("Yes", "No")


class Market(Struct, kw_only=True):
    """A market; ``bids`` and ``asks`` are the first token's, shares by thousandths. ``winner`` 0 or 1 once it is resolved."""

    id: str
    event: str
    kind: str
    outcomes: tuple[str, str]
    tokens: tuple[str, str]
    line: float | None = None
    bids: dict[int, int] = {}
    asks: dict[int, int] = {}
    trades: dict[int, tuple[int, int]] = {}
    accepting: bool = True
    winner: int | None = None
    offered: set[tuple[int, str]] = set()
    """Tokens and sides that ever had a price."""

    def levels(self, token: int) -> tuple[dict[int, int], dict[int, int]]:
        """Bids and asks of a token."""
        if token == 0:
            return self.bids, self.asks
        return _mirrored(self.asks), _mirrored(self.bids)

    def best(self, token: int) -> tuple[int, int]:
        """Best bid and best ask of a token; 0 and 1,000 where there is none."""
        bids, asks = self.levels(token)
        return max(bids, default=0), min(asks, default=WHOLE)


class World:
    """Everything there is. ``version`` counts what Gamma would tell differently; ``now`` in milliseconds."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.version = 0
        self.generation: Generation = "price_changes"
        self.events: dict[str, str] = {}
        self.markets: dict[str, Market] = {}

    def add_event(self, event: str, title: str) -> None:
        """An event; Gamma lists it once it has a market."""
        self.events[event] = title
        self.version += 1

    def add_market(self, event: str, number: int, kind: str, outcomes: tuple[str, str], line: float | None = None) -> Market:
        """A market with one bid and one ask."""
        tokens = (str(10**76 + 2 * number), str(10**76 + 2 * number + 1))
        market = Market(id=f"0x{number:064x}", event=event, kind=kind, outcomes=outcomes, tokens=tokens, line=line)
        market.bids, market.asks = {480: 100, 450: 250}, {520: 90, 560: 300}
        self.markets[market.id] = market
        self._offer(market)
        self.version += 1
        return market

    def change(self, market: Market, side: str, price: int, size: int) -> list[Json]:
        """A level's new total on the first token, and the same on the second, mirrored."""
        levels = market.bids if side == "BUY" else market.asks
        levels[price] = size
        if not size:
            del levels[price]
        self._offer(market)
        other = "SELL" if side == "BUY" else "BUY"
        told = [self._level(market, 0, side, price, size), self._level(market, 1, other, WHOLE - price, size)]
        if self.generation == "price_changes":
            return [{**self._head("price_change", market), "price_changes": [*told]}]
        head = self._head("price_change", market)
        if self.generation == "flat":
            return [{**head, **{key: one[key] for key in ("asset_id", "price", "side", "size", "hash")}} for one in told]
        changes = [{key: one[key] for key in ("price", "side", "size")} for one in told]
        return [
            {**head, "asset_id": one["asset_id"], "hash": one["hash"], "changes": [two]} for one, two in zip(told, changes, strict=True)
        ]

    def trade(self, market: Market, token: int, price: int, size: int) -> list[Json]:
        """A trade of one token."""
        market.trades[token] = price, size
        told: Json = {"asset_id": market.tokens[token], "price": text(price), "size": str(size), "side": "BUY", "fee_rate_bps": "0"}
        return [{**self._head("last_trade_price", market), **told}]

    def tick_size(self, market: Market) -> list[Json]:
        """The ticks of both tokens become smaller."""
        told: Json = {"old_tick_size": "0.01", "new_tick_size": "0.001"}
        return [{**self._head("tick_size_change", market), "asset_id": token, **told} for token in market.tokens]

    def resolve(self, market: Market, winner: int) -> list[Json]:
        """The market is over."""
        market.winner = winner
        market.accepting = False
        self.version += 1
        told: Json = {
            "id": market.id[-4:],
            "assets_ids": [*market.tokens],
            "winning_asset_id": market.tokens[winner],
            "winning_outcome": market.outcomes[winner],
        }
        return [{**self._head("market_resolved", market), **told}]

    def pause(self, market: Market, *, accepting: bool) -> list[Json]:
        """Orders are refused from now on, or taken again; only Gamma tells."""
        market.accepting = accepting
        self.version += 1
        return []

    def book(self, market: Market, token: int, *, event_type: str = "book") -> Json:
        """The book of a token as it stands: the best price last on both sides."""
        bids, asks = market.levels(token)
        told: Json = {
            "market": market.id,
            "asset_id": market.tokens[token],
            "timestamp": str(self.now),
            "bids": [{"price": text(price), "size": str(bids[price])} for price in sorted(bids)],
            "asks": [{"price": text(price), "size": str(asks[price])} for price in sorted(asks, reverse=True)],
            "tick_size": "0.01",
        }
        return {"event_type": event_type, **told, "hash": digest(told)} if event_type else {**told, "hash": digest(told)}

    def find(self, asset: str) -> tuple[Market, int] | None:
        """Whose token it is, and which of the two."""
        for market in self.markets.values():
            if asset in market.tokens:
                return market, market.tokens.index(asset)
        return None

    def gamma(self, event: str) -> Json:
        """An event as Gamma lists it, with all its markets."""
        markets: list[JsonValue] = [self._gamma_market(market) for market in self.markets.values() if market.event == event]
        told: Json = {
            "id": event,
            "slug": f"cs2-{event}",
            "title": self.events[event],
            "seriesSlug": "counter-strike",
            "startTime": "2026-04-05T15:10:00Z",
            "closed": self.over(event),
            "ended": self.over(event),
            "live": False,
        }
        return {**told, "tags": [{"id": "1", "slug": "sports"}], "markets": markets}

    def over(self, event: str) -> bool:
        """Whether all markets of an event are resolved."""
        return all(market.winner is not None for market in self.markets.values() if market.event == event)

    def truth(self) -> dict[Key, Stand]:
        """Every side of every token that ever had a price."""
        found: dict[Key, Stand] = {}
        for market in self.markets.values():
            for token, side in sorted(market.offered | {(token, "traded") for token in market.trades}):
                found[Key(market.id, self._word(market, token), side)] = _stand(market, token, side)
        return found

    def _word(self, market: Market, token: int) -> str:
        """What tables call an outcome: the team that the title names first is at home."""
        outcome = market.outcomes[token]
        teams = self.events[market.event].partition(f"{outcome} vs ")
        if outcome in {*YES_NO, "Over", "Under"}:
            return outcome.lower()
        return "home" if teams[1] else "away"

    def _offer(self, market: Market) -> None:
        for token in (0, 1):
            bid, ask = market.best(token)
            market.offered |= {(token, side) for side, there in (("back", ask < WHOLE), ("lay", bid > 0)) if there}

    def _head(self, event_type: str, market: Market) -> Json:
        self.now += TICK
        return {"event_type": event_type, "market": market.id, "timestamp": str(self.now)}

    def _level(self, market: Market, token: int, side: str, price: int, size: int) -> Json:
        bid, ask = market.best(token)
        told: Json = {"asset_id": market.tokens[token], "price": text(price), "size": str(size), "side": side}
        return {**told, "hash": digest(self.book(market, token)), "best_bid": text(bid), "best_ask": text(ask)}

    def _gamma_market(self, market: Market) -> Json:
        prices = ["0.5", "0.5"] if market.winner is None else ["1" if token == market.winner else "0" for token in (0, 1)]
        return {
            "id": market.id[-4:],
            "conditionId": market.id,
            "question": f"{self.events[market.event]}: {market.kind}",
            "outcomes": json.dumps([*market.outcomes]),
            "outcomePrices": json.dumps(prices),
            "clobTokenIds": json.dumps([*market.tokens]),
            "sportsMarketType": market.kind,
            "line": market.line,
            "gameStartTime": "2026-04-05 15:10:00+00",
            "active": True,
            "closed": market.winner is not None,
            "acceptingOrders": market.accepting,
            "enableOrderBook": True,
            "volume": "1234.5",
            "volumeNum": 1234.5,
        }


def text(price: int) -> str:
    """A price as Polymarket may write it: ``.48``, but ``0`` and ``1``."""
    return str(price // WHOLE) if price % WHOLE == 0 else "." + f"{price:03d}".rstrip("0")


def digest(told: Json) -> str:
    """A hash of what a book says."""
    return hashlib.sha1(json.dumps(told, sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def _mirrored(levels: dict[int, int]) -> dict[int, int]:
    return {WHOLE - price: size for price, size in levels.items()}


def _stand(market: Market, token: int, side: str) -> Stand:
    if market.winner is not None:
        return Stand(None, "settled")
    bid, ask = market.best(token)
    price = {"back": ask % WHOLE, "lay": bid, "traded": market.trades.get(token, (0, 0))[0]}[side]
    if not price:
        return Stand(None, "withdrawn")
    return Stand(1 / (price / WHOLE), "open" if market.accepting else "suspended")
