"""Betfair's words in ours: sports, sides, times, and which of two names plays at home. Markets and runners: ``meanings``.

Event type codes: Betfair's developer documentation; an unknown one keeps Betfair's own word in lower case.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from ingestd.model import Side

SPORTS: Final[dict[str, str]] = {
    "1": "football",
    "2": "tennis",
    "3": "golf",
    "4": "cricket",
    "7": "horse_racing",
    "4339": "greyhounds",
    "7522": "basketball",
}
"""Event type id to sport; the rest is known by the catalogue's name for it, else by the id."""
SIDES: Final[tuple[Side, Side, Side]] = ("back", "lay", "traded")
BACK, LAY, TRADED = range(3)
LINE_TYPES: Final = frozenset(("LINE", "RANGE"))
"""Betting types whose ladder positions are lines, at even odds; in all that ``hc`` matters, it is the line."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Names(Struct, frozen=True, kw_only=True):
    """What the catalogue calls a market's event, sport, league and runners; the latter by (selection id, handicap)."""

    event_id: str = ""
    event: str = ""
    sport: str = ""
    league: str = ""
    runners: dict[tuple[int, float], str] = {}


NAMELESS: Final = Names()


def sport(event_type_id: str, names: Names) -> str:
    """Our word for an event type."""
    return SPORTS.get(event_type_id) or names.sport.lower().replace(" ", "_") or event_type_id


def home_and_away(event: str) -> tuple[str, str]:
    """Both sides of "Home v Away" or, as Americans write it, "Away @ Home"; empty for anything else."""
    for separator, home in ((" v ", 0), (" @ ", 1)):
        parts = event.split(separator)
        if len(parts) == 2 and all(part.strip() for part in parts):  # noqa: PLR2004 - a match has two sides
            return parts[home].strip(), parts[1 - home].strip()
    return "", ""


def handicap(value: float) -> str:
    """A handicap as a part of a key: one text for one number (``0``, ``-0.25``, ``1``)."""
    return str(int(value)) if value.is_integer() else repr(value)


def microseconds(time: datetime) -> int:
    """UTC microseconds of a time; Betfair's times are UTC, said or unsaid."""
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
