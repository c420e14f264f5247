"""A fixture as matching sees it: its sport, its two sides taken apart, its league, its start."""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ingestd.pipeline.matching.canonical import find_sport
from ingestd.pipeline.matching.leagues import League, find_league
from ingestd.pipeline.matching.marks import league_marks
from ingestd.pipeline.matching.naming import Name, parse
from ingestd.pipeline.matching.people import person_keys
from ingestd.pipeline.matching.seeds import Sport

_PREFIX: Final = re.compile(r"^[^:]{2,40}:\s+")
_QUESTION: Final = re.compile(r"\s*(?:winner|moneyline)?\s*\?*\s*$", re.IGNORECASE)
_AWAY_FIRST: Final = re.compile(r"\s+(?:@|at)\s+", re.IGNORECASE)
_HOME_FIRST: Final = re.compile(r"\s+(?:vs?\.?|-|–)\s+", re.IGNORECASE)


class Profile(Struct, frozen=True):
    """``names``: home and away as told; ``ordered``: whether that was told at all. ``starts_at``: UTC µs."""

    sport: Sport
    league: League
    told_league: str
    names: tuple[str, str]
    parsed: tuple[Name, Name] | None
    keys: tuple[frozenset[str], frozenset[str]]
    ids: tuple[str, str]
    marks: tuple[frozenset[str], frozenset[str]]
    game: int
    ordered: bool
    starts_at: int


def may_be_one_sport(one: Sport, other: Sport) -> bool:
    """The same word, or a game and the wider word for it; two games of one family are two."""
    return one.name in {other.name, other.family} or one.family == other.name


def sides(name: str) -> tuple[str, str]:
    """Both sides of an event's title, home first where the title tells; empty for what names no two.

    "Home v Away", "Home vs. Away Winner?", and as Americans write it "Away @ Home", "Away at Home".
    """
    title = _QUESTION.sub("", _PREFIX.sub("", name))
    for pattern, home in ((_AWAY_FIRST, 1), (_HOME_FIRST, 0)):
        parts = pattern.split(title)
        if len(parts) == 2 and all(part.strip() for part in parts):  # noqa: PLR2004 - a match has two sides
            return parts[home].strip(), parts[1 - home].strip()
    return "", ""


@lru_cache(maxsize=1 << 14)
def profile(sport: str, league: str, home: str, away: str, name: str, starts_at: int) -> Profile | None:
    """Take a fixture apart; None where nobody can say who plays."""
    rules = find_sport(sport)
    ordered = bool(home and away)
    one, other = (home, away) if ordered else sides(name)
    if not rules.name or not (one and other):
        return None
    known = find_league(rules.name, league)
    if rules.kind == "person":
        keys = (person_keys(one), person_keys(other))
        return Profile(rules, known, league, (one, other), None, keys, (one, other), (frozenset(), frozenset()), 0, ordered, starts_at)
    left, right = (parse(rules.family, rules.us, side, known.group) for side in (one, other))
    said = league_marks(league) | (known.row.marks if known.row else frozenset())
    return Profile(
        sport=rules,
        league=known,
        told_league=league,
        names=(one, other),
        parsed=(left, right),
        keys=(left.keys, right.keys),
        ids=(left.id, right.id),
        marks=(left.marks | said, right.marks | said),
        game=left.game or right.game,
        ordered=ordered,
        starts_at=starts_at,
    )
