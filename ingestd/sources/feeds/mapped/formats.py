"""How providers write texts, numbers, prices and times, each turned into ours; raises Unmapped for what is none."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from ingestd.model import NO_PRICE
from ingestd.sources.feeds.mapped.paths import Unmapped, shown

NumberFormat = Literal["plain", "comma"]
PriceFormat = Literal["decimal", "american", "fractional", "probability", "percent"]
NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
LONGEST_NUMBER: Final = 40
SHORTEST_AMERICAN: Final = 100
"""American odds are told from -100 down and from 100 up."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
UNITS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
LATEST: Final = 1 << 62
"""No time is written with a greater number."""
EVENS: Final = frozenset(("even", "evens", "evs"))


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


def american(value: object) -> float:
    """``+150`` is 2.5, ``-200`` is 1.5, ``EVEN`` is 2."""
    if isinstance(value, str) and value.strip().lower() in EVENS:
        return 2.0
    found = number(value)
    if abs(found) < SHORTEST_AMERICAN:
        raise Unmapped("price", f"{shown(value)} is no American price")
    return 1 + found / 100 if found > 0 else 1 - 100 / found


def fractional(value: object) -> float:
    """``5/2`` is 3.5, ``evens`` is 2."""
    if isinstance(value, str):
        if value.strip().lower() in EVENS:
            return 2.0
        above, slash, below = value.partition("/")
        if slash and (divisor := number(below)) > 0:
            return 1 + number(above) / divisor
    raise Unmapped("price", f"{shown(value)} is no fractional price")


def probability(value: object) -> float:
    """0.4 is 2.5; 0 is no price."""
    return _from_chance(value, number(value))


def percent(value: object) -> float:
    """``40 %`` or 40 is 2.5; 0 is no price."""
    return _from_chance(value, number(value.rstrip(" %") if isinstance(value, str) else value) / 100)


def _from_chance(value: object, found: float) -> float:
    if not 0 <= found <= 1:
        raise Unmapped("price", f"{shown(value)} is no probability")
    return _finite(value, 1 / found) if found else NO_PRICE


def _finite(value: object, price: float) -> float:
    if math.isinf(price):
        raise Unmapped("price", f"{shown(value)} is no price")
    return price


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
PRICES: Final[Mapping[PriceFormat, Callable[[object], float]]] = {
    "decimal": number,
    "american": american,
    "fractional": fractional,
    "probability": probability,
    "percent": percent,
}
