"""The shapes of Kalshi's WebSocket messages, and its numbers as exact integers.

Source: Kalshi's AsyncAPI document (channels ``orderbook_delta``, ``trade``, ``market_lifecycle_v2``). Prices are dollar strings and sizes
fixed-point strings; messages from before 2026 have whole cents and whole contracts in fields of other names.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from ingestd.errors import Malformed
from ingestd.model import SECOND

UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, ArithmeticError)
"""Everything that input which is wrong makes msgspec, and the conversions below, raise."""
DOLLAR: Final = 1_000_000
"""Prices and sizes are counted in millionths: of a dollar, of a contract."""
LARGEST: Final = Decimal(10) ** 18
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Kalshi writes the year 1 where it has no time."""

Number = Annotated[str, Meta(max_length=40)] | int | float
Level = tuple[Number, Number]
Cents = tuple[int, Number]
Time = int | datetime
BookSide = Literal["yes", "no"]


class Envelope(Struct):
    """A message around its content. ``event``: it stands in a recording, and was received at ``recv_ms``."""

    type: str = ""
    id: int | None = None
    sid: int | None = None
    seq: int | None = None
    msg: Raw = msgspec.field(default_factory=Raw)
    event: Raw = msgspec.field(default_factory=Raw)
    recv_ms: int | None = None


class Ticker(Struct):
    """The market that a message is about, whatever else may be wrong with it."""

    market_ticker: str


class Snapshot(Ticker):
    """A whole book: the bids for yes and for no, ascending. A side without bids is left out."""

    yes_dollars_fp: list[Level] = []
    no_dollars_fp: list[Level] = []
    yes: list[Cents] = []
    no: list[Cents] = []

    def levels(self) -> dict[BookSide, dict[int, int]]:
        """Sizes by price. Raises ValueError."""
        return {"yes": _book(self.yes_dollars_fp, self.yes), "no": _book(self.no_dollars_fp, self.no)}


class Delta(Ticker, gc=False):
    """A change of one level: by how much, not to how much."""

    side: BookSide
    price_dollars: Number | None = None
    delta_fp: Number | None = None
    price: int | None = None
    delta: Number | None = None
    ts_ms: int | None = None
    ts: Time | None = None

    def change(self) -> tuple[int, int]:
        """Price and change of size. Raises ValueError."""
        return price_of(self.price_dollars, self.price), size_of(self.delta_fp, self.delta)


class Trade(Struct, gc=False):
    """A trade, as the stream (``market_ticker``) and as the web service (``ticker``, ``created_time``) tell it."""

    market_ticker: str = ""
    ticker: str = ""
    yes_price_dollars: Number | None = None
    count_fp: Number | None = None
    yes_price: int | None = None
    count: Number | None = None
    ts_ms: int | None = None
    ts: Time | None = None
    created_time: datetime | None = None

    def terms(self) -> tuple[int, int]:
        """Price of yes, and contracts. Raises ValueError."""
        return price_of(self.yes_price_dollars, self.yes_price), size_of(self.count_fp, self.count)

    def stamp(self) -> int | None:
        """When it was made, UTC µs."""
        return stamp(self.ts_ms, self.created_time if self.ts is None else self.ts)


class Described(Struct):
    """What a market is called and where it is struck; sent when it is created."""

    title: str = ""
    yes_sub_title: str = ""
    event_ticker: str = ""
    strike_type: str = ""
    floor_strike: float | None = None
    cap_strike: float | None = None


class Lifecycle(Ticker):
    """What became of a market; every kind of it has fields of its own. ``settled_ts`` in seconds."""

    event_type: str
    result: str = ""
    settled_ts: int | None = None
    additional_metadata: Described | None = None
    yes_sub_title: str = ""
    strike_type: str = ""
    floor_strike: float | None = None
    cap_strike: float | None = None


class EventCreated(Struct):
    """An event that is new. ``strike_date`` in seconds."""

    event_ticker: str
    title: str = ""
    series_ticker: str = ""
    strike_date: int | None = None


class ErrorMessage(Struct):
    """What went wrong, by number."""

    code: int
    msg: str = ""


ENVELOPE: Final = msgspec.json.Decoder(Envelope)
TICKER: Final = msgspec.json.Decoder(Ticker)
SNAPSHOT: Final = msgspec.json.Decoder(Snapshot)
DELTA: Final = msgspec.json.Decoder(Delta)
TRADE: Final = msgspec.json.Decoder(Trade)
LIFECYCLE: Final = msgspec.json.Decoder(Lifecycle)
EVENT_CREATED: Final = msgspec.json.Decoder(EventCreated)
ERROR: Final = msgspec.json.Decoder(ErrorMessage)


def read(payload: bytes) -> Envelope:
    """A message, out of the wrapping of a recording if it has one. Raises Malformed."""
    try:
        message = ENVELOPE.decode(payload)
        return message if message.recv_ms is None else ENVELOPE.decode(message.event)
    except UNREADABLE as error:
        raise Malformed("shape" if isinstance(error, msgspec.ValidationError) else "json", first_line(error)) from error


def ticker_of(message: Envelope) -> str:
    """The market that a message is about; ``""`` where not even that can be read."""
    try:
        return TICKER.decode(message.msg).market_ticker
    except UNREADABLE:
        return ""


@lru_cache(maxsize=1 << 15)
def millionths(value: str | float) -> int:
    """A decimal number, exactly. Raises ValueError for what is none, too large, or finer than a millionth."""
    try:
        exact = Decimal(str(value)).scaleb(6)
        if not -LARGEST <= exact <= LARGEST or exact != (whole := int(exact)):
            raise ValueError(f"{str(value)[:40]!r} is too large or too fine")
    except ArithmeticError as error:
        raise ValueError(f"{str(value)[:40]!r} is no number") from error
    return whole


def price_of(dollars: Number | None, cents: float | None = None) -> int:
    """A price between 0 and 1 dollar, both excluded, in millionths. Raises ValueError."""
    if dollars is not None:
        found = millionths(dollars)
    elif cents is not None:
        found = millionths(cents) // 100
    else:
        raise ValueError("no price")
    if not 0 < found < DOLLAR:
        raise ValueError(f"a price of {found / DOLLAR:g} dollars")
    return found


def size_of(fixed: Number | None, whole: Number | None = None) -> int:
    """A number of contracts, or a change of it, in millionths. Raises ValueError."""
    value = whole if fixed is None else fixed
    if value is None:
        raise ValueError("no size")
    return millionths(value)


def stamp(ms: int | None, other: Time | None) -> int | None:
    """UTC µs: from milliseconds, else from seconds or a written time."""
    if ms is not None:
        return ms * 1_000
    return other * SECOND if isinstance(other, int) else micros(other)


def micros(time: datetime | None) -> int | None:
    """UTC µs; None for none, and for the year 1."""
    if time is None:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds if time >= EARLIEST else None


def first_line(error: Exception) -> str:
    """What an error says, in short."""
    text = str(error) or type(error).__name__
    return text.splitlines()[0][:200]


def _book(levels: list[Level], cents: list[Cents]) -> dict[int, int]:
    book = {price_of(price): size_of(size) for price, size in levels}
    book |= {price_of(None, price): size_of(size) for price, size in cents}
    if any(size < 0 for size in book.values()):
        raise ValueError("a size below zero")
    return {price: size for price, size in book.items() if size}
