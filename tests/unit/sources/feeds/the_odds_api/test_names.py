"""The provider's market keys in our words."""

import pytest

from ingestd.markets import MARKETS
from ingestd.sources.feeds.the_odds_api.names import GAME, PLAYERS, named


def test_every_key_of_the_tables_is_a_market() -> None:
    """A slip of the pen would make a word of its own."""
    assert [key for key in (*GAME, *PLAYERS) if named(key, drawn=False)[0] not in MARKETS] == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("h2h", ("moneyline", "")),
        ("h2h_q3", ("moneyline", "quarter_3")),
        ("h2h_3_way_h1", ("match_result", "first_half")),
        ("spreads", ("spread", "")),
        ("alternate_spreads_corners", ("spread_corners", "")),
        ("alternate_totals_1st_5_innings", ("total", "first_5_innings")),
        ("totals_1st_1_innings", ("total", "inning_1")),
        ("team_totals_p2", ("team_total", "period_2")),
        ("btts", ("both_teams_to_score", "")),
        ("player_points", ("player_points", "")),
        ("player_points_q1", ("player_points", "quarter_1")),
        ("player_pass_yds_alternate", ("player_passing_yards", "")),
        ("batter_total_bases", ("player_bases", "")),
        ("player_goal_scorer_anytime", ("player_anytime_scorer", "")),
        ("goal_method_h1", ("goal_method_h1", "")),
        ("", ("", "")),
    ],
)
def test_keys(key: str, words: tuple[str, str]) -> None:
    """A ladder is the market that it is a ladder of; an unknown key stays whole."""
    assert named(key, drawn=False) == words


def test_a_draw_makes_it_three_ways() -> None:
    """The key alone does not tell."""
    assert named("h2h_h2", drawn=True) == ("match_result", "second_half")
