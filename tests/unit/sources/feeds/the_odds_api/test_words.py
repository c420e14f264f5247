"""The provider's words in ours."""

import pytest

from ingestd.sources.feeds.the_odds_api.wire import Event, Named
from ingestd.sources.feeds.the_odds_api.words import kind_of, line_moves, market_of, name_of, sport_of, words_of

MATCH = Event("e", "soccer_epl", "EPL", home_team="Harrow", away_team="Marsham")


def test_names() -> None:
    """Home first; outrights by their competition."""
    assert (sport_of("soccer_epl"), sport_of("golf"), sport_of("icehockey_nhl")) == ("football", "golf", "ice_hockey")
    assert (name_of(MATCH), name_of(Event("e", "golf_open", "The Open")), name_of(Event("e", "golf_open"))) == (
        "Harrow v Marsham",
        "The Open",
        "golf_open",
    )


@pytest.mark.parametrize(
    ("market", "said", "words"),
    [
        ("match_result", Named("Harrow"), ("home", "")),
        ("spread", Named("Marsham", point=0.5), ("away", "")),
        ("match_result", Named("Draw"), ("draw", "")),
        ("total", Named("Over", point=2.5), ("over", "")),
        ("team_total", Named("Under", "Marsham", 1.5), ("under", "away")),
        ("double_chance", Named("Harrow or Draw"), ("home_or_draw", "")),
        ("double_chance", Named("Marsham/Harrow"), ("home_or_away", "")),
        ("double_chance", Named("Neither"), ("Neither", "")),
        ("both_teams_to_score", Named("Yes"), ("yes", "")),
        ("player_points", Named("Over", "J. Smith", 20.5), ("over", "j smith")),
        ("player_anytime_scorer", Named("Yes", "J. Smith"), ("yes", "j smith")),
        ("player_first_scorer", Named("J. Smith"), ("yes", "j smith")),
        ("outright", Named("J. Smith"), ("yes", "j smith")),
        ("goal_method", Named("Header"), ("Header", "")),
    ],
)
def test_outcomes(market: str, said: Named, words: tuple[str, str]) -> None:
    """Sides by the teams' names; a runner's outcome is yes; what is not known stays as it is."""
    assert words_of(MATCH, market, said) == words


def test_teams_of_one_name_have_no_sides() -> None:
    """Nobody could say which."""
    assert words_of(Event("e", "s", home_team="A", away_team="A"), "moneyline", Named("A")) == ("A", "")


def test_who_can_draw() -> None:
    """In football everybody, elsewhere where the bookmaker has a price for it."""
    hockey = Event("e", "icehockey_nhl", home_team="A", away_team="B")
    assert market_of(MATCH, "h2h_lay", drawn=False) == ("match_result", "")
    assert [market_of(hockey, "h2h_p1", drawn=drawn) for drawn in (False, True)] == [
        ("moneyline", "period_1"),
        ("match_result", "period_1"),
    ]


def test_bookmakers() -> None:
    """By their keys."""
    assert [kind_of(key) for key in ("fanduel", "betfair_ex_uk", "betfair_sb_uk", "kalshi")] == ["book", "exchange", "book", "prediction"]


def test_lines() -> None:
    """Main lines move; alternates and players' lines stand beside each other."""
    moving = ("spreads", "totals_h1", "team_totals", "alternate_spreads", "alternate_totals_q1", "player_points", "totalsx")
    assert [line_moves(market) for market in moving] == [True, True, True, False, False, False, False]
