"""Windows that slide, and never forget early."""

from hypothesis import given
from hypothesis import strategies as st

from ingestd.model import SECOND
from ingestd.sources.tally import PARTS, Tally

START = 1_700_000_000 * SECOND


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=200), st.sampled_from([0.5, 1.0, 7.0, 60.0]))
def test_never_less_than_what_came(steps: list[tuple[float, int]], span: float) -> None:
    """Against a list of everything: no window holds more than is told, and what is one part older than the window is gone."""
    tally, came, at = Tally(span), list[tuple[int, int]](), START
    for seconds, amount in steps:
        at += int(seconds * SECOND)
        tally.add(at, amount)
        came.append((at, amount))
        within = sum(held for when, held in came if when > at - span * SECOND)
        longer = sum(held for when, held in came if when >= at - span * SECOND * (1 + 2 / PARTS))
        assert within <= tally.total(at) <= longer
        assert len(tally.parts) <= PARTS + 1


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 5)), min_size=1, max_size=50), st.integers(0, 20))
def test_says_when_there_is_room(steps: list[tuple[float, int]], most: int) -> None:
    """Not a microsecond too early."""
    tally, at = Tally(10.0), START
    for seconds, amount in steps:
        at += int(seconds * SECOND)
        tally.add(at, amount)
    wait = round(tally.until(at, most) * SECOND)
    assert tally.total(at + wait) <= most
    if wait:
        assert tally.total(at + wait - 1) > most


def test_a_clock_set_back_empties_no_window() -> None:
    """What seems to lie ahead came just now."""
    tally = Tally(60.0)
    tally.add(START, 5)
    earlier = START - 3_600 * SECOND
    tally.step_back(earlier)
    assert tally.total(earlier + 59 * SECOND) == 5
    assert tally.total(earlier + 62 * SECOND) == 0
