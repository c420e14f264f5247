"""Who may plan with how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.sources.cadence import Needs
from ingestd.sources.shares import divide, strain

AMOUNTS = st.floats(0, 1_000)
WANTED = st.dictionaries(
    st.text(max_size=3), st.builds(Needs, AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from([30.0, 60.0, 900.0])), min_size=1, max_size=6
)


@given(AMOUNTS, WANTED)
def test_no_more_than_there_is(left: float, wanted: dict[str, Needs]) -> None:
    """And no job more than it needs."""
    shares = divide(left, wanted)
    assert sum(shares.values()) <= left + 1e-6
    assert all(share <= needs.last + needs.close + needs.far + 1e-6 for share, needs in ((shares[job], wanted[job]) for job in wanted))


@given(AMOUNTS, WANTED)
def test_nothing_is_left_while_somebody_needs_it(left: float, wanted: dict[str, Needs]) -> None:
    """All of it is handed out, or everybody has all that it asked for."""
    needed = sum(needs.last + needs.close + needs.far for needs in wanted.values())
    assert sum(divide(left, wanted).values()) == pytest.approx(min(left, needed), abs=1e-6)


def test_last_hours_come_first() -> None:
    """Before anybody's games in play, and those before what is far."""
    assert divide(10, {"a": Needs(6, 0, 0), "b": Needs(0, 100, 100)}) == {"a": 6, "b": 4}
    assert divide(10, {"a": Needs(0, 6, 0), "b": Needs(0, 0, 100)}) == {"a": 6, "b": 4}


def test_last_hours_are_slowed_evenly() -> None:
    """By one factor, which is told."""
    wanted = {"a": Needs(30, 5, 5), "b": Needs(10, 5, 5)}
    assert divide(20, wanted) == {"a": 15, "b": 5}
    assert strain(20, wanted) == 2
    assert strain(40, wanted) == 1
    assert divide(0, wanted) == {"a": 0, "b": 0}


def test_every_last_hour_is_as_good_as_another() -> None:
    """One job wishes ten last hours every minute, the other twenty every five: neither is asked for more often than the other."""
    wanted = {"greedy": Needs(600, every=60), "modest": Needs(240, every=300)}
    assert divide(840, wanted) == {"greedy": 600, "modest": 240}
    assert divide(300, wanted) == {"greedy": 100, "modest": 200}
    assert divide(440, wanted) == {"greedy": 200, "modest": 240}
    assert strain(440, wanted) == 3


def test_who_wishes_for_everything_gets_its_share() -> None:
    """And what the modest one leaves."""
    assert divide(10, {"greedy": Needs(0, 0, 1_000), "modest": Needs(0, 0, 3)}) == {"greedy": 7, "modest": 3}
    assert divide(10, {"greedy": Needs(0, 0, 1_000), "other": Needs(0, 0, 50)}) == {"greedy": 5, "other": 5}
