"""The exchange's messages as this feed reads them: shapes from ``docs/feeds/simulated.md``, times in µs UTC.

``Q`` is the element of a list of prices: decoded, or (where one of them is no good) still raw.
"""

from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from ingestd.errors import Malformed
from ingestd.model import BookmakerKind, EventStatus, QuoteResult, Reject, ResultState, Side

Number = Annotated[int, Meta(ge=0, lt=1 << 53)]
Own = Literal["open", "suspended"]
Q = TypeVar("Q")


class Price(Struct, array_like=True, gc=False):
    """A selection's state in a delta."""

    i: int
    price: float
    size: float | None
    line: float | None
    status: Own


class Listed(Struct, array_like=True, gc=False):
    """A selection in an image: its state, since when, and what it is."""

    i: int
    price: float
    size: float | None
    line: float | None
    status: Own
    t: int
    bookmaker: str
    outcome: str
    participant: str
    side: Side


class Bookmaker(Struct, array_like=True):
    """Code, name and kind."""

    code: str
    name: str
    kind: BookmakerKind


class FixtureState(Struct):
    """An event as it stands."""

    id: str
    t: int
    sport: str
    league: str
    season: str
    name: str
    home: str
    away: str
    starts: int
    started: int | None
    status: EventStatus


class ScoreState(Struct):
    """A score, of a period or of the whole event (period ``""``)."""

    event: str
    period: str
    t: int
    home: int
    away: int
    winner: str
    state: ResultState


class MarketState(Struct, Generic[Q]):
    """A market and all that it lists; ``t``: since when it has its status."""

    id: str
    event: str
    market: str
    period: str
    status: Own
    t: int
    quotes: list[Q]


class Message(Struct, tag_field="op"):
    """``n``: the statement's number, or that of the last one."""

    n: Number


class Heartbeat(Message, tag="heartbeat"):
    """Nothing was said for a while; ``n``: the last statement."""


class Welcome(Message, tag="welcome"):
    """The first message of a session."""

    run: str
    resumed: bool


class Image(Message, Generic[Q], tag="image"):
    """A part of an image of everything."""

    t: int
    part: int
    parts: int
    bookmakers: list[Bookmaker]
    fixtures: list[FixtureState]
    results: list[ScoreState]
    markets: list[MarketState[Q]]


class MarketImage(Message, Generic[Q], tag="market"):
    """An image of one market: a statement, unless it was asked for."""

    t: int
    asked: bool
    market: MarketState[Q]


class Delta(Message, Generic[Q], tag="delta"):
    """Prices of a market."""

    t: int
    market: str
    quotes: list[Q]


class Fixture(Message, tag="fixture"):
    """An event as it stands now."""

    fixture: FixtureState


class MarketChange(Message, tag="status"):
    """The status of a whole market."""

    t: int
    market: str
    status: Own


class Withdraw(Message, tag="withdraw"):
    """Offers that are gone."""

    t: int
    market: str
    selections: list[int]


class Settle(Message, tag="settle"):
    """A market is settled, and how."""

    t: int
    market: str
    results: list[tuple[int, QuoteResult]]


class Score(Message, tag="result"):
    """A score."""

    result: ScoreState


class Envelope(Struct):
    """As much of any message as the session looks at."""

    op: str
    n: Number
    part: int = 0
    parts: int = 0


class Timed(Struct):
    """As much of any message as says when it was."""

    t: int | None = None


Plain = Welcome | Heartbeat | Fixture | MarketChange | Withdraw | Settle | Score
Statement = Plain | Image[Listed] | MarketImage[Listed] | Delta[Price]

WHOLE_MESSAGE: Final = msgspec.json.Decoder(Statement)
BY_ELEMENT: Final = msgspec.json.Decoder(Plain | Image[Raw] | MarketImage[Raw] | Delta[Raw])
PRICE: Final = msgspec.json.Decoder(Price)
LISTED: Final = msgspec.json.Decoder(Listed)
WELCOME: Final = msgspec.json.Decoder(Welcome)
ENVELOPE: Final = msgspec.json.Decoder(Envelope)
TIMED: Final = msgspec.json.Decoder(Timed)


def read(payload: bytes) -> tuple[Statement, list[Reject]]:
    """The message, and those of its prices that are none. Raises Malformed."""
    try:
        return WHOLE_MESSAGE.decode(payload), []
    except msgspec.ValidationError:
        return _by_element(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Malformed("syntax", str(error)) from error


def record_time(payload: bytes) -> int | None:
    """The message's own time, µs UTC; None where it says none."""
    try:
        return TIMED.decode(payload).t
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _by_element(payload: bytes) -> tuple[Statement, list[Reject]]:
    """Read the message around its prices, then each of them by itself."""
    try:
        message = BY_ELEMENT.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Malformed("shape", str(error)) from error
    rejects: list[Reject] = []
    if isinstance(message, Delta):
        prices = _elements(message.quotes, PRICE, "quotes", rejects)
        return Delta(n=message.n, t=message.t, market=message.market, quotes=prices), rejects
    if isinstance(message, MarketImage):
        market = _market(message.market, "market.quotes", rejects)
        return MarketImage(n=message.n, t=message.t, asked=message.asked, market=market), rejects
    if isinstance(message, Image):
        markets = [_market(market, f"markets[{k}].quotes", rejects) for k, market in enumerate(message.markets)]
        return Image(
            n=message.n, t=message.t, part=message.part, parts=message.parts, bookmakers=message.bookmakers,
            fixtures=message.fixtures, results=message.results, markets=markets,
        ), rejects  # fmt: skip
    return message, rejects


def _market(state: MarketState[Raw], path: str, rejects: list[Reject]) -> MarketState[Listed]:
    return MarketState(
        id=state.id, event=state.event, market=state.market, period=state.period, status=state.status, t=state.t,
        quotes=_elements(state.quotes, LISTED, path, rejects),
    )  # fmt: skip


def _elements(raws: list[Raw], decoder: "msgspec.json.Decoder[Q]", path: str, rejects: list[Reject]) -> list[Q]:
    elements = []
    for k, raw in enumerate(raws):
        try:
            elements.append(decoder.decode(raw))
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            rejects.append(
                Reject(
                    stage="decode",
                    category="shape",
                    reason=str(error),
                    path=f"{path}[{k}]",
                    update=bytes(raw)[:500].decode("utf-8", "replace"),
                )
            )
    return elements
