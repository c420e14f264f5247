"""When things stood in UTC microseconds: what the files give by day, or by UK local time, or not at all. All but the kick-off is nominal.

The site's notes.txt: odds are collected on Friday afternoons for the games of the weekend, on Tuesday afternoons for those in midweek.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from ingestd.model import SECOND

COLLECTED: Final = time(12)
"""Where the afternoon begins: before any kick-off of that day."""
COLLECTION_DAYS: Final = (1, 4)
"""Tuesday and Friday, Monday being 0."""
KICK_OFF: Final = time(15)
"""Of a match whose file gives the day alone."""
CLOSES_BEFORE: Final = SECOND
ENDS_AFTER: Final = 2 * 3_600 * SECOND
_LONDON: Final = ZoneInfo("Europe/London")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Moments(Struct, frozen=True):
    """Of one match: when its first prices were collected, when the last ones stood, kick-off, final whistle."""

    opening: int
    closing: int
    kick_off: int
    whistle: int


@lru_cache(maxsize=4096)
def moments(day: date, at: time | None) -> Moments:
    """Of a match on that day, UK time; ``at`` None: nobody says when. Opening prices: the last collection before the kick-off."""
    kick_off = datetime.combine(day, at or KICK_OFF, _LONDON)
    collected = datetime.combine(day, COLLECTED, _LONDON)
    while collected.weekday() not in COLLECTION_DAYS or collected >= kick_off:
        collected -= timedelta(days=1)
    starts = _micros(kick_off)
    return Moments(_micros(collected), starts - CLOSES_BEFORE, starts, starts + ENDS_AFTER)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
