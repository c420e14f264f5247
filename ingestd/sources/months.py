"""Months as providers bill them: from a day of the calendar month, at midnight UTC, to the same day of the next."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def month_of(at: int, day: int) -> tuple[int, int]:
    """Begin and end of the month that ``at`` lies in, all UTC µs. In months without that ``day``, their last day stands for it."""
    moment = EPOCH + timedelta(microseconds=at)
    began = _on(moment.year, moment.month, day)
    if began > moment:
        last = moment.replace(day=1) - timedelta(days=1)
        began = _on(last.year, last.month, day)
    following = began.replace(day=1) + timedelta(days=32)
    return _micros(began), _micros(_on(following.year, following.month, day))


def _on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, min(day, monthrange(year, month)[1]), tzinfo=UTC)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
