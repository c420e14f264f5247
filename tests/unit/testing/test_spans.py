"""Moments and what may be meant by them."""

import pytest

from ingestd.testing.spans import LATE, Moment


@pytest.mark.parametrize(
    ("at", "fits"), [(9, False), (10, True), (20 + LATE, True), (21 + LATE, False), (5 * LATE, False), (3 * LATE, False)]
)
def test_a_frame_comes_soon_after_what_was_written(at: int, *, fits: bool) -> None:
    """Never before."""
    assert Moment(10, 20).fits(at, []) is fits


def test_or_with_the_next_frame_there_was() -> None:
    """However late a busy machine read it."""
    assert Moment(10, 20).fits(3 * LATE, [15, 3 * LATE, 4 * LATE])
    assert not Moment(10, 20).fits(4 * LATE, [15, 3 * LATE, 4 * LATE])
