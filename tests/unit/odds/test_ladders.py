"""Ladders: their ticks, and the way up and down."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.odds import BETFAIR, CENTS, KALSHI, POLYMARKET, Ladder

ALL = {"betfair": BETFAIR, **{f"kalshi {name}": one for name, one in KALSHI.items()}, **POLYMARKET}


def test_how_many() -> None:
    """As the exchanges say."""
    assert {name: len(ladder) for name, ladder in ALL.items()} == {
        "betfair": 350,
        "kalshi linear_cent": 99,
        "kalshi tapered_deci_cent": 280 - 1,
        "kalshi deci_cent": 999,
        "0.1": 9,
        "0.01": 99,
        "0.001": 999,
        "0.0001": 9_999,
    }


@pytest.mark.parametrize(
    ("below", "above"),
    [("1.01", "1.02"), ("1.99", "2"), ("2", "2.02"), ("3", "3.05"), ("4", "4.1"), ("6", "6.2"), ("10", "10.5"), ("20", "21"), ("30", "32"),
     ("50", "55"), ("100", "110"), ("990", "1000")],
)  # fmt: skip
def test_steps_of_betfair(below: str, above: str) -> None:
    """One step up, one step down, in each band and across its ends."""
    assert BETFAIR.up(below) == Fraction(above)
    assert BETFAIR.down(above) == Fraction(below)


@pytest.mark.parametrize("ladder", ALL.values(), ids=ALL)
def test_every_step_comes_back(ladder: Ladder) -> None:
    """Up and down again, and no tick is passed over."""
    ticks = ladder.ticks
    for below, above in pairwise(ticks):
        assert (ladder.up(below), ladder.down(above)) == (above, below)
        assert (ladder.nearest(float(below)), float(below) in ladder) == (below, True)
    assert (ladder.up(ticks[-1]), ladder.down(ticks[0])) == (ticks[-1], ticks[0])
    assert ladder.up(ticks[0], len(ticks)) == ticks[-1]
    assert ladder.down(ticks[-1], len(ticks)) == ticks[0]


@given(st.fractions(min_value=0, max_value=1_100), st.integers(1, 5))
def test_between_ticks(price: Fraction, steps: int) -> None:
    """The nearest is one of the two around it; steps lead away from it by whole ticks."""
    nearest, up, down = BETFAIR.nearest(price), BETFAIR.up(price, steps), BETFAIR.down(price, steps)
    assert all(abs(nearest - price) <= abs(tick - price) for tick in (BETFAIR.up(price), BETFAIR.down(price)))
    assert up > price or up == BETFAIR.ticks[-1]
    assert down < price or down == BETFAIR.ticks[0]
    assert up == BETFAIR.up(BETFAIR.up(price), steps - 1) or steps == 1


def test_between_two_the_lower() -> None:
    """And what lies on no tick is not in it."""
    assert BETFAIR.nearest("2.01") == 2
    assert "2.01" not in BETFAIR
    assert CENTS.nearest("0.4851") == Fraction(49, 100)
    assert BETFAIR.nearest(5_000) == 1_000
    assert BETFAIR.nearest(0) == Fraction("1.01")
