"""How providers write things."""

import math
from collections.abc import Callable
from datetime import UTC
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.odds import FORMATS, Format
from ingestd.sources.feeds.mapped import formats
from ingestd.sources.feeds.mapped.fields import zone_of
from ingestd.sources.feeds.mapped.paths import Unmapped

JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@pytest.mark.parametrize(
    ("form", "written", "price"),
    [
        ("decimal", "2.50", 2.5),
        ("decimal", ".5", 0.5),
        ("american", "+150", 2.5),
        ("american", -200, 1.5),
        ("american", "EVEN", 2.0),
        ("fractional", "5/2", 3.5),
        ("fractional", "Evens", 2.0),
        ("probability", 0.4, 2.5),
        ("probability", "0", 0.0),
        ("percent", "40 %", 2.5),
        ("percent", 100, 1.0),
        ("malay", "-0.5", 3.0),
    ],
)
def test_prices(form: Format, written: object, price: float) -> None:
    """By their format."""
    assert formats.price(written, form) == price


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("decimal", "NaN"),
        ("decimal", "1e999"),
        ("decimal", "٣"),
        ("decimal", True),
        ("decimal", 10**400),
        ("american", 50),
        ("fractional", "5/0"),
        ("fractional", "5"),
        ("fractional", 2.5),
        ("probability", 1.1),
        ("probability", 5e-324),
        ("percent", -1),
    ],
)
def test_what_is_no_price(form: Format, written: object) -> None:
    """Is said."""
    with pytest.raises(Unmapped):
        formats.price(written, form)


def test_numbers() -> None:
    """With a decimal comma where that is the custom; in one spelling where they are a name."""
    assert [formats.comma(text) for text in ("1.234,5", "-0,25", "1\u00a0000", 2)] == [1234.5, -0.25, 1000, 2]
    assert [formats.canonical(text) for text in (2, "2.0", "+2.50", -1.0)] == ["2", "2", "2.5", "-1"]


def test_texts() -> None:
    """Ids come as text or as numbers."""
    assert [formats.text(value) for value in ("a", 15, 2.5, True, False)] == ["a", "15", "2.5", "true", "false"]
    with pytest.raises(Unmapped):
        formats.text({})


def test_times() -> None:
    """UTC µs, whatever the zone; without one, the mapping's."""
    london = zone_of("Europe/London")
    assert formats.iso("2026-07-01T12:00:00Z", UTC) == 1_782_907_200_000_000
    assert formats.iso("2026-07-01 13:00:00", london) == 1_782_907_200_000_000
    assert formats.pattern("01/07/2026 13:00", "%d/%m/%Y %H:%M", london) == 1_782_907_200_000_000
    assert [formats.since_epoch(value, unit) for value, unit in ((5, "s"), ("5.5", "s"), (5, "ms"), (5, "us"))] == [
        5_000_000,
        5_500_000,
        5_000,
        5,
    ]


@given(value=JSON)
def test_nothing_but_a_reason(value: object) -> None:
    """Any value is converted, finite, or refused."""
    prices = [partial(formats.price, form=form) for form in FORMATS]
    converters: list[Callable[[object], float]] = [*prices, *formats.NUMBERS.values()]
    for convert in converters:
        try:
            assert math.isfinite(convert(value))
        except Unmapped:
            continue
    times = (partial(formats.iso, zone=UTC), partial(formats.since_epoch, unit="s"), partial(formats.pattern, form="%d %b %Y", zone=UTC))
    for read in times:
        try:
            assert isinstance(read(value), int)
        except Unmapped:
            continue
