"""Betfair's market types and runners in our words."""

import pytest

from ingestd.markets import MARKETS, unknown
from ingestd.sources.feeds.betfair.meanings import TYPES, Meaning, called, line_of, meaning

SIDES = ("Slavia Sofia", "Beroe")


def test_every_type_of_the_table_is_a_market() -> None:
    """A slip of the pen would make a word of its own."""
    assert {told.market for told in TYPES.values()} <= MARKETS.keys()


@pytest.mark.parametrize(
    ("market_type", "found"),
    [
        ("OVER_UNDER_05", Meaning("total", line=0.5)),
        ("OVER_UNDER_25", Meaning("total", line=2.5)),
        ("OVER_UNDER_105_CORNR", Meaning("total_corners", line=10.5)),
        ("FIRST_HALF_GOALS_15", Meaning("total", "first_half", 1.5)),
        ("TEAM_B_OVER_UNDER_15", Meaning("team_total", line=1.5, team="away")),
        ("TEAM_A_1", Meaning("handicap_result", line=1.0)),
        ("TEAM_B_2", Meaning("handicap_result", line=-2.0)),
        ("HALF_TIME", Meaning("match_result", "first_half")),
        ("NEXT_GOAL", Meaning("next_goal")),
        ("", Meaning("")),
    ],
)
def test_market_types(market_type: str, found: Meaning) -> None:
    """The line stands in the type; what we do not know keeps Betfair's word."""
    assert meaning(market_type, "1", drawn=False) == found


def test_who_can_draw() -> None:
    """In football everybody; elsewhere where The Draw is a runner."""
    assert [meaning("MATCH_ODDS", sport, drawn=drawn).market for sport, drawn in (("1", False), ("2", False), ("4", True))] == [
        "match_result",
        "moneyline",
        "match_result",
    ]


@pytest.mark.parametrize(
    ("market", "runner", "words"),
    [
        ("match_result", "Slavia Sofia", ("home", "")),
        ("match_result", "The Draw", ("draw", "")),
        ("match_result", "Beroe Stara Za", ("away", "")),
        ("spread", "Beroe", ("away", "")),
        ("handicap_result", "Slavia Sofia +1", ("home", "")),
        ("total", "Under 2.5 Goals", ("under", "")),
        ("both_teams_to_score", "Yes", ("yes", "")),
        ("odd_even", "Odd", ("odd", "")),
        ("double_chance", "Home or Draw", ("home_or_draw", "")),
        ("double_chance", "Draw or Away", ("draw_or_away", "")),
        ("double_chance", "Home or Away", ("home_or_away", "")),
        ("half_time_full_time", "Slavia Sofia/Draw", ("home/draw", "")),
        ("correct_score", "2 - 1", ("2-1", "")),
        ("correct_score", "Any Other Away Win", ("other_away", "")),
        ("correct_score", "Any Unquoted", ("other", "")),
        ("correct_score_sets", "Beroe 2-1", ("1-2", "")),
        ("outright", "Rapid Vienna", ("yes", "rapid vienna")),
        ("race_winner", "3. Kirabilly Kathy", ("yes", "kirabilly kathy")),
    ],
)
def test_runners(market: str, runner: str, words: tuple[str, str]) -> None:
    """As Betfair writes them, the shapes of its recordings among them."""
    assert called(Meaning(market), 7, runner, *SIDES) == words
    assert unknown(market, "", words[0]) == ()


def test_runners_without_names() -> None:
    """The stream has none: some have one number everywhere, others keep theirs until the catalogue answers."""
    assert called(Meaning("match_result"), 58805, "", "", "") == ("draw", "")
    assert called(Meaning("both_teams_to_score"), 110503, "", "", "") == ("no", "")
    assert called(Meaning("match_result"), 44, "", "", "") == ("44", "")
    assert called(Meaning("race_place"), 44, "", "", "") == ("yes", "44")
    assert called(Meaning("next_goal"), 44, "No Goal", *SIDES) == ("No Goal", "")


def test_whose_market_it_is() -> None:
    """A team's total is about the team."""
    assert called(Meaning("team_total", line=1.5, team="away"), 7, "Over 1.5 Goals", *SIDES) == ("over", "away")
    assert called(Meaning("win_to_nil", team="home"), 7, "Yes", *SIDES) == ("yes", "home")


def test_lines() -> None:
    """A total's is that of both; a handicap's is the outcome's own, of the draw the home team's."""
    ahead = Meaning("handicap_result", line=-2.0)
    assert [line_of(ahead, outcome) for outcome in ("home", "draw", "away")] == [-2.0, -2.0, 2.0]
    assert [line_of(Meaning("total", line=2.5), outcome) for outcome in ("over", "under")] == [2.5, 2.5]
    assert line_of(Meaning("match_result"), "home") is None
