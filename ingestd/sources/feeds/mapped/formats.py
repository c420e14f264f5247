"""How providers write texts, numbers, prices and times, each turned into ours; raises Unmapped for what is none."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from ingestd.model import NO_PRICE
from ingestd.odds import Format, NoOdds, price_of
from ingestd.sources.feeds.mapped.paths import Unmapped, shown

NumberFormat = Literal["plain", "comma"]
NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
LONGEST_NUMBER: Final = 40
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
UNITS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
LATEST: Final = 1 << 62
"""No time is written with a greater number."""
CHANCES: Final[frozenset[Format]] = frozenset(("probability", "percent"))
"""Formats in which 0 says that there is no price."""


def text(value: object) -> str:
    """A text, or a number or a truth value as one: ids come as either."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise Unmapped("type", f"{shown(value)} is no text")


def number(value: object) -> float:
    """A finite number, or a text that holds one."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and NUMBER.fullmatch(stripped := value.strip()):
        value = float(stripped)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = math.inf
        if math.isfinite(found):
            return found
    raise Unmapped("number", f"{shown(value)} is no number")


def comma(value: object) -> float:
    """A number with a decimal comma, points or spaces between thousands: ``1.234,5``."""
    if isinstance(value, str):
        value = value.replace(".", "").replace(" ", "").replace("\u00a0", "").replace(",", ".")
    return number(value)


def canonical(value: object) -> str:
    """A number in one spelling: 2, ``2.0`` and ``+2.00`` alike."""
    found = number(value)
    return str(int(found)) if found.is_integer() else repr(found)


def price(value: object, form: Format) -> float:
    """A price in any notation that ``odds`` knows, as decimal odds; a decimal one as it is, a chance of 0 is no price."""
    if form == "decimal":
        return number(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unmapped("price", f"{shown(value)} is no price")
    if form == "percent" and isinstance(value, str):
        value = value.rstrip(" %")
    if form in CHANCES and number(value) == 0:
        return NO_PRICE
    try:
        return price_of(value, form)
    except NoOdds as error:
        raise Unmapped("price", str(error)) from error


def iso(value: object, zone: tzinfo) -> int:
    """ISO 8601, in ``zone`` where it names none; UTC µs."""
    try:
        return _micros(datetime.fromisoformat(text(value).strip()), zone)
    except (ValueError, OverflowError) as error:
        raise Unmapped("time", f"{shown(value)} is no ISO 8601 time") from error


def since_epoch(value: object, unit: str) -> int:
    """Units (``s``, ``ms``, ``us``) since 1970; UTC µs."""
    scale, found = UNITS[unit], value if type(value) is int else number(value)
    if abs(found) > LATEST:
        raise Unmapped("time", f"{shown(value)} is no time")
    return round(found * scale)


def pattern(value: object, form: str, zone: tzinfo) -> int:
    """As ``strptime`` reads it by ``form``, in ``zone`` where it names none; UTC µs."""
    try:
        return _micros(datetime.strptime(text(value).strip(), form), zone)  # noqa: DTZ007 - the zone follows
    except (ValueError, OverflowError) as error:
        raise Unmapped("time", f"{shown(value)} is no time like {form}") from error


def _micros(moment: datetime, zone: tzinfo) -> int:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return (moment - EPOCH) // MICROSECOND


NUMBERS: Final[Mapping[NumberFormat, Callable[[object], float]]] = {"plain": number, "comma": comma}
