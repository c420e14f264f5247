"""Months as they are billed."""

from datetime import UTC, datetime

import pytest

from ingestd.model import SECOND
from ingestd.sources.months import month_of


def at(text: str) -> int:
    """UTC µs."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("now", "day", "began", "ends"),
    [
        ("2026-11-24T19:00:00", 1, "2026-11-01", "2026-12-01"),
        ("2026-11-01T00:00:00", 1, "2026-11-01", "2026-12-01"),
        ("2026-12-31T23:59:59", 1, "2026-12-01", "2027-01-01"),
        ("2026-11-24T19:00:00", 25, "2026-10-25", "2026-11-25"),
        ("2027-02-28T00:00:00", 31, "2027-02-28", "2027-03-31"),
        ("2027-02-27T23:59:59", 31, "2027-01-31", "2027-02-28"),
        ("2028-03-01T00:00:00", 30, "2028-02-29", "2028-03-30"),
        ("1970-01-02T00:00:00", 1, "1970-01-01", "1970-02-01"),
    ],
)
def test_month(now: str, day: int, began: str, ends: str) -> None:
    """From the day to the same day; a month that has no such day uses its last."""
    assert month_of(at(now), day) == (at(began), at(ends))
