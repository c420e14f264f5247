"""The provider's market keys in our words: market, then period.

Source: https://the-odds-api.com/sports-odds-data/betting-markets.html. A key is a market, perhaps with ``alternate_`` before it or
``_alternate`` behind it (a ladder of lines), and with a suffix where it is of a period.
"""

import re
from functools import lru_cache
from typing import Final

from ingestd.markets import FEATS, MARKETS

H2H: Final = "h2h"
GAME: Final = {
    "spreads": "spread",
    "totals": "total",
    "team_totals": "team_total",
    "outrights": "outright",
    "h2h_3_way": "match_result",
    "draw_no_bet": "draw_no_bet",
    "double_chance": "double_chance",
    "btts": "both_teams_to_score",
    "spreads_corners": "spread_corners",
    "totals_corners": "total_corners",
    "team_totals_corners": "team_total_corners",
    "spreads_cards": "spread_cards",
    "totals_cards": "total_cards",
    "to_qualify": "to_qualify",
}
PLAYERS: Final = {
    "player_pass_yds": "passing_yards",
    "player_pass_tds": "passing_touchdowns",
    "player_pass_attempts": "passing_attempts",
    "player_pass_completions": "completions",
    "player_pass_interceptions": "interceptions",
    "player_pass_longest_completion": "longest_completion",
    "player_pass_rush_yds": "passing_rushing_yards",
    "player_pass_rush_reception_yds": "passing_rushing_receiving_yards",
    "player_rush_yds": "rushing_yards",
    "player_rush_attempts": "rushing_attempts",
    "player_rush_tds": "rushing_touchdowns",
    "player_rush_longest": "longest_rush",
    "player_rush_reception_yds": "rushing_receiving_yards",
    "player_reception_yds": "receiving_yards",
    "player_reception_tds": "receiving_touchdowns",
    "player_reception_longest": "longest_reception",
    "player_tds_over": "touchdowns",
    "player_field_goals": "field_goals_made",
    "player_1st_td": "first_scorer",
    "player_anytime_td": "anytime_scorer",
    "player_last_td": "last_scorer",
    "player_frees_made": "free_throws",
    "player_fantasy_points": "fantasy_score",
    "player_shots_on_goal": "shots_on_target",
    "player_total_saves": "saves",
    "player_goal_scorer_first": "first_scorer",
    "player_goal_scorer_last": "last_scorer",
    "player_goal_scorer_anytime": "anytime_scorer",
    "player_first_goal_scorer": "first_scorer",
    "player_last_goal_scorer": "last_scorer",
    "player_to_receive_card": "to_be_carded",
    "player_to_receive_red_card": "to_be_sent_off",
    "player_disposals_over": "disposals",
    "player_goals_scored_over": "goals",
    "player_marks_over": "marks",
    "player_tackles_over": "tackles",
    "player_try_scorer_first": "first_scorer",
    "player_try_scorer_last": "last_scorer",
    "player_try_scorer_anytime": "anytime_scorer",
    "player_try_scorer_over": "tries",
    "batter_home_runs": "home_runs",
    "batter_first_home_run": "first_home_run",
    "batter_hits": "hits",
    "batter_total_bases": "bases",
    "batter_rbis": "runs_batted_in",
    "batter_runs_scored": "runs",
    "batter_hits_runs_rbis": "hits_runs_rbis",
    "batter_singles": "singles",
    "batter_doubles": "doubles",
    "batter_triples": "triples",
    "batter_walks": "walks",
    "batter_strikeouts": "batter_strikeouts",
    "batter_stolen_bases": "stolen_bases",
    "batter_fantasy_score": "fantasy_score",
    "pitcher_strikeouts": "strikeouts",
    "pitcher_record_a_win": "to_record_a_win",
    "pitcher_hits_allowed": "hits_allowed",
    "pitcher_walks": "walks_allowed",
    "pitcher_earned_runs": "earned_runs",
    "pitcher_outs": "outs",
}
"""What a player does, where the key without ``player_`` is not our word already."""
NAMED_BY_OUTCOME: Final = frozenset(("outright", *(f"player_{feat}" for feat in FEATS)))
"""Markets of yes and no in which an outcome may be the name of a participant instead."""
PERIODS: Final = {"q": "quarter_{}", "p": "period_{}", "s": "set_{}"}
HALVES: Final = {"h1": "first_half", "h2": "second_half"}
INNINGS: Final = {"1": "inning_1", "3": "first_3_innings", "5": "first_5_innings", "7": "first_7_innings"}
_SUFFIX: Final = re.compile(r"(?P<market>.+?)_(?:(?P<half>h[12])|(?P<part>[qps])(?P<number>[1-5])|1st_(?P<innings>[1357])_innings)")


@lru_cache(4_096)
def named(key: str, *, drawn: bool) -> tuple[str, str]:
    """Market and period of a key without ``_lay``; an unknown one stays as it is. ``drawn``: a head-to-head that one can draw."""
    bare, period = _parted(key.removeprefix("alternate_").removesuffix("_alternate"))
    if bare == H2H:
        return "match_result" if drawn else "moneyline", period
    found = GAME.get(bare) or f"player_{PLAYERS.get(bare) or bare.removeprefix('player_')}"
    return (found, period) if found in MARKETS else (key, "")


def _parted(key: str) -> tuple[str, str]:
    found = _SUFFIX.fullmatch(key)
    if found is None:
        return key, ""
    if found["half"]:
        return found["market"], HALVES[found["half"]]
    if found["innings"]:
        return found["market"], INNINGS[found["innings"]]
    return found["market"], PERIODS[found["part"]].format(found["number"])
