"""How odds are written: eight notations, each to decimal odds and back, exactly.

Source of the notations: https://en.wikipedia.org/wiki/Odds#Gambling_usage and https://en.wikipedia.org/wiki/Fixed-odds_betting; each
function says what its numbers mean. A float stands for the decimal number that it prints as (``0.48`` is 48/100): that is what a
provider wrote.
"""

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, get_args

from msgspec import Struct

Format = Literal["decimal", "american", "fractional", "hong_kong", "indonesian", "malay", "probability", "percent"]
Written = str | float | Fraction
"""A number as somebody wrote it: text, or what a JSON reader made of it."""
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
NUMBER: Final = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
EVENS: Final = frozenset(("even", "evens", "evs", "ev"))
EVEN: Final = Fraction(2)
HUNDRED: Final = 100
MILLION: Final = 1_000_000
FINEST: Final = 1_000
"""Largest denominator of a fractional price: two of them differ by more than a double's rounding of any price below a thousand million."""
CACHED: Final = 1 << 15


class NoOdds(ValueError):
    """What was written is no price in that notation, or a price cannot be written in it."""


def read(value: Written, notation: Format) -> Fraction:
    """Decimal odds of a price in any notation, exactly; at least 1. Raises NoOdds."""
    if isinstance(value, str) and (word := value.strip().lower()) in EVENS:
        return _evens(word, notation)
    number = _ratio(value) if notation == "fractional" else exact(value)
    return _NOTATIONS[notation].read(number)


def write(price: Written, notation: Format) -> Fraction:
    """Decimal odds as the number of any notation, exactly (fractional: 5/2 is the number 2.5). Raises NoOdds."""
    odds = exact(price)
    if odds < 1:
        raise NoOdds(f"{_shown(price)} is below 1: less than the stake back")
    if odds == 1 and notation in ("american", "indonesian", "malay"):
        raise NoOdds(f"a price of 1 cannot be written as {notation}")
    return _NOTATIONS[notation].write(odds)


def text(price: float | Fraction, notation: Format) -> str:
    """Decimal odds for people, rounded to what the notation is usually written in: ``+150``, ``5/2``, ``0.48``. Raises NoOdds.

    The double of a whole American price, of a fraction up to /1000, of a tick or a cent comes back as it was written.
    """
    return _NOTATIONS[notation].text(write(price, notation))


@lru_cache(CACHED)
def price_of(value: Written, notation: Format) -> float:
    """The double to store for a price in any notation: the one nearest to its exact decimal odds. Raises NoOdds."""
    try:
        return float(read(value, notation))
    except OverflowError as error:
        raise NoOdds(f"{_shown(value)} is no {notation} price: too long") from error


def contract(cost: int, pays: int) -> float:
    """The double to store for a contract that costs and pays so much, in one unit: ``price_of`` a probability, for those in a hurry."""
    return pays / cost


def exact(value: Written) -> Fraction:
    """A plain number as it was written. Raises NoOdds."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str):
        if NUMBER.fullmatch(stripped := value.strip()) is None:
            raise NoOdds(f"{_shown(value)} is no number")
        return Fraction(stripped)
    if not math.isfinite(value):
        raise NoOdds(f"{_shown(value)} is no number")
    return Fraction(repr(value))


class Notation(Struct, frozen=True):
    """One way of writing odds: a number of it to decimal odds, decimal odds to its number, and that number as text."""

    read: Callable[[Fraction], Fraction]
    write: Callable[[Fraction], Fraction]
    text: Callable[[Fraction], str]


def _decimal(number: Fraction) -> Fraction:
    """What a stake of 1 comes back as, the stake included."""
    return _at_least_one(number, number, "decimal")


def _from_american(number: Fraction) -> Fraction:
    """``+150``: profit on a stake of 100. ``-150``: the stake that wins 100. Nothing lies between -100 and 100."""
    if abs(number) < HUNDRED:
        raise NoOdds(f"{_shown(number)} is no American price")
    return _signed(number / HUNDRED)


def _to_american(odds: Fraction) -> Fraction:
    """Even money is written +100."""
    return _to_indonesian(odds) * HUNDRED


def _from_profit(number: Fraction) -> Fraction:
    """Fractional and Hong Kong: profit on a stake of 1."""
    return _at_least_one(number + 1, number, "profit")


def _to_profit(odds: Fraction) -> Fraction:
    return odds - 1


def _from_indonesian(number: Fraction) -> Fraction:
    """American divided by 100: ``1.5`` is the profit on a stake of 1, ``-1.5`` the stake that wins 1."""
    if abs(number) < 1:
        raise NoOdds(f"{_shown(number)} is no Indonesian price")
    return _signed(number)


def _to_indonesian(odds: Fraction) -> Fraction:
    return odds - 1 if odds >= EVEN else -1 / (odds - 1)


def _from_malay(number: Fraction) -> Fraction:
    """``0.5``: profit on a stake of 1 (up to even money). ``-0.5``: the stake that wins 1 (longer than even money)."""
    if not 0 < abs(number) <= 1:
        raise NoOdds(f"{_shown(number)} is no Malay price")
    return 1 + number if number > 0 else 1 - 1 / number


def _to_malay(odds: Fraction) -> Fraction:
    """Even money is written 1."""
    return odds - 1 if odds <= EVEN else -1 / (odds - 1)


def _from_probability(number: Fraction) -> Fraction:
    """What a contract costs that pays 1 if it comes true (Kalshi's dollars, Polymarket's prices)."""
    if not 0 < number <= 1:
        raise NoOdds(f"{_shown(number)} is no probability")
    return 1 / number


def _to_probability(odds: Fraction) -> Fraction:
    return 1 / odds


def _from_percent(number: Fraction) -> Fraction:
    """A probability in hundredths: cents of a contract that pays a dollar."""
    return _from_probability(number / HUNDRED)


def _to_percent(odds: Fraction) -> Fraction:
    return HUNDRED / odds


def _signed(number: Fraction) -> Fraction:
    """Profit on a stake of 1, or with a minus the stake that wins 1."""
    return 1 + number if number > 0 else 1 - 1 / number


def _at_least_one(odds: Fraction, number: Fraction, notation: str) -> Fraction:
    if odds < 1:
        raise NoOdds(f"{_shown(number)} is no {notation} price: less than the stake back")
    return odds


def _evens(word: str, notation: Format) -> Fraction:
    if notation not in ("american", "fractional"):
        raise NoOdds(f"{word!r} is no {notation} price")
    return EVEN


def _ratio(value: Written) -> Fraction:
    """``5/2``; a bare number is none."""
    above, slash, below = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not slash or (divisor := exact(below)) <= 0:
        raise NoOdds(f"{_shown(value)} is no fractional price")
    return exact(above) / divisor


def half_away(number: Fraction) -> int:
    """The nearest whole number; a half goes away from zero, as in SQL's ``round``."""
    whole = math.floor(abs(number) + Fraction(1, 2))
    return whole if number >= 0 else -whole


def _whole(number: Fraction) -> str:
    """First to a millionth: the double of 68 cents is a hair above -212.5. The views' ``american`` does the same."""
    return f"{half_away(Fraction(half_away(number * MILLION), MILLION)):+d}"


def _fraction(number: Fraction) -> str:
    simple = number.limit_denominator(FINEST)
    return f"{simple.numerator}/{simple.denominator}"


def _digits(most: int) -> Callable[[Fraction], str]:
    """With two digits behind the point, and up to ``most`` where they say something."""

    def written(number: Fraction) -> str:
        found = half_away(number * 10**most)
        whole, rest = divmod(abs(found), 10**most)
        return f"{'-' if found < 0 else ''}{whole}.{f'{rest:0{most}d}'.rstrip('0').ljust(2, '0')}"

    return written


_NOTATIONS: Final[Mapping[Format, Notation]] = {
    "decimal": Notation(_decimal, lambda odds: odds, _digits(2)),
    "american": Notation(_from_american, _to_american, _whole),
    "fractional": Notation(_from_profit, _to_profit, _fraction),
    "hong_kong": Notation(_from_profit, _to_profit, _digits(2)),
    "indonesian": Notation(_from_indonesian, _to_indonesian, _digits(2)),
    "malay": Notation(_from_malay, _to_malay, _digits(3)),
    "probability": Notation(_from_probability, _to_probability, _digits(4)),
    "percent": Notation(_from_percent, _to_percent, _digits(2)),
}


def _shown(value: object) -> str:
    return (str(value) if isinstance(value, Fraction) else repr(value))[:40]
