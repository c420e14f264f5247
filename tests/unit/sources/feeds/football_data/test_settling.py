"""How bets end, against a table and against two halves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model import QuoteResult
from ingestd.sources.feeds.football_data.settling import result, winner


@pytest.mark.parametrize(
    ("market", "outcome", "line", "score", "expected"),
    [
        ("match_odds", "home", None, (2, 1), "won"),
        ("match_odds", "draw", None, (2, 1), "lost"),
        ("match_odds", "draw", None, (0, 0), "won"),
        ("total", "over", 2.5, (2, 1), "won"),
        ("total", "under", 2.5, (2, 1), "lost"),
        ("total", "under", 2.5, (1, 1), "won"),
        ("asian_handicap", "home", -0.5, (1, 0), "won"),
        ("asian_handicap", "home", -1.0, (1, 0), "void"),
        ("asian_handicap", "home", -0.75, (1, 0), "half_won"),
        ("asian_handicap", "home", -1.25, (1, 0), "half_lost"),
        ("asian_handicap", "away", 1.25, (1, 0), "half_won"),
        ("asian_handicap", "away", 0.75, (1, 0), "half_lost"),
        ("asian_handicap", "away", 0.0, (1, 1), "void"),
        ("asian_handicap", "away", -0.25, (1, 1), "half_lost"),
    ],
)
def test_results(market: str, outcome: str, line: float | None, score: tuple[int, int], expected: QuoteResult) -> None:
    """By the book."""
    assert result(market, outcome, line, score) == expected


@given(st.integers(-20, 20), st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_a_handicap_is_two_bets(quarters: int, score: tuple[int, int]) -> None:
    """Half a stake on each of the two lines around it; what one side wins the other loses."""
    home, away = score
    halves = [(quarters - 1) / 4, (quarters + 1) / 4] if quarters % 2 else [quarters / 4] * 2
    balance = sum((home - away + half > 0) - (home - away + half < 0) for half in halves)
    names = ("void", "half_won", "won", "lost", "half_lost")
    assert result("asian_handicap", "home", quarters / 4, score) == names[balance]
    assert result("asian_handicap", "away", -quarters / 4, score) == names[-balance]


def test_winners() -> None:
    """In our words."""
    assert [winner(score) for score in ((1, 0), (1, 1), (0, 2))] == ["home", "draw", "away"]
