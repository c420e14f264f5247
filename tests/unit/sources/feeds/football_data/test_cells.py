"""One cell: what it says, or why it cannot be taken."""

from datetime import date, time

import pytest

from ingestd.sources.feeds.football_data import cells
from ingestd.sources.feeds.football_data.cells import UnfitError


@pytest.mark.parametrize(("text", "value"), [("", None), ("1.01", 1.01), ("2", 2.0), ("3.", 3.0), ("1.444", 1.444), ("101", 101.0)])
def test_prices(text: str, value: float | None) -> None:
    """Plain decimal numbers; an empty cell is no price."""
    assert cells.price(text) == value


@pytest.mark.parametrize(
    "text", ["3.53.75", "x", "1xBet", "-0.5", "1e5", "NaN", "Infinity", "2,5", "٢", "1 .5", "\0", "999999", "1_0", "\ud800"]
)
def test_no_numbers(text: str) -> None:
    """Nothing is guessed: not where a comma may be a point, nor where two numbers may part."""
    with pytest.raises(UnfitError) as caught:
        cells.price(text)
    assert caught.value.category == "price"


@pytest.mark.parametrize("text", ["0", "1", "1.0", "0.95", ".5"])
def test_no_prices(text: str) -> None:
    """A price returns more than the stake."""
    with pytest.raises(UnfitError) as caught:
        cells.price(text)
    assert caught.value.category == "no_price"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("", None), ("0", 0.0), ("-0", 0.0), ("-0.25", -0.25), ("+1.5", 1.5), ("-.5", -0.5), ("2", 2.0)),
        *(("-1 1/4", -1.25), ("1 3/4", 1.75), ("-0 1/2", -0.5)),
        *(("-1.5/-2", -1.75), ("-1,-1.5", -1.25), ("0, -0.5", -0.25), ("0/0.5", 0.25)),
    ],
)
def test_handicaps(text: str, value: float | None) -> None:
    """As numbers, as mixed fractions, and as the two lines between which a stake is split."""
    assert cells.handicap(text) == value
    assert str(cells.handicap(text)) != "-0.0"


@pytest.mark.parametrize(
    "text", ["0.3", "-0.175", "0.5/1.5", "-0.5/1", "0,5", "1/4", "-1/2", "0.25/0.75", "1.92", "99", "x", "1 1/3", "1/2/3", "nan", "0/"]
)
def test_no_handicaps(text: str) -> None:
    """Neither a number of quarters nor a pair half a goal apart: it may be a price, a date, or a fraction."""
    with pytest.raises(UnfitError) as caught:
        cells.handicap(text)
    assert caught.value.category == "line"


def test_goals() -> None:
    """Two digits at most, and nothing else."""
    assert [cells.goals(text) for text in ("", "0", "12")] == [None, 0, 12]
    for text in ("-1", "2.0", "100", "H", "²"):
        with pytest.raises(UnfitError):
            cells.goals(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("14/08/93", date(1993, 8, 14)),
        ("01/02/04", date(2004, 2, 1)),
        ("17/08/2002", date(2002, 8, 17)),
        ("16-08-2014", date(2014, 8, 16)),
        ("31/12/89", date(2089, 12, 31)),
        ("1/2/18", date(2018, 2, 1)),
    ],
)
def test_days(text: str, value: date) -> None:
    """The day first, always; two digits from 90 on are the last century's."""
    assert cells.day(text) == value


@pytest.mark.parametrize(
    "text", ["", "08/16/2014", "32/08/2022", "29/02/2023", "2022-08-13", "13/08-2022", "13.08.2022", "13/08/022", "01/01/1900"]
)
def test_no_days(text: str) -> None:
    """A month that is none is no reason to try it the other way round."""
    with pytest.raises(UnfitError) as caught:
        cells.day(text)
    assert caught.value.category == "date"


def test_the_order_a_date_proves() -> None:
    """Only a number above 12 proves any."""
    assert [cells.order_of(text) for text in ("13/08/22", "08/13/22", "08/09/22", "13/13/22", "x")] == [1, -1, 0, 0, 0]


def test_times_of_day() -> None:
    """Hours and minutes."""
    assert [cells.clock(text) for text in ("", "15:00", "9:30", "20:45:00")] == [None, time(15), time(9, 30), time(20, 45)]
    for text in ("25:99", "15.00", "noon", "15:0"):
        with pytest.raises(UnfitError):
            cells.clock(text)
