"""What things are called here, whoever names them: the seed list's name, else a tidy form of the name itself."""

from functools import lru_cache
from typing import Final

from ingestd.pipeline.matching.leagues import find_league
from ingestd.pipeline.matching.marks import RESERVES, WOMEN
from ingestd.pipeline.matching.naming import parse, teams
from ingestd.pipeline.matching.seeds import Sport, rows, sports
from ingestd.pipeline.matching.words import fold, tidy

_SHOWN: Final = {WOMEN: "Women", RESERVES: "II", "youth": "Youth", "third": "III"}


@lru_cache(maxsize=1)
def _sports() -> dict[str, Sport]:
    return {fold(spelling.replace("_", " ")): sport for sport in sports() for spelling in sport.spellings}


@lru_cache(maxsize=1 << 10)
def find_sport(name: str) -> Sport:
    """How its fixtures are told apart; a sport that nobody knows keeps its own name."""
    text = fold(name.replace("_", " "))
    word = text.replace(" ", "_")
    return _sports().get(text) or Sport(name=word, kind="team", us=False, near=3.0, far=20.0, reach=48.0, family=word, spellings=(name,))


def canonical_sport(name: str) -> str:
    """``soccer`` is ``football``; an unknown one in small letters."""
    return find_sport(name).name


@lru_cache(maxsize=1 << 14)
def canonical_team(sport: str, name: str, league: str = "") -> str:
    """One name for a team or player, with its marks: "Arsenal Women", "Barcelona II". One that may be several keeps its own.

    A league tells namesakes apart: the "Nacional" of Portugal is not that of Uruguay.
    """
    rules = find_sport(sport)
    if rules.kind == "person":
        return tidy(name)
    parsed = parse(rules.family, rules.us, name, find_league(rules.name, league).group)
    if len(parsed.teams) != 1:
        return tidy(name)
    (index,) = parsed.teams
    row = teams(rules.family, rules.us).rows[index]
    extra = sorted(_SHOWN.get(mark, mark.upper()) for mark in parsed.marks - row.marks)
    return " ".join((row.name, *extra))


@lru_cache(maxsize=1 << 14)
def canonical_league(sport: str, name: str) -> str:
    """One name for a competition: "EPL", "England - Premier League" and "Premier League 2024/2025" are one."""
    found = find_league(canonical_sport(sport) if sport else "", name).row
    return found.name if found else tidy(name)


@lru_cache(maxsize=1)
def _bookmakers() -> dict[str, str]:
    return {fold(spelling).replace(" ", ""): row.name for row in rows("bookmakers") for spelling in row.spellings}


@lru_cache(maxsize=1 << 12)
def canonical_bookmaker(name: str) -> str:
    """One name for a bookmaker: "williamhill", "William Hill" and "WH" are one."""
    return _bookmakers().get(fold(name).replace(" ", "")) or tidy(name)
