"""The vocabulary: one word for each sport, market, period and outcome, whatever a provider calls it.

Words that stand here are the same for all providers; ``docs/vocabulary.md`` is the page of them, and of the rule of lines. What a provider
offers beyond them keeps the provider's own word, and is counted (``unknown``). Sides are ``model.Side``.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

Need = Literal["none", "required", "optional"]
"""Whether something is a part of a market: never, always, or where the provider says so."""
Kind = Literal["market", "period", "outcome"]


class Market(Struct, frozen=True):
    """A market. ``outcomes``: its words (of a correct score, those beside the scores themselves).

    ``line``: whether a selection has one. ``participant``: whether it is about a player, a runner or one team (``home``, ``away``).
    ``winners``: how many of ``outcomes`` win once all are listed at one line (an overround is judged against it); 0: that is not known.
    """

    word: str
    meaning: str
    outcomes: tuple[str, ...]
    line: Need = "none"
    participant: Need = "none"
    winners: int = 1


TEAMS: Final[tuple[Literal["home"], Literal["away"]]] = ("home", "away")
RESULT: Final = ("home", "draw", "away")
EITHER: Final = ("home_or_draw", "home_or_away", "draw_or_away")
TOTAL: Final = ("over", "under")
YES_NO: Final = ("yes", "no")
OTHER_SCORES: Final = ("other_home", "other_draw", "other_away", "other")
HALVES: Final = tuple(f"{half}/{full}" for half in RESULT for full in RESULT)
_SCORE: Final = re.compile(r"\d{1,3}-\d{1,3}", re.ASCII)

STATISTICS: Final = (  # noqa: SIM905 - words to be read
    "points rebounds assists steals blocks blocks_steals turnovers threes field_goals free_throws "  # basketball
    "points_rebounds_assists points_rebounds points_assists rebounds_assists "
    "passing_yards passing_touchdowns passing_attempts completions interceptions longest_completion "  # American football
    "rushing_yards rushing_attempts rushing_touchdowns longest_rush receiving_yards receptions receiving_touchdowns longest_reception "
    "passing_rushing_yards rushing_receiving_yards passing_rushing_receiving_yards touchdowns tackles_assists sacks "
    "kicking_points field_goals_made "
    "home_runs hits bases runs_batted_in runs hits_runs_rbis singles doubles triples walks batter_strikeouts stolen_bases "  # baseball
    "strikeouts hits_allowed walks_allowed earned_runs outs "
    "goals shots shots_on_target saves power_play_points tackles passes fouls cards "  # ice hockey, football
    "aces double_faults tries disposals marks runs_scored wickets fantasy_score"
).split()
"""What a player can have so much of: each makes the market ``player_…`` with over, under and a line."""
FEATS: Final = (  # noqa: SIM905 - as above
    "anytime_scorer first_scorer last_scorer first_home_scorer first_away_scorer to_be_carded to_be_sent_off to_assist "
    "first_basket first_team_basket double_double triple_double first_home_run first_try to_record_a_win method_of_first_basket"
).split()
"""What a player does or does not: each makes the market ``player_…`` with yes and no."""
UNITS: Final = ("sets", "rounds", "corners", "cards", "shots", "shots_on_target", "touchdowns", "hits", "sixes", "fours")
"""What else than the sport's usual score can be counted: each makes a ``total_…``, a ``team_total_…`` and a ``spread_…``."""


def _tables() -> Mapping[str, Market]:
    listed = [
        Market("moneyline", "who wins, of two; no draw is on offer (a tie returns the stake)", TEAMS),
        Market("match_result", "who wins, or a draw (1X2)", RESULT),
        Market("draw_no_bet", "who wins, where draws are usual; a draw returns the stake", TEAMS),
        Market("double_chance", "one of two of the three results", EITHER, winners=2),
        Market("spread", "who wins with the outcome's own handicap added; Asian, with quarters", TEAMS, "required"),
        Market("handicap_result", "who wins with a handicap, or a draw after it (European)", RESULT, "required"),
        Market("total", "the sport's usual score of both together (tennis: games, esports: maps), beside a line", TOTAL, "required"),
        Market("team_total", "the score of one team (participant `home` or `away`)", TOTAL, "required", "required"),
        Market("odd_even", "whether the total is odd or even", ("odd", "even")),
        Market("both_teams_to_score", "whether both score", YES_NO),
        Market("correct_score", "the exact score, home first (`2-1`), or any that is not listed", OTHER_SCORES, winners=0),
        Market("correct_score_sets", "the exact score in sets, home first (`2-1`)", OTHER_SCORES, winners=0),
        Market("half_time_full_time", "who leads at half-time, and who at the end", HALVES),
        Market("first_to_score", "who scores first, if anybody", ("home", "away", "neither")),
        Market("clean_sheet", "whether a team (participant `home` or `away`) concedes nothing", YES_NO, participant="required"),
        Market("win_to_nil", "whether a team (participant `home` or `away`) wins and concedes nothing", YES_NO, participant="required"),
        Market("winning_margin", "by how much who wins; words are the provider's own", (), "optional", "optional", 0),
        Market("overtime", "whether there is overtime", YES_NO),
        Market("to_qualify", "who goes on to the next round, or lifts the cup", TEAMS),
        Market("outright", "who wins a competition: yes for the participant", YES_NO, participant="required", winners=0),
        Market("race_winner", "who wins a race: yes for the participant", YES_NO, participant="required", winners=0),
        Market("race_place", "who is placed in a race: yes for the participant", YES_NO, "optional", "required", 0),
        Market("each_way", "half on the win, half on a place: yes for the participant", YES_NO, participant="required", winners=0),
        Market("top_finish", "who is among the first so many (the line): yes for the participant", YES_NO, "required", "required", 0),
        Market("head_to_head", "who of two or three participants does better: yes for the participant", YES_NO, "none", "required", 0),
        Market("relegation", "who goes down: yes for the participant", YES_NO, participant="required", winners=0),
    ]
    for unit in UNITS:
        told = unit.replace("_", " ")
        listed += [
            Market(f"total_{unit}", f"the number of {told} of both together, beside a line", TOTAL, "required"),
            Market(f"team_total_{unit}", f"the number of {told} of one team or player", TOTAL, "required", "required"),
            Market(f"spread_{unit}", f"who has more {told} with the outcome's own handicap added", TEAMS, "required"),
        ]
    listed += [Market(f"player_{one}", f"a player's {one.replace('_', ' ')}", TOTAL, "required", "required") for one in STATISTICS]
    listed += [Market(f"player_{one}", f"player: {one.replace('_', ' ')}", YES_NO, "none", "required", 0) for one in FEATS]
    return {market.word: market for market in listed}


MARKETS: Final = _tables()
SPORTS: Final[Mapping[str, str]] = {
    "american_football": "NFL, college, Canadian",
    "athletics": "track and field",
    "australian_rules": "AFL",
    "badminton": "",
    "bandy": "",
    "baseball": "",
    "basketball": "",
    "beach_volleyball": "",
    "boxing": "",
    "chess": "",
    "cricket": "all formats",
    "cycling": "",
    "darts": "",
    "esports": "a game that has no word of its own here",
    "counter_strike": "esports",
    "dota_2": "esports",
    "league_of_legends": "esports",
    "valorant": "esports",
    "floorball": "",
    "football": "association football, soccer",
    "futsal": "",
    "gaelic_football": "",
    "golf": "",
    "greyhounds": "greyhound racing",
    "handball": "",
    "harness_racing": "trotting",
    "horse_racing": "",
    "hurling": "",
    "ice_hockey": "NHL and all other hockey on ice",
    "lacrosse": "",
    "mma": "mixed martial arts",
    "motor_racing": "cars and motorcycles, on road and track",
    "netball": "",
    "rugby": "nobody says which code",
    "rugby_league": "",
    "rugby_union": "",
    "snooker": "",
    "softball": "",
    "table_tennis": "",
    "tennis": "",
    "volleyball": "",
    "water_polo": "",
    "winter_sports": "",
    "politics": "no sport, but on offer",
    "entertainment": "no sport, but on offer",
    "finance": "no sport, but on offer",
}
"""Words of sports, and what is meant where the word alone does not say it."""


def _numbered(word: str, meaning: str, count: int) -> dict[str, str]:
    return {f"{word}_{number}": f"{meaning} {number} alone" for number in range(1, count + 1)}


PERIODS: Final[Mapping[str, str]] = {
    "": "all of it by the sport's usual rule: football without extra time, everything else with overtime, extra innings, tie-breaks",
    "regular_time": "without overtime, where the usual rule is with it",
    "full_time": "with extra time and penalties, where the usual rule is without them",
    "overtime": "overtime or extra time alone",
    "first_half": "",
    "second_half": "without overtime",
    "second_half_overtime": "second half and overtime",
    **_numbered("quarter", "quarter", 4),
    **_numbered("period", "third of an ice hockey match", 3),
    **_numbered("inning", "inning", 9),
    "first_3_innings": "",
    "first_5_innings": "",
    "first_7_innings": "",
    **_numbered("set", "set", 5),
    **_numbered("map", "map or game of an esports match", 7),
    **_numbered("round", "round", 15),
    "first_10_minutes": "",
    "first_15_minutes": "",
}
"""Words of periods, and what is meant where the word alone does not say it."""


def is_outcome(market: Market, outcome: str) -> bool:
    """Whether an outcome is one of a market's words."""
    return outcome in market.outcomes or (market.outcomes == OTHER_SCORES and _SCORE.fullmatch(outcome) is not None)


def unknown(market: str, period: str, outcome: str) -> tuple[Kind, ...]:
    """Which of these words are none of the vocabulary; of a market that is not known, no outcome can be judged."""
    known = MARKETS.get(market)
    found: list[Kind] = [] if known else ["market"]
    if period not in PERIODS:
        found.append("period")
    if known and not is_outcome(known, outcome):
        found.append("outcome")
    return tuple(found)


def contrary(market: str, outcome: str) -> tuple[str, str] | None:
    """Market and outcome that win exactly when this one loses; None where there are no words for it.

    For "No" of a prediction market. With a line, the contrary has the same one (totals) or its negative (``line_of_contrary``).
    """
    known = MARKETS.get(market)
    if known is not None and known.outcomes == RESULT and known.line == "none" and outcome in RESULT:
        return "double_chance", EITHER[-1 - RESULT.index(outcome)]
    if known is None or len(known.outcomes) != len(TEAMS) or outcome not in known.outcomes:
        return None
    return market, known.outcomes[1 - known.outcomes.index(outcome)]


def line_of_contrary(market: str, line: float | None) -> float | None:
    """The line of the contrary: a handicap's negative, a total's own."""
    return -line + 0.0 if line is not None and market.startswith("spread") else line


_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i"})
_CLOTH: Final = re.compile(r"^\d{1,2}[a-z]?\. ")
_COUNTRY: Final = re.compile(r" \([A-Za-z]{2,3}\)$")
_DROPPED: Final = re.compile(r"[.'\u2019`\u00b4]")
_SPACE: Final = re.compile(r"[\s\-_,/()]+")


def participant(name: str) -> str:
    """A player's or runner's name in the one form that keys are made of: ``1. O'Brien-Łuć Jr. (IRE)`` is ``obrien luc jr``.

    Small letters without accents, dots and apostrophes; a racecourse's number before it and country behind it are no part of the name.
    The provider's own writing stays in the identity of the selection. A name that is nothing but signs stays as it is.
    """
    bare = _COUNTRY.sub("", _CLOTH.sub("", name.strip()))
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", bare).casefold())
    plain = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return _SPACE.sub(" ", _DROPPED.sub("", plain.translate(_LETTERS))).strip() or name.strip()


def side(name: str, home: str, away: str) -> Literal["home", "away", ""]:
    """Which of two teams a name means: the one that is called so, else the one whose name holds it or is held by it, word for word.

    "Norrie" is Cameron Norrie. Empty where that is neither, or could be both.
    """
    said, teams = participant(name), (participant(home), participant(away))
    if said and teams.count(said) == 1:
        return TEAMS[teams.index(said)]
    words = set(said.split())
    near = [bool(words) and bool(team) and (words <= set(team.split()) or words >= set(team.split())) for team in teams]
    return TEAMS[near.index(True)] if near.count(True) == 1 else ""
