"""How every selection of a match ended, exactly, from the goals."""

from typing import Final

from ingestd.model import QuoteResult
from ingestd.sources.feeds.football_data.columns import GOALS_LINE, MATCH_ODDS, TOTAL

Score = tuple[int, int]
"""Goals of the home team and of the away team."""
_OF_QUARTERS: Final[dict[int, QuoteResult]] = {-1: "half_lost", 0: "void", 1: "half_won"}


def winner(score: Score) -> str:
    """``home``, ``draw`` or ``away``."""
    home, away = score
    return "home" if home > away else "away" if away > home else "draw"


def result(market: str, outcome: str, line: float | None, score: Score) -> QuoteResult:
    """How a bet on it ended; ``line`` is the outcome's own handicap.

    On a handicap, half of the stake may stand on each of two lines: a lead of a quarter wins (or loses) one half and returns the other.
    """
    home, away = score
    if market == MATCH_ODDS:
        return "won" if outcome == winner(score) else "lost"
    if market == TOTAL:
        return "won" if (home + away > GOALS_LINE) == (outcome == "over") else "lost"
    lead = home - away if outcome == "home" else away - home
    quarters = round(4 * (lead + (line or 0.0)))
    return _OF_QUARTERS.get(quarters) or ("won" if quarters > 0 else "lost")
