"""The exchange's own messages and their bytes; ``docs/feeds/simulated.md`` describes them."""

from typing import Final, Literal

import msgspec
from msgspec import Struct


class Price(Struct, array_like=True):
    """A selection's state in a delta."""

    i: int
    price: float
    size: float | None
    line: float | None
    status: str


class Listed(Struct, array_like=True):
    """A selection in an image: its state, when that began, and what it is."""

    i: int
    price: float
    size: float | None
    line: float | None
    status: str
    t: int
    bookmaker: str
    outcome: str
    participant: str
    side: Literal["back", "lay", "traded"]


class Bookmaker(Struct, array_like=True):
    """Code, name and kind."""

    code: str
    name: str
    kind: Literal["book", "exchange", "prediction", "aggregate"]


class FixtureState(Struct):
    """An event; times in µs UTC."""

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
    status: str


class ScoreState(Struct):
    """A score, of a period or of the whole event (period "")."""

    event: str
    period: str
    t: int
    home: int
    away: int
    winner: str
    state: str


class MarketState(Struct):
    """A market with every selection it lists."""

    id: str
    event: str
    market: str
    period: str
    status: str
    t: int
    quotes: list[Listed]


class Message(Struct, tag_field="op"):
    """Every message carries ``n``: its own number, or that of the last statement."""

    n: int


class Welcome(Message, tag="welcome"):
    """The first message of a session."""

    run: str
    session: str
    resumed: bool
    heartbeat_ms: int
    window: int


class Heartbeat(Message, tag="heartbeat"):
    """Nothing was said for a while; ``n``: the last statement."""


class Image(Message, tag="image"):
    """A part of an image of everything."""

    t: int
    part: int
    parts: int
    bookmakers: list[Bookmaker]
    fixtures: list[FixtureState]
    results: list[ScoreState]
    markets: list[MarketState]


class MarketImage(Message, tag="market"):
    """An image of one market: a statement, unless it was asked for."""

    t: int
    asked: bool
    market: MarketState


class Delta(Message, tag="delta"):
    """Prices of a market."""

    t: int
    market: str
    quotes: list[Price]


class Fixture(Message, tag="fixture"):
    """An event as it stands now."""

    t: int
    fixture: FixtureState


class MarketChange(Message, tag="status"):
    """The status of a whole market."""

    t: int
    market: str
    status: str


class Withdraw(Message, tag="withdraw"):
    """Offers that are gone."""

    t: int
    market: str
    selections: list[int]


class Settle(Message, tag="settle"):
    """A market is settled, and how."""

    t: int
    market: str
    results: list[tuple[int, str]]


class Score(Message, tag="result"):
    """A score."""

    t: int
    result: ScoreState


Statement = Image | MarketImage | Delta | Fixture | MarketChange | Withdraw | Settle | Score

ENCODER: Final = msgspec.json.Encoder()


def encode(statement: Statement, segment: int) -> list[bytes]:
    """The frames of a statement; an image of everything takes one per about ``segment`` quotes."""
    if type(statement) is not Image:
        return [ENCODER.encode(statement)]
    chunks: list[list[MarketState]] = [[]]
    held = 0
    for market in statement.markets:
        if held >= segment:
            chunks.append([])
            held = 0
        chunks[-1].append(market)
        held += len(market.quotes)
    parts = []
    for index, markets in enumerate(chunks, start=1):
        head = statement if index == 1 else msgspec.structs.replace(statement, bookmakers=[], fixtures=[], results=[])
        parts.append(ENCODER.encode(msgspec.structs.replace(head, part=index, parts=len(chunks), markets=markets)))
    return parts
