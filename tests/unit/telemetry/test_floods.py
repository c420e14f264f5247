"""What is said at once and what is only counted."""

from ingestd.telemetry import floods
from ingestd.telemetry.floods import MOST, Floods, Labels
from tests.unit.telemetry.conftest import StillClock


def test_one_in_ten_seconds(clock: StillClock) -> None:
    """The first at once, the next after the span, with the count of those between."""
    kept = Floods(clock)
    said = []
    for _ in range(25):
        said.append(kept.admit(("a", "s"), {}))
        clock.seconds += 1
    assert [(second, count) for second, count in enumerate(said) if count is not None] == [(0, 0), (10, 9), (20, 9)]


def test_each_is_told_once(clock: StillClock) -> None:
    """A flood that is over: its last labels and how many were before it, once."""
    kept = Floods(clock)
    for number in range(4):
        kept.admit(("a", "s"), {"n": number})
    assert kept.due() == []
    assert kept.due(everything=True) == [("a", {"n": 3}, 2)]
    clock.seconds += floods.SPAN
    assert kept.due(everything=True) == []


def test_keys_without_end(clock: StillClock) -> None:
    """Memory is bounded: beyond so many keys, and as long as none is over, all others of an action share one. None goes uncounted."""
    kept = Floods(clock)
    told = 0
    labels: Labels = {}
    for number in range(3 * MOST):
        told += kept.admit(("a", str(number)), labels) is not None
    assert len(kept._said) <= MOST + 1
    assert told + sum(before + 1 for _, _, before in kept.due(everything=True)) == 3 * MOST
    clock.seconds += floods.SPAN
    assert kept.admit(("a", "new"), labels) == 0
    assert len(kept._said) == 1
