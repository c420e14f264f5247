"""What Kalshi's web service answers: events, markets and trades, out of whichever answer they stand in.

Source: Kalshi's OpenAPI document (``/events``, ``/events/{ticker}``, ``/markets``, ``/markets/{ticker}``, ``/markets/trades``). A recorded
answer may be wrapped (``response``, ``fetched_at_ms``) or be a bare list of markets or trades.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from ingestd.errors import Malformed
from ingestd.model import Reject, Status
from ingestd.sources.feeds.kalshi.market import NOTHING, Top
from ingestd.sources.feeds.kalshi.meanings import Strike, Words
from ingestd.sources.feeds.kalshi.wire import DOLLAR, UNREADABLE, BookSide, Number, Trade, first_line, millionths, size_of

T = TypeVar("T")
STATUSES: Final[dict[str, Status]] = {"active": "open", "finalized": "settled", "settled": "settled"}
"""Everything else (initialized, inactive, closed, determined, disputed, amended, a new word) is no price to trade at."""
_ABOVE: Final = frozenset(("greater", "greater_or_equal"))
_BELOW: Final = frozenset(("less", "less_or_equal"))


class EventAnswer(Struct):
    """An event; ``strike_date`` is the moment that it is about, where it is about one."""

    event_ticker: str
    title: str = ""
    category: str = ""
    series_ticker: str = ""
    mutually_exclusive: bool = False
    strike_date: datetime | None = None
    markets: list[Raw] | None = None


class MarketAnswer(Struct):
    """A market. ``result``: yes, no, scalar or nothing yet."""

    ticker: str
    event_ticker: str = ""
    title: str = ""
    yes_sub_title: str = ""
    status: str = ""
    result: str = ""
    settlement_ts: datetime | None = None
    strike_type: str = ""
    floor_strike: float | None = None
    cap_strike: float | None = None
    yes_bid_dollars: Number | None = None
    yes_bid_size_fp: Number | None = None
    yes_ask_dollars: Number | None = None
    yes_ask_size_fp: Number | None = None
    last_price_dollars: Number | None = None
    yes_bid: Number | None = None
    yes_ask: Number | None = None
    last_price: Number | None = None

    def tops(self) -> dict[BookSide, Top]:
        """The best bids; 0 (and, of an ask, a whole dollar) stands for none. Raises ValueError."""
        bid = _money(self.yes_bid_dollars, self.yes_bid)
        ask = _money(self.yes_ask_dollars, self.yes_ask)
        return {"yes": _top(bid, self.yes_bid_size_fp), "no": _top(DOLLAR - ask if ask else 0, self.yes_ask_size_fp)}

    def last(self) -> int:
        """The price of the last trade, 0 before the first. Raises ValueError."""
        return _money(self.last_price_dollars, self.last_price)

    def words(self) -> Words:
        """What it is called."""
        line, strike = struck(self.strike_type, self.floor_strike, self.cap_strike)
        return Words(self.event_ticker, self.yes_sub_title, line, strike, self.title)


class Answer(Struct):
    """What an answer holds: each event, each market, each trade (the oldest first), and what could not be read."""

    events: list[EventAnswer] = field(default_factory=list)
    markets: list[MarketAnswer] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


class _Body(Struct):
    response: Raw = field(default_factory=Raw)
    event: Raw = field(default_factory=Raw)
    market: Raw = field(default_factory=Raw)
    events: list[Raw] | None = None
    markets: list[Raw] | None = None
    trades: list[Raw] | None = None
    ticker: str = ""
    orderbook_fp: Raw = field(default_factory=Raw)
    orderbook: Raw = field(default_factory=Raw)


class _Sort(Struct):
    trade_id: str = ""


_BODY: Final = msgspec.json.Decoder(_Body)
_LIST: Final = msgspec.json.Decoder(list[Raw])
_SORT: Final = msgspec.json.Decoder(_Sort)
_EVENT: Final = msgspec.json.Decoder(EventAnswer)
_MARKET: Final = msgspec.json.Decoder(MarketAnswer)
_TRADE: Final = msgspec.json.Decoder(Trade)


def read_answer(payload: bytes) -> Answer:
    """Everything in an answer that can be read. Raises Malformed where it is none."""
    answer = Answer()
    try:
        if payload.lstrip()[:1] == b"[":
            _read_list(_LIST.decode(payload), "", answer)
        else:
            _read_body(payload, answer)
    except UNREADABLE as error:
        raise Malformed("shape" if isinstance(error, msgspec.ValidationError) else "json", first_line(error)) from error
    return answer


def struck(strike_type: str, floor: float | None, cap: float | None) -> tuple[float | None, Strike]:
    """Where a market is struck, and on which side yes is; one that is struck twice (between), or by no number, has no line.

    A whole number that is enough by itself is the line half below it (or above): "at least 3" is over 2.5.
    """
    half = 0.5 if strike_type.endswith("_or_equal") else 0.0
    if strike_type in _ABOVE and floor is not None:
        return floor - (half if floor.is_integer() else 0.0), "above"
    if strike_type in _BELOW and cap is not None:
        return cap + (half if cap.is_integer() else 0.0), "below"
    return None, ""


def _read_body(payload: bytes | Raw, answer: Answer) -> None:
    body = _BODY.decode(payload)
    if body.response:
        body = _BODY.decode(body.response)
    for path, event in _one("event", body.event) + _many("events", body.events):
        if (found := _element(_EVENT, event, path, answer)) is not None:
            answer.events.append(found)
            _read_list(found.markets or [], f"{path}.markets", answer)
    for path, market in _one("market", body.market) + _many("markets", body.markets):
        _take_market(market, path, answer)
    _read_list(body.trades or [], "trades", answer)
    if body.ticker:
        _read_list([Raw(payload)], "", answer)
    elif body.orderbook_fp or body.orderbook:
        answer.rejects.append(reject("unnamed", "an order book that does not say of which market", "orderbook"))
    elif not any((body.event, body.events is not None, body.market, body.markets is not None, body.trades is not None)):
        raise Malformed("shape", "neither events nor markets nor trades")


def _read_list(elements: list[Raw], path: str, answer: Answer) -> None:
    """Markets, or trades, which the web service lists the newest first."""
    trades: list[Trade] = []
    for index, element in enumerate(elements):
        where = f"{path}[{index}]"
        if not _is_trade(element):
            _take_market(element, where, answer)
        elif (trade := _element(_TRADE, element, where, answer)) is not None:
            trades.append(trade)
    trades.reverse()
    answer.trades += sorted(trades, key=lambda trade: trade.stamp() or 0)


def _take_market(element: Raw, path: str, answer: Answer) -> None:
    if (market := _element(_MARKET, element, path, answer)) is not None:
        answer.markets.append(market)


def _is_trade(element: Raw) -> bool:
    try:
        return bool(_SORT.decode(element).trade_id)
    except UNREADABLE:
        return False


def _element(decoder: "msgspec.json.Decoder[T]", element: Raw, path: str, answer: Answer) -> T | None:
    try:
        return decoder.decode(element)
    except UNREADABLE as error:
        answer.rejects.append(reject("shape", first_line(error), path))
        return None


def reject(category: str, reason: str, path: str = "") -> Reject:
    """What could not be taken."""
    return Reject(stage="decode", category=category, reason=reason, path=path)


def _one(path: str, element: Raw) -> list[tuple[str, Raw]]:
    return [(path, element)] if element else []


def _many(path: str, elements: list[Raw] | None) -> list[tuple[str, Raw]]:
    return list(_numbered(path, elements or []))


def _numbered(path: str, elements: list[Raw]) -> Iterator[tuple[str, Raw]]:
    for index, element in enumerate(elements):
        yield f"{path}[{index}]", element


def _money(dollars: Number | None, cents: Number | None) -> int:
    found = millionths(dollars) if dollars is not None else millionths(cents or 0) // 100
    if not 0 <= found <= DOLLAR:
        raise ValueError(f"a price of {found / DOLLAR:g} dollars")
    return found


def _top(price: int, size: Number | None) -> Top:
    return (price, size_of(size, 0)) if 0 < price < DOLLAR else NOTHING
