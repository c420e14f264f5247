"""What The Odds API answers, v4 and the older v3, taken apart step by step: whatever is wrong costs only the element that it is in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ingestd.errors import Malformed
from ingestd.model import SECOND
from ingestd.odds import NoOdds, price_of

UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeError, OverflowError, ValueError)
"""What decoding foreign bytes may raise."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST: Final = 200
"""Characters of a foreign message that are quoted."""
EVEN: Final = 100
"""The American price of even money; none lies between it and its negative."""
GONE: Final = "EVENT_NOT_FOUND"

T = TypeVar("T")
Stamp = str | int | float
"""A time: ISO 8601, or Unix seconds (option ``dateFormat`` of the provider, and all of v3)."""


class Wrapper(Struct):
    """What an answer that is an object may be: an event, a historical snapshot, an answer of v3, an error."""

    id: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    timestamp: Stamp | None = None
    success: bool = True
    message: str = ""
    error_code: str = ""


class Element(Struct):
    """What an element of a list is told by."""

    id: Raw | UnsetType = UNSET
    key: Raw | UnsetType = UNSET
    bookmakers: Raw | UnsetType = UNSET
    sites: Raw | UnsetType = UNSET
    completed: Raw | UnsetType = UNSET


class Score(Struct):
    """Points of one side; they come as text."""

    name: str
    score: str | int | None = None


class Event(Struct):
    """An event of ``/odds``, ``/events`` or ``/scores``, and one of v3."""

    id: str
    sport_key: str
    sport_title: str = ""
    sport_nice: str = ""
    commence_time: Stamp | None = None
    home_team: str | None = None
    away_team: str | None = None
    teams: list[str] = []
    bookmakers: list[Raw] = []
    sites: list[Raw] = []
    completed: bool = False
    scores: list[Score] | None = None
    last_update: Stamp | None = None


class Bookmaker(Struct):
    """The prices of one bookmaker on one event."""

    key: str
    title: str = ""
    last_update: Stamp | None = None
    markets: list[Raw] = []


class Market(Struct):
    """One market of one bookmaker."""

    key: str
    last_update: Stamp | None = None
    outcomes: list[Raw] = []


class Named(Struct):
    """An outcome, whatever its price is."""

    name: str
    description: str | None = None
    point: float | None = None


class Outcome(Named):
    """An outcome with its price: decimal, or American (whole numbers)."""

    price: int | float = 0


class Site(Struct):
    """v3: the prices of one bookmaker, by market, in the order of the event's teams, the draw last."""

    site_key: str
    site_nice: str = ""
    last_update: Stamp | None = None
    odds: dict[str, Raw] = {}


class Page(Struct, frozen=True):
    """An answer without what is wrapped around its elements. ``gone``: the event asked for is not there any more.

    ``single``: it was asked for one event. ``path``: where the elements are. ``stated_at``: the time of a historical snapshot, UTC µs.
    """

    elements: Sequence[Raw] = ()
    single: bool = False
    path: str = ""
    stated_at: int | None = None
    gone: bool = False


def page(payload: bytes) -> Page:
    """Take an answer apart. Raises Malformed where it is none."""
    start = payload.lstrip()[:1]
    if start == b"<":
        raise Malformed("html", "a web page where JSON should be")
    try:
        if start == b"[":
            return Page(_LIST.decode(payload))
        return _unwrapped(payload, _WRAPPER.decode(payload))
    except UNREADABLE as error:
        raise Malformed("format", str(error)[:LONGEST]) from error


def _unwrapped(payload: bytes, said: Wrapper) -> Page:
    if said.data is not UNSET and said.success:
        single = bytes(said.data).lstrip()[:1] == b"{"
        elements = [said.data] if single else _LIST.decode(said.data)
        return Page(elements, single, "data", microseconds(said.timestamp))
    if said.id is not UNSET:
        return Page([Raw(payload)], single=True)
    if GONE in (said.error_code, said.message):
        return Page(single=True, gone=True)
    if said.error_code or said.message or not said.success:
        raise Malformed("error", f"{said.error_code} {said.message}".strip()[:LONGEST] or "no success")
    raise Malformed("shape", "neither a list, an event, nor a snapshot")


def decoded(raw: Raw | bytes, kind: type[T]) -> T | str:
    """An element, or what is wrong with it."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except UNREADABLE as error:
        return str(error)[:LONGEST]


def bare_price(raw: Raw) -> int | float | str:
    """A bare price, or what is wrong with it."""
    try:
        return _NUMBER.decode(raw)
    except UNREADABLE as error:
        return str(error)[:LONGEST]


def microseconds(stamp: Stamp | None) -> int | None:
    """A time in UTC µs; None for none, and for one that cannot be."""
    try:
        if isinstance(stamp, str):
            moment = datetime.fromisoformat(stamp)
            return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)
        return None if stamp is None else round(stamp * SECOND)
    except UNREADABLE:
        return None


def american(prices: Sequence[float]) -> bool:
    """Whether these are American prices, where nobody says: whole numbers all, and none between -100 and 100."""
    return bool(prices) and all(isinstance(price, int) and abs(price) >= EVEN for price in prices)


def decimal(price: float, *, is_american: bool) -> float | None:
    """A price as decimal odds; None where it is no price."""
    try:
        return price_of(price, "american" if is_american else "decimal")
    except NoOdds:
        return None


_NUMBER: Final[msgspec.json.Decoder[int | float]] = msgspec.json.Decoder(int | float)
_LIST: Final = msgspec.json.Decoder(list[Raw])
_WRAPPER: Final = msgspec.json.Decoder(Wrapper)
