"""Arithmetic of room."""

import pytest

from ingestd.journal.limits import GIB, JournalLimits


@pytest.mark.parametrize(
    ("limit", "segment_bytes", "expected"),
    [
        (10 * GIB, 64 << 20, 64 << 20),
        (80 << 20, 64 << 20, 10 << 20),
        (1 << 20, 64 << 20, 128 << 10),
        (1, 64 << 20, 64 << 10),
        (10 * GIB, 5, 5),
    ],
)
def test_rotate_at(limit: int, segment_bytes: int, expected: int) -> None:
    """A segment takes at most an eighth of the limit, so that room comes back in parts."""
    assert JournalLimits(limit=limit, segment_bytes=segment_bytes).rotate_at == expected


@pytest.mark.parametrize(
    ("size", "free", "need", "expected"),
    [
        (90, 1_000, 10, ""),
        (91, 1_000, 10, "91 bytes of at most 100 are used"),
        (0, 510, 10, ""),
        (0, 509, 10, "509 bytes of disk are free, of which 500 are reserved"),
    ],
)
def test_problem(size: int, free: int, need: int, expected: str) -> None:
    """Neither the limit nor the reserve is ever touched, to the byte, and the figures are told."""
    assert JournalLimits(limit=100, reserve=500).problem(size, free, need) == expected
