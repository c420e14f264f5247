"""What one cell says: a price, a handicap, goals, a day, a time of day. Only plain ASCII numbers count; nothing is guessed."""

import re
from datetime import date, time
from typing import Final

PIVOT: Final = 90
"""Two-digit years from here on are of the twentieth century: the files begin in 1993."""
EARLIEST_YEAR: Final = 1990
HIGHEST_HANDICAP: Final = 20.0
_NUMBER: Final = re.compile(r"\d{1,5}(?:\.\d{0,6})?|\.\d{1,6}", re.ASCII)
_SIGNED: Final = re.compile(r"[+-]?(?:\d{1,2}(?:\.\d{0,3})?|\.\d{1,3})", re.ASCII)
_MIXED: Final = re.compile(r"([+-]?)(\d{1,2}) (1/4|1/2|3/4)", re.ASCII)
_GOALS: Final = re.compile(r"\d{1,2}", re.ASCII)
_DAY: Final = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)
_PARTS: Final = {"1/4": 0.25, "1/2": 0.5, "3/4": 0.75}
_QUARTER: Final = 0.25
_HALF: Final = 0.5
_MONTHS: Final = 12
_SHOWN: Final = 40


class UnfitError(Exception):
    """A cell, or a whole row, that cannot be taken. ``category`` is one word."""

    def __init__(self, category: str, reason: str) -> None:
        super().__init__(reason)
        self.category = category
        self.reason = reason


def price(text: str) -> float | None:
    """Decimal odds; None for an empty cell. Raises UnfitError for what is no number, and for 1 and less, which is no price."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise UnfitError("price", f"{text[:_SHOWN]!r} is no price")
    value = float(text)
    if value <= 1.0:
        raise UnfitError("no_price", f"{text[:_SHOWN]} is no price: 1 or less")
    return value


def handicap(text: str) -> float | None:
    """Goals given to the home team, in quarters; None for an empty cell. Raises UnfitError.

    ``-1 1/4`` is a mixed fraction. A pair (``-1.5/-2``, ``-1,-1.5``) is a stake split over two lines half a goal apart, which is the line
    between them; any other pair could mean anything.
    """
    if not text:
        return None
    value = _handicap(text)
    if value is None or abs(value) > HIGHEST_HANDICAP or not (value / _QUARTER).is_integer():
        raise UnfitError("line", f"{text[:_SHOWN]!r} is no handicap")
    return value + 0.0


def _handicap(text: str) -> float | None:
    if _SIGNED.fullmatch(text):
        return float(text)
    if mixed := _MIXED.fullmatch(text):
        value = int(mixed[2]) + _PARTS[mixed[3]]
        return -value if mixed[1] == "-" else value
    pair = [part.strip() for part in re.split("[/,]", text, maxsplit=1)]
    if len(pair) < 2 or not all(_SIGNED.fullmatch(part) for part in pair):  # noqa: PLR2004 - a pair has two
        return None
    one, other = map(float, pair)
    return (one + other) / 2 if abs(one - other) == _HALF and (one / _HALF).is_integer() else None


def goals(text: str) -> int | None:
    """Goals of one side; None for an empty cell. Raises UnfitError."""
    if not text:
        return None
    if not _GOALS.fullmatch(text):
        raise UnfitError("score", f"{text[:_SHOWN]!r} is no number of goals")
    return int(text)


def day(text: str) -> date:
    """``dd/mm/yy``, ``dd/mm/yyyy``, or with hyphens; the day always comes first. Raises UnfitError."""
    found = _DAY.fullmatch(text)
    if found is None:
        raise UnfitError("date", f"{text[:_SHOWN]!r} is no date of the form dd/mm/yyyy")
    year = int(found[4])
    if len(found[4]) == 2:  # noqa: PLR2004 - two digits
        year += 1900 if year >= PIVOT else 2000
    try:
        said = date(year, int(found[3]), int(found[1]))
    except ValueError:
        raise UnfitError("date", f"{text!r} is no day of the calendar, the day first") from None
    if year < EARLIEST_YEAR:
        raise UnfitError("date", f"{text!r} is before there were any such files")
    return said


def order_of(text: str) -> int:
    """Which order a date proves by a number above 12: 1 the day first, -1 the month first, 0 neither."""
    found = _DAY.fullmatch(text)
    if found is None:
        return 0
    first, second = int(found[1]), int(found[3])
    return (first > _MONTHS >= second) - (second > _MONTHS >= first)


def clock(text: str) -> time | None:
    """``hh:mm``; None for an empty cell. Raises UnfitError."""
    if not text:
        return None
    found = _TIME.fullmatch(text)
    try:
        if found is not None:
            return time(int(found[1]), int(found[2]))
    except ValueError:
        pass
    raise UnfitError("time", f"{text[:_SHOWN]!r} is no time of day")
