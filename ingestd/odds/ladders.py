"""The prices that exchanges take: ladders of ticks, with the steps between them."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Final

from ingestd.odds.formats import Written, exact

Band = tuple[str, str, str]
"""From, to, step: as the exchange writes them; a band includes its end."""


class Ladder:
    """Ticks in ascending order, in the unit that the exchange prices in; any other price lies between two of them."""

    def __init__(self, *bands: Band) -> None:
        self._bands = bands

    @cached_property
    def ticks(self) -> tuple[Fraction, ...]:
        """Every one of them, exactly."""
        found: set[Fraction] = set()
        for first, last, step in self._bands:
            low, width = Fraction(first), Fraction(step)
            found.update(low + width * place for place in range(int((Fraction(last) - low) / width) + 1))
        return tuple(sorted(found))

    def __len__(self) -> int:
        return len(self.ticks)

    def __contains__(self, price: Written) -> bool:
        odds = exact(price)
        return self.nearest(odds) == odds

    def nearest(self, price: Written) -> Fraction:
        """The tick nearest to a price; of two as near the lower."""
        odds = exact(price)
        place = bisect_left(self.ticks, odds)
        around = self.ticks[max(place - 1, 0) : place + 1]
        return min(around, key=lambda tick: (abs(tick - odds), tick))

    def up(self, price: Written, steps: int = 1) -> Fraction:
        """The tick so many steps above; from between two ticks the first step leads to the upper one. It ends at the highest."""
        return self.ticks[min(bisect_right(self.ticks, exact(price)) + steps - 1, len(self.ticks) - 1)]

    def down(self, price: Written, steps: int = 1) -> Fraction:
        """The tick so many steps below; from between two ticks the first step leads to the lower one. It ends at the lowest."""
        return self.ticks[max(bisect_left(self.ticks, exact(price)) - steps, 0)]


BETFAIR: Final = Ladder(
    ("1.01", "2", "0.01"),
    ("2", "3", "0.02"),
    ("3", "4", "0.05"),
    ("4", "6", "0.1"),
    ("6", "10", "0.2"),
    ("10", "20", "0.5"),
    ("20", "30", "1"),
    ("30", "50", "2"),
    ("50", "100", "5"),
    ("100", "1000", "10"),
)
"""Decimal odds, price ladder type ``CLASSIC``: 350 ticks.

Source: Betfair Exchange API documentation, "Betfair Price Increments" (of ``placeOrders``), https://docs.developer.betfair.com.
"""
CENTS: Final = Ladder(("0.01", "0.99", "0.01"))
"""Probabilities in whole cents of a contract that pays a dollar."""
KALSHI: Final[Mapping[str, Ladder]] = {
    "linear_cent": CENTS,
    "tapered_deci_cent": Ladder(("0.001", "0.1", "0.001"), ("0.1", "0.9", "0.01"), ("0.9", "0.999", "0.001")),
    "deci_cent": Ladder(("0.001", "0.999", "0.001")),
}
"""Probabilities, by a market's ``price_level_structure``. Source: https://docs.kalshi.com/getting_started/fixed_point_migration."""
POLYMARKET: Final[Mapping[str, Ladder]] = {
    "0.1": Ladder(("0.1", "0.9", "0.1")),
    "0.01": CENTS,
    "0.001": Ladder(("0.001", "0.999", "0.001")),
    "0.0001": Ladder(("0.0001", "0.9999", "0.0001")),
}
"""Probabilities, by a market's ``minimum_tick_size``. Source: https://docs.polymarket.com/api-reference (tick sizes of the CLOB)."""
