"""What Gamma and the CLOB say of events and markets, in one shape."""

from msgspec import Struct


class Outcome(Struct, frozen=True):
    """One token of a market. ``worth``: 1 if it won, 0 if it lost, None while that is open or where neither is so."""

    asset: str
    text: str
    worth: int | None = None


class MarketTold(Struct, frozen=True, kw_only=True):
    """What is said of a market. ``starts_at`` in UTC µs; ``group`` is what a Yes or No is about (a team, a player)."""

    id: str
    kind: str = ""
    question: str = ""
    group: str = ""
    home: str = ""
    away: str = ""
    exclusive: bool = False
    """Whether only one of the event's markets can come true (``negRisk``)."""
    line: float | None = None
    outcomes: tuple[Outcome, ...] = ()
    starts_at: int | None = None
    closed: bool = False
    trading: bool = True
    orderly: bool = True
    """Whether it has an order book at all."""


class EventTold(Struct, frozen=True, kw_only=True):
    """What is said of an event; ``sporty``: it is known to be one of sports."""

    id: str
    name: str = ""
    home: str = ""
    away: str = ""
    sport: str = ""
    league: str = ""
    starts_at: int | None = None
    live: bool = False
    ended: bool = False
    sporty: bool = False
    markets: tuple[MarketTold, ...] = ()
