"""Matching on trial."""

import pytest

from ingestd.errors import Malformed
from ingestd.pipeline.matching.trial import judge, read_pairs

HEADER = "label,sport_a,league_a,home_a,away_a,start_a,sport_b,league_b,home_b,away_b,start_b,note\n"
AT = "2026-01-10T15:00Z"


def pair(label: str, home: str, away: str, start: str = AT) -> str:
    """A line: what is told, against Arsenal v Chelsea."""
    return f"{label},football,EPL,Arsenal,Chelsea,{AT},soccer,EPL,{home},{away},{start},mine\n"


def test_figures() -> None:
    """Every kind of right and wrong is counted once, each where it belongs."""
    text = HEADER + "".join(
        (
            pair("same", "Arsenal FC", "Chelsea FC"),
            pair("flip", "Chelsea", "Arsenal"),
            pair("same", "Chelsea", "Arsenal"),
            pair("different", "Arsenal", "Chelsea"),
            pair("different", "Arsenal", "Chelsea", "2026-01-12T15:00Z"),
            pair("same", "Arsenal", "Chelsea", "2026-01-12T15:00Z"),
            pair("same", "Fulham", "Chelsea"),
            pair("different", "Fulham", "Everton"),
        )
    )
    figures = judge(read_pairs(text))
    assert (figures.same, figures.linked, figures.wrong) == (5, 2, 2)
    assert (figures.asked_same, figures.asked_different, figures.missed) == (1, 1, 1)
    assert (figures.precision, figures.recall, figures.alone) == (0.5, 0.6, 0.4)


def test_nothing_to_count() -> None:
    """No pairs, no faults."""
    figures = judge(read_pairs(HEADER))
    assert (figures.precision, figures.recall, figures.alone) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("home,away\nA,B\n", "there is no column away_a"),
        (HEADER + pair("maybe", "A", "B"), "line 2: 'maybe' is none of same, flip, different"),
        (HEADER + pair("same", "A", "B") + pair("same", "A", "B", "noon"), "line 3: 'noon' is no time"),
        (HEADER + "same,football\n", "line 2: cells are missing"),
    ],
)
def test_no_such_file(text: str, said: str) -> None:
    """What is wrong, and in which line."""
    with pytest.raises(Malformed, match=said):
        read_pairs(text)


def test_a_time_without_a_zone_is_utc() -> None:
    """As everywhere."""
    with_zone, without = read_pairs(HEADER + pair("same", "A", "B") + pair("same", "A", "B", "2026-01-10 15:00"))
    assert with_zone.told.starts_at == without.told.starts_at
