"""The provider's words in ours."""

import pytest

from ingestd.sources.feeds.the_odds_api.wire import Event
from ingestd.sources.feeds.the_odds_api.words import kind_of, line_moves, name_of, outcome_of, sport_of

MATCH = Event("e", "soccer_epl", "EPL", home_team="Harrow", away_team="Marsham")


def test_names() -> None:
    """Home first; outrights by their competition."""
    assert (sport_of("soccer_epl"), sport_of("golf")) == ("soccer", "golf")
    assert (name_of(MATCH), name_of(Event("e", "golf_open", "The Open")), name_of(Event("e", "golf_open"))) == ("Harrow v Marsham", "The Open", "golf_open")


@pytest.mark.parametrize(
    ("name", "found"),
    [("Harrow", ("home", "Harrow")), ("Marsham", ("away", "Marsham")), ("Draw", ("draw", "")), ("Over", ("over", "")), ("J. Smith", ("J. Smith",) * 2)],
)
def test_outcomes(name: str, found: tuple[str, str]) -> None:
    """Sides by the teams' names, what is common to all in small letters, the rest as it is."""
    assert outcome_of(MATCH, name) == found


def test_teams_of_one_name_have_no_sides() -> None:
    """Nobody could say which."""
    assert outcome_of(Event("e", "s", home_team="A", away_team="A"), "A") == ("A", "A")


def test_bookmakers() -> None:
    """By their keys."""
    assert [kind_of(key) for key in ("fanduel", "betfair_ex_uk", "betfair_sb_uk", "kalshi")] == ["book", "exchange", "book", "prediction"]


def test_lines() -> None:
    """Main lines move; alternates and players' lines stand beside each other."""
    moving = ("spreads", "totals_h1", "team_totals", "alternate_spreads", "alternate_totals_q1", "player_points", "totalsx")
    assert [line_moves(market) for market in moving] == [True, True, True, False, False, False, False]
