"""Spans and amounts as people write them."""

import pytest
from pydantic_core import PydanticCustomError

from ingestd.settings.units import octets, seconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [("10ms", 0.01), ("5 s", 5.0), ("1.5h", 5400.0), ("7D", 604_800.0), ("2min", 120.0), ("3", 3.0), (4, 4.0), (0.25, 0.25)],
)
def test_seconds(written: object, expected: float) -> None:
    """Numbers are seconds; text may carry a unit, in any case, with or without a space."""
    assert seconds(written) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("written", "expected"), [("64MiB", 67_108_864), ("500 MB", 500_000_000), ("1.5KiB", 1536), ("12", 12), (13, 13), ("1tb", 10**12)]
)
def test_octets(written: object, expected: int) -> None:
    """Units by 1000 and by 1024 are told apart."""
    assert octets(written) == expected


@pytest.mark.parametrize("written", ["", "10 parsecs", "-1s", "1e3", "NaN", float("nan"), float("inf"), -1, True, None, [1], "٣s"])
def test_nonsense(written: object) -> None:
    """What is no measure is refused, booleans and foreign digits among it."""
    with pytest.raises(PydanticCustomError, match="is no span of time"):
        seconds(written)
    with pytest.raises(PydanticCustomError, match="is no amount of bytes"):
        octets(written)
