"""One count per subscription, whatever it covers."""

import pytest

from ingestd.sources.feeds.kalshi.sequence import Sequence
from ingestd.sources.feeds.kalshi.wire import Envelope


def counted(*messages: tuple[str, int | None, int | None]) -> list[str]:
    """The verdicts on messages, each of a kind with sid and seq."""
    sequence = Sequence()
    return [sequence.of(Envelope(type=kind, sid=sid, seq=seq)) for kind, sid, seq in messages]


DELTA = "orderbook_delta"


@pytest.mark.parametrize(
    ("messages", "verdicts"),
    [
        ([(DELTA, 1, 7), (DELTA, 1, 8), (DELTA, 1, 8), (DELTA, 1, 3)], ["next", "next", "again", "again"]),
        ([(DELTA, 1, 7), (DELTA, 1, 9), (DELTA, 1, 10)], ["next", "hole", "next"]),
        ([(DELTA, 1, 7), ("trade", 2, 1), (DELTA, 1, 8), ("trade", 2, 2)], ["next"] * 4),
        ([(DELTA, 1, 7), ("ok", 1, 8), (DELTA, 1, 9)], ["next"] * 3),
        ([(DELTA, 1, 7), ("ok", 1, 7), ("ok", 1, None), (DELTA, 1, 8)], ["next"] * 4),
        ([(DELTA, 1, 7), ("ok", 1, 9)], ["next", "hole"]),
        ([("market_lifecycle_v2", 3, 1), ("market_lifecycle_v2", 3, 900)], ["next"] * 2),
        ([("ok", None, None), (DELTA, 1, None)], ["next"] * 2),
    ],
)
def test_counting(messages: list[tuple[str, int | None, int | None]], verdicts: list[str]) -> None:
    """Per sid; replies count where they have a number, and are borne where they have none or an old one."""
    assert counted(*messages) == verdicts


def test_counting_anew() -> None:
    """From whatever comes."""
    sequence = Sequence()
    sequence.of(Envelope(type=DELTA, sid=1, seq=7))
    sequence.clear()
    assert sequence.of(Envelope(type=DELTA, sid=1, seq=1)) == "next"
