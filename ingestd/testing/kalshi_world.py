"""An invented match at Kalshi: three markets, their books, and a script of everything that may befall them."""

import asyncio
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct, field
from pydantic import JsonValue

from ingestd.testing.emulator import Key, Stand

Json = dict[str, JsonValue]
BookSide = Literal["yes", "no"]
SERIES: Final = "KXTALEGAME"
EVENT: Final = "KXTALEGAME-26MAY02NORSOU"
NORTH: Final = f"{EVENT}-NOR"
SOUTH: Final = f"{EVENT}-SOU"
TIE: Final = f"{EVENT}-TIE"
WORDS: Final = {
    NORTH: {"yes": "home", "no": "draw_or_away"},
    SOUTH: {"yes": "away", "no": "home_or_draw"},
    TIE: {"yes": "draw", "no": "home_or_away"},
}
BEGAN: Final = 1_777_719_600_000
"""Unix milliseconds of the first message."""
CHANNELS: Final = ("orderbook_delta", "trade", "market_lifecycle_v2")


class Said(Struct, frozen=True):
    """One message of one channel about one market, without sid and seq."""

    channel: str
    type: str
    ticker: str
    msg: Json


class Market(Struct):
    """A market as it stands: bids in cents, sizes in hundredths of a contract."""

    ticker: str
    name: str
    yes: dict[int, int]
    no: dict[int, int]
    status: str = "active"
    result: str = ""
    last: int = 0
    offered: set[tuple[str, str]] = field(default_factory=set)

    def books(self) -> dict[BookSide, dict[int, int]]:
        """Both sides."""
        return {"yes": self.yes, "no": self.no}

    def best(self, side: BookSide) -> int:
        """The best bid, 0 without any."""
        return max(self.books()[side], default=0)

    def prices(self) -> dict[tuple[str, str], float | None]:
        """Decimal odds of everything one can ask for, None where there is none."""
        bid, other = self.best("yes"), self.best("no")
        return {
            ("yes", "back"): _odds(100 - other) if other else None,
            ("yes", "lay"): _odds(bid) if bid else None,
            ("yes", "traded"): _odds(self.last) if self.last else None,
            ("no", "back"): _odds(100 - bid) if bid else None,
        }

    def word(self, answer: str) -> str:
        """What yes or no to this contract is in the words of tables: of three results one, or the other two."""
        return WORDS.get(self.ticker, {}).get(answer, answer)

    def offer(self) -> None:
        """Remember what was ever on offer."""
        self.offered |= {key for key, price in self.prices().items() if price is not None}


class World:
    """All markets; ``script`` changes them and yields what the provider says of it. ``turn``: who holds it may look, change and tell."""

    def __init__(self) -> None:
        found = (
            Market(NORTH, "Northtown", {40: 12_000, 41: 5_050}, {52: 7_000, 55: 1_025}),
            Market(SOUTH, "Southtown", {28: 900, 30: 10_000}, {66: 4_000}),
            Market(TIE, "Tie", {22: 500}, {70: 800, 75: 2_500}),
        )
        self.markets = {market.ticker: market for market in found}
        self.turn = asyncio.Lock()
        self._now = BEGAN
        for market in found:
            market.offer()

    def script(self) -> Iterator[Said]:
        """Changes, a level that goes and comes within a millisecond, a side run dry, a pause, a result, a settlement."""
        yield self._delta(NORTH, "yes", 42, 2_500)
        yield self._delta(NORTH, "no", 55, -1_025)
        yield self._trade(TIE, 23, 300)
        yield self._delta(SOUTH, "yes", 31, 700)
        yield self._delta(SOUTH, "yes", 31, -700, after=0)
        yield self._delta(TIE, "yes", 22, -500)
        yield self._lifecycle(SOUTH, "deactivated", "inactive", is_deactivated=True)
        yield self._delta(SOUTH, "no", 67, 150)
        yield self._trade(TIE, 24, 50)
        yield self._lifecycle(TIE, "determined", "determined", result="no", settlement_value="0.0000")
        yield self._emptied(TIE)
        yield self._lifecycle(TIE, "settled", "finalized", settled_ts=self._now // 1000)
        yield self._delta(NORTH, "yes", 42, -1_200)
        yield self._delta(NORTH, "no", 53, 4_444)

    def snapshot(self, ticker: str) -> Json:
        """A book as it is sent: a side without bids is left out."""
        market = self.markets[ticker]
        found: Json = {"market_ticker": ticker, "market_id": f"id-{ticker}"}
        for side, book in market.books().items():
            if book:
                found[f"{side}_dollars_fp"] = [[dollars(price), f"{size / 100:.2f}"] for price, size in sorted(book.items())]
        return found

    def add(self, ticker: str, name: str) -> None:
        """A market that is new."""
        self.markets[ticker] = Market(ticker, name, {10: 100}, {85: 100})
        self.markets[ticker].offer()

    def truth(self) -> Mapping[Key, Stand]:
        """How everything stands that was ever offered."""
        return {
            Key(market.ticker, market.word(answer), side): Stand(price, _shown(market, price))
            for market in self.markets.values()
            for (answer, side), price in market.prices().items()
            if (answer, side) in market.offered
        }

    def _delta(self, ticker: str, side: BookSide, price: int, change: int, *, after: int = 7) -> Said:
        self._now += after
        market = self.markets[ticker]
        book = market.books()[side]
        book[price] = book.get(price, 0) + change
        if not book[price]:
            del book[price]
        market.offer()
        told: Json = {"market_ticker": ticker, "market_id": f"id-{ticker}", "price_dollars": dollars(price), "side": side}
        return Said("orderbook_delta", "orderbook_delta", ticker, told | {"delta_fp": f"{change / 100:.2f}", "ts_ms": self._now})

    def _trade(self, ticker: str, price: int, size: int) -> Said:
        self._now += 5
        market = self.markets[ticker]
        market.last = price
        market.offer()
        told: Json = {
            "trade_id": f"trade-{self._now}",
            "market_ticker": ticker,
            "yes_price_dollars": dollars(price),
            "no_price_dollars": dollars(100 - price),
            "count_fp": f"{size / 100:.2f}",
            "taker_side": "yes",
            "ts": self._now // 1000,
            "ts_ms": self._now,
        }
        return Said("trade", "trade", ticker, told)

    def _emptied(self, ticker: str) -> Said:
        """The book of a market that closed."""
        market = self.markets[ticker]
        market.yes.clear()
        market.no.clear()
        return Said("orderbook_delta", "orderbook_snapshot", ticker, self.snapshot(ticker))

    def _lifecycle(self, ticker: str, event_type: str, status: str, **told: JsonValue) -> Said:
        self._now += 11
        market = self.markets[ticker]
        market.status = status
        market.result = str(told.get("result", market.result))
        return Said("market_lifecycle_v2", "market_lifecycle_v2", ticker, {"event_type": event_type, "market_ticker": ticker, **told})


def dollars(cents: int) -> str:
    """As Kalshi writes a price."""
    return f"{cents / 100:.4f}"


def _odds(cents: int) -> float:
    return float(Fraction(100, cents))


def _shown(market: Market, price: float | None) -> str:
    if market.status == "finalized":
        return "settled"
    if price is None:
        return "withdrawn"
    return "open" if market.status == "active" else "suspended"
