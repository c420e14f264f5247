"""Numbers, times and names as Polymarket writes them."""

import pytest

from ingestd.sources.feeds.polymarket.words import decimal, line_of, microseconds, moment, odds, probability, sport, stated


@pytest.mark.parametrize(("text", "value"), [(".48", 0.48), ("0.48", 0.48), ("1.", 1.0), ("21574.08", 21574.08), (0.5, 0.5), (7, 7.0)])
def test_decimals(text: str | float, value: float) -> None:
    """With or without a leading zero, as text or as a number."""
    assert decimal(text) == value


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "1e3", "-1", " 1", "1_0", "٣", "9" * 40, None, float("nan"), float("inf"), -0.5, "0x1"]
)
def test_what_is_no_decimal(text: str | float | None) -> None:
    """Everything else that some parser would take."""
    with pytest.raises(ValueError, match="is no decimal"):
        decimal(text)


@pytest.mark.parametrize("text", ["0", "1.001", "2"])
def test_what_is_no_price(text: str) -> None:
    """A probability lies above 0 and is at most 1."""
    with pytest.raises(ValueError, match="is no price"):
        probability(text)


def test_stated_prices() -> None:
    """Nothing, 0 and 1 all mean that there is none."""
    assert [stated(value) for value in (None, "", "0", "1", 1, ".5")] == [0, 0, 0, 0, 0, 0.5]


def test_odds() -> None:
    """What one unit comes to."""
    assert odds(0.25) == 4.0


def test_times() -> None:
    """Milliseconds as text; Gamma's two forms."""
    assert microseconds("1723967931411") == 1723967931411000
    assert [microseconds(value) for value in (None, "", "soon", "-1", "9" * 17, "1.5")] == [None] * 6
    assert moment("2026-04-05 15:10:00+00") == moment("2026-04-05T15:10:00Z") == moment("2026-04-05T15:10:00") == 1775401800000000
    assert [moment(value) for value in (None, "", "soon", "2026-13-01")] == [None] * 4


def test_lines() -> None:
    """Negative ones too, as text too."""
    assert [line_of(value) for value in (-1.5, "2.5", None, "x", "nan", float("inf"))] == [-1.5, 2.5, None, None, None, None]


def test_names() -> None:
    """A sport by its tags, else the series."""
    assert [sport(["x", "NBA"], "y"), sport(["x"], "La-Liga"), sport([], "")] == ["basketball", "la_liga", ""]
