"""What Betfair's market types and the names of runners mean in our words.

Market types: Betfair's ``listMarketTypes``; a type that is not here keeps Betfair's word in lower case. Runners are known by their names
(``listMarketCatalogue``, or a history file), of which the live stream has none; a few have one number in all markets.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ingestd.markets import EITHER, MARKETS, OTHER_SCORES, RESULT, TEAMS, YES_NO, participant, side

NUMBERED: Final = {58805: "draw", 30246: "yes", 110503: "no"}
"""Runners of one number everywhere: The Draw; Yes and No of both teams to score."""
FOOTBALL: Final = "1"


class Meaning(Struct, frozen=True):
    """A market type in our words. ``line``: that of the home team, or of over and under; ``team``: whose market it is."""

    market: str
    period: str = ""
    line: float | None = None
    team: str = ""


TYPES: Final = {
    "MONEY_LINE": Meaning("moneyline"),
    "DRAW_NO_BET": Meaning("draw_no_bet"),
    "DOUBLE_CHANCE": Meaning("double_chance"),
    "ASIAN_HANDICAP": Meaning("spread"),
    "HANDICAP": Meaning("spread"),
    "ALT_TOTAL_GOALS": Meaning("total"),
    "COMBINED_TOTAL": Meaning("total"),
    "CORRECT_SCORE": Meaning("correct_score"),
    "HALF_TIME": Meaning("match_result", "first_half"),
    "HALF_TIME_SCORE": Meaning("correct_score", "first_half"),
    "HALF_TIME_FULL_TIME": Meaning("half_time_full_time"),
    "BOTH_TEAMS_TO_SCORE": Meaning("both_teams_to_score"),
    "ODD_OR_EVEN": Meaning("odd_even"),
    "TO_QUALIFY": Meaning("to_qualify"),
    "TEAM_A_WIN_TO_NIL": Meaning("win_to_nil", team="home"),
    "TEAM_B_WIN_TO_NIL": Meaning("win_to_nil", team="away"),
    "SET_BETTING": Meaning("correct_score_sets"),
    "WINNER": Meaning("outright"),
    "OUTRIGHT_WINNER": Meaning("outright"),
    "TOURNAMENT_WINNER": Meaning("outright"),
    "RELEGATION": Meaning("relegation"),
    "WIN": Meaning("race_winner"),
    "PLACE": Meaning("race_place"),
    "EACH_WAY": Meaning("each_way"),
    "FIRST_GOAL_SCORER": Meaning("player_first_scorer"),
    "TO_SCORE": Meaning("player_anytime_scorer"),
}
"""Of one meaning, whatever is in the market. OTHER_PLACE is not among them: how many places it pays is said in its name only."""
_LINES: Final = re.compile(
    r"(?:TEAM_(?P<team>[AB])_)?(?P<what>OVER_UNDER|FIRST_HALF_GOALS)_(?P<whole>\d{1,2})(?P<tenth>5)(?:_(?P<unit>CORNR|CARDS))?"
)
_AHEAD: Final = re.compile(r"TEAM_(?P<team>[AB])_(?P<goals>\d)")
_UNITS: Final = {"CORNR": "total_corners", "CARDS": "total_cards", None: "total"}
_SCORE: Final = re.compile(r"(?P<home>\d+) ?- ?(?P<away>\d+)")
_SETS: Final = re.compile(r"(?P<name>.+) (?P<won>\d)-(?P<lost>\d)")
_OTHERS: Final = dict(zip(("Any Other Home Win", "Any Other Draw", "Any Other Away Win", "Any Unquoted"), OTHER_SCORES, strict=True))
_OWN_LINE: Final = re.compile(r" [+-]\d+(?:\.\d+)?$")
MOST: Final = 4_096


@lru_cache(MOST)
def meaning(market_type: str, event_type_id: str, *, drawn: bool) -> Meaning:
    """Our words for a market type; ``drawn``: one of its runners is the draw. In football one can always draw."""
    if market_type == "MATCH_ODDS":
        return Meaning("match_result" if drawn or event_type_id == FOOTBALL else "moneyline")
    if said := _LINES.fullmatch(market_type):
        line = float(f"{said['whole']}.{said['tenth']}")
        team = {"A": "home", "B": "away"}.get(said["team"], "")
        market = _UNITS[said["unit"]]
        return Meaning(f"team_{market}" if team else market, "" if said["what"] == "OVER_UNDER" else "first_half", line, team)
    if said := _AHEAD.fullmatch(market_type):
        return Meaning("handicap_result", line=float(said["goals"]) * (1 if said["team"] == "A" else -1))
    return TYPES.get(market_type) or Meaning(market_type.lower())


def called(market: Meaning, number: int, name: str, home: str, away: str) -> tuple[str, str]:
    """Outcome and participant of a runner: its word where it has one, else its name, else its number."""
    known = MARKETS.get(market.market)
    if known is None or known.outcomes in (TEAMS, RESULT):
        return NUMBERED.get(number) or _team(name, home, away) or name or str(number), ""
    if known.participant == "required" and not market.team:
        return "yes", participant(name) or str(number)
    return NUMBERED.get(number) or _word(known.outcomes, name, home, away) or name or str(number), market.team


def line_of(market: Meaning, outcome: str) -> float | None:
    """The line that a market type names, as the outcome's own."""
    return -market.line if market.line is not None and market.market == "handicap_result" and outcome == "away" else market.line


def _team(name: str, home: str, away: str) -> str:
    return "draw" if name in ("The Draw", "Draw") else side(_OWN_LINE.sub("", name), home, away)


def _word(outcomes: tuple[str, ...], name: str, home: str, away: str) -> str:
    """The word among these that a runner's name comes to; empty where it is none of them."""
    if outcomes == EITHER:
        both = {_team(part.strip(), home, away) or part.strip().lower() for part in name.split(" or ")}
        return "_or_".join(word for word in RESULT if word in both)
    if outcomes == OTHER_SCORES:
        return _score(name, home, away)
    if "/" in name and len(outcomes) > len(YES_NO):
        return "/".join(_team(part.strip(), home, away) for part in name.split("/"))
    small = name.lower().partition(" ")[0]
    return small if small in outcomes else ""


def _score(name: str, home: str, away: str) -> str:
    if said := _SCORE.fullmatch(name):
        return f"{said['home']}-{said['away']}"
    if said := _SETS.fullmatch(name):
        won, lost = said["won"], said["lost"]
        return {"home": f"{won}-{lost}", "away": f"{lost}-{won}"}.get(side(said["name"], home, away), "")
    return _OTHERS.get(name, "")
