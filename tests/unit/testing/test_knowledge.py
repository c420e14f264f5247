"""Intervals that were found, beside those that were to be found."""

from collections.abc import Iterable

import pytest

from ingestd.testing.deeds import ONE, OPENED, Deed, Says
from ingestd.testing.knowledge import Found, expected, unlike
from ingestd.testing.spans import LATE, Moment, Protocol, Span

SECOND = 1_000_000


def test_streams_and_queries_are_judged_by_their_own_rules() -> None:
    """A message of a stream says nothing of a query, and an answer begins no session."""
    deeds = [Deed(1, "met"), Deed(2, "sent", Says(OPENED)), Deed(3, "sent", Says(ONE)), Deed(4, "sent", Says(scope="query q"))]
    assert [span.scope for span in expected(deeds, Protocol())] == ["source", "source"]
    assert [span.scope for span in expected(deeds, Protocol(polled=True))] == ["query q", "source"]


WANTED = [Span("source", Moment(SECOND, SECOND), "complete", ended=Moment(9 * SECOND, 9 * SECOND))]
FRAMES = [SECOND + 5, 12 * SECOND]


@pytest.mark.parametrize(
    ("found", "alike"),
    [
        ([Found("source", SECOND + 5, 9 * SECOND + LATE, "complete", "", "")], True),
        ([Found("source", SECOND + 5, 12 * SECOND, "complete", "", "")], True),  # read late, but with the next frame there was
        ([Found("source", SECOND + 5, 12 * SECOND + 1, "complete", "", "")], False),
        ([Found("source", SECOND - 1, 9 * SECOND, "complete", "", "")], False),
        ([Found("source", SECOND, 9 * SECOND, "gap", "", "")], False),
        ([Found("source", SECOND, 9 * SECOND, "complete", "", ""), Found("market 1", 1, 2, "gap", "", "")], False),
        ([], False),
    ],
)
def test_intervals_are_compared(found: Iterable[Found], *, alike: bool) -> None:
    """Words exactly, times within what a frame may be late."""
    assert (unlike(WANTED, found, FRAMES) == []) is alike
