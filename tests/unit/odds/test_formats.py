"""Every notation, both ways: exactly as a number, and through the double that is stored."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.odds import BETFAIR, CENTS, FORMATS, KALSHI, Format, NoOdds, price_of, read, text, write
from ingestd.odds.formats import exact, half_away

AMERICAN = [*range(-10_000, -99), *range(100, 10_001)]
"""Every price but those that cannot be."""
PRICES = st.fractions(min_value=Fraction(100_001, 100_000), max_value=1_000_000)


def test_every_american_price() -> None:
    """From -10000 to 10000, exactly and through the stored double; even money has two names, and +100 is the one that is written."""
    for american in AMERICAN:
        same = 100 if american == -100 else american
        assert write(read(american, "american"), "american") == same
        assert text(price_of(american, "american"), "american") == f"{same:+d}"
        assert price_of(f"{american:+d}", "american") == price_of(american, "american")
    for impossible in range(-99, 100):
        with pytest.raises(NoOdds):
            read(impossible, "american")


@pytest.mark.parametrize("notation", FORMATS)
def test_every_tick_of_betfair(notation: Format) -> None:
    """In every notation, exactly; as decimal odds also through the stored double and its text."""
    for tick in BETFAIR.ticks:
        number = write(tick, notation)
        written = f"{number.numerator}/{number.denominator}" if notation == "fractional" else number
        assert read(written, notation) == tick
        stored = price_of(str(float(tick)), "decimal")
        assert read(text(stored, "decimal"), "decimal") == tick
        assert BETFAIR.nearest(stored) == tick


def test_every_probability_cent() -> None:
    """And every tick of Kalshi's finer ladders: exactly, and through the stored double, as a probability and as cents."""
    for ladder in (CENTS, *KALSHI.values()):
        for tick in ladder.ticks:
            stored = price_of(float(tick), "probability")
            assert stored == price_of(str(float(tick)), "probability") == price_of(float(tick * 100), "percent")
            assert stored == tick.denominator / tick.numerator
            assert write(read(tick, "probability"), "probability") == tick
            assert read(text(stored, "probability"), "probability") == 1 / tick
            assert Fraction(text(stored, "percent")) == tick * 100


def test_fractions_of_bookmakers() -> None:
    """Every fraction up to /1000 comes back in lowest terms through the stored double."""
    for below in range(1, 101):
        for above in range(1, 301, 7):
            simple = Fraction(above, below)
            assert text(price_of(f"{above}/{below}", "fractional"), "fractional") == f"{simple.numerator}/{simple.denominator}"


@given(PRICES, st.sampled_from(FORMATS))
def test_any_price_in_any_notation(price: Fraction, notation: Format) -> None:
    """Written and read again it is the same, exactly."""
    number = write(price, notation)
    written = f"{number.numerator}/{number.denominator}" if notation == "fractional" else number
    assert read(written, notation) == price


@given(st.floats(1, 1e6))
def test_the_double_is_the_nearest(price: float) -> None:
    """A float is what it prints as, so nothing is lost on the way in."""
    assert price_of(price, "decimal") == price_of(repr(price), "decimal") == price


@given(st.fractions(min_value=-(10**9), max_value=10**9))
def test_a_half_goes_away_from_zero(number: Fraction) -> None:
    """And everything else to the nearest."""
    assert abs(half_away(number) - number) <= Fraction(1, 2)
    assert half_away(-number) == -half_away(number)
    assert half_away(Fraction(math.floor(number)) + Fraction(1, 2)) == math.floor(number) + (1 if number >= 0 else 0)


@pytest.mark.parametrize(
    ("notation", "written", "price"),
    [
        ("decimal", "2.50", "2.5"),
        ("decimal", ".5e1", "5"),
        ("american", "+150", "2.5"),
        ("american", -200, "1.5"),
        ("american", " EVEN ", "2"),
        ("american", "-102.5", "1.975609756097561"),
        ("fractional", "5/2", "3.5"),
        ("fractional", "evens", "2"),
        ("fractional", "10/11", "1.9090909090909092"),
        ("hong_kong", "0.91", "1.91"),
        ("hong_kong", 0, "1"),
        ("indonesian", "1.5", "2.5"),
        ("indonesian", "-1.25", "1.8"),
        ("malay", "0.5", "1.5"),
        ("malay", "-0.5", "3"),
        ("malay", "-1", "2"),
        ("probability", ".48", "2.0833333333333335"),
        ("probability", 1, "1"),
        ("percent", 40, "2.5"),
    ],
)
def test_what_is_written(notation: Format, written: str | float, price: str) -> None:
    """Examples of each, in the double that is stored."""
    assert price_of(written, notation) == float(price)


@pytest.mark.parametrize(
    ("price", "notation", "written"),
    [
        (1.909_090_909, "american", "-110"),
        (2.005, "american", "+101"),
        (100 / 68, "american", "-213"),
        (1.5, "fractional", "1/2"),
        (2.5, "hong_kong", "1.50"),
        (1.8, "indonesian", "-1.25"),
        (3.0, "malay", "-0.50"),
        (1.006, "malay", "0.006"),
        (100 / 48, "probability", "0.48"),
        (3.0, "probability", "0.3333"),
        (3.0, "percent", "33.33"),
        (1000.0, "decimal", "1000.00"),
    ],
)
def test_what_people_see(price: float, notation: Format, written: str) -> None:
    """Rounded to what the notation is usually written in."""
    assert text(price, notation) == written


NONE: list[tuple[Format, str | float]] = [
    ("decimal", "0.99"),
    ("decimal", "NaN"),
    ("decimal", "1_0"),
    ("decimal", "even"),
    ("decimal", ""),
    ("decimal", math.inf),
    ("decimal", "9" * 41),
    ("decimal", "1e400"),
    ("decimal", "१.5"),
    ("american", "99"),
    ("american", -99.9),
    ("fractional", "5"),
    ("fractional", 2.5),
    ("fractional", "5/0"),
    ("fractional", "5/-2"),
    ("fractional", "-3/2"),
    ("hong_kong", "-0.01"),
    ("indonesian", "0.99"),
    ("malay", "0"),
    ("malay", "1.01"),
    ("probability", 0),
    ("probability", 1.01),
    ("probability", 5e-324),
    ("percent", 101),
]


@pytest.mark.parametrize(("notation", "written"), NONE, ids=range(len(NONE)))
def test_what_is_none(notation: Format, written: str | float) -> None:
    """It says so, by one error."""
    with pytest.raises(NoOdds):
        price_of(written, notation)


@pytest.mark.parametrize("notation", ["american", "indonesian", "malay"])
def test_a_stake_back_has_no_word(notation: Format) -> None:
    """In some notations; and less than that is no price in any."""
    with pytest.raises(NoOdds):
        write(1, notation)
    with pytest.raises(NoOdds):
        write(0.5, "decimal")
    assert write(1, "hong_kong") == 0


def test_exact() -> None:
    """Numbers as they were written."""
    assert exact(0.1) == exact("0.1") == exact(Fraction(1, 10)) == Fraction(1, 10)
    assert exact(3) == 3
