"""How old things are."""

from collections.abc import Sequence

import pytest

from ingestd.model import SECOND, WHOLE, Complete, Decoded, Frame, Quote, Scope, selection
from ingestd.pipeline.freshness import Freshness

A = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=Scope("market", "m"), market="x", outcome="o")
AT = 1_000 * SECOND


class Telemetry:
    """What was observed."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, float]] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Nothing is said here."""

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """An observation."""
        self.seen.append((name, labels["source"], value))


def quote(stamp: int | None, *, nominal: bool = False) -> Quote:
    """A price of then."""
    return Quote(A, 2.0, changed_at=stamp, nominal=nominal)


@pytest.mark.parametrize(
    ("decoded", "age", "ahead"),
    [
        ([quote(AT - 2 * SECOND)], 2, 0),
        ([quote(AT - 2 * SECOND), quote(AT - SECOND), Complete(WHOLE, frozenset())], 1, 0),
        ([quote(AT + 3 * SECOND)], 0, 3 * SECOND),
    ],
    ids=["old", "newest", "ahead"],
)
def test_age(decoded: Sequence[Decoded], age: float, ahead: int) -> None:
    """From the newest stamp to receipt, and to the commit; a stamp ahead of our clock is no age."""
    telemetry = Telemetry()
    freshness = Freshness(telemetry)
    freshness.see(Frame("s", "data", AT), decoded)
    freshness.committed(AT + 4 * SECOND)
    assert telemetry.seen == [("source_event_age_seconds", "s", age), ("visible_latency_seconds", "s", max(0, age + 4 - ahead / SECOND))]
    assert freshness.ahead == {"s": ahead}


def test_once_per_batch() -> None:
    """The last frame of a source stands for the batch, and is told once."""
    telemetry = Telemetry()
    freshness = Freshness(telemetry)
    for age in (5, 2):
        freshness.see(Frame("s", "data", AT), [quote(AT - age * SECOND)])
    freshness.committed(AT)
    freshness.committed(AT)
    assert [value for _, _, value in telemetry.seen] == [2, 2]


@pytest.mark.parametrize("decoded", [[], [quote(None)], [quote(AT, nominal=True)], [Complete(WHOLE, frozenset(), AT)]])
def test_without_a_stamp(decoded: Sequence[Decoded]) -> None:
    """Nothing is told of what has no stamp of the provider's own."""
    telemetry = Telemetry()
    freshness = Freshness(telemetry)
    freshness.see(Frame("s", "data", AT), decoded)
    freshness.committed(AT)
    assert telemetry.seen == []
