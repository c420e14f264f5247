"""Competitions by the many ways to write them: with the country or without, with the season, with the round."""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ingestd.pipeline.matching.seeds import Row, rows
from ingestd.pipeline.matching.words import fold

NEEDS_COUNTRY: Final = "="
"""Begins an alias that means this league only together with its country: there are many Premier Leagues."""
ANYWHERE: Final = frozenset(("", "World", "Europe", "South America", "North America", "Asia", "Africa", "Oceania"))
"""Groups whose teams may meet those of any other."""
_SEASON: Final = re.compile(r"\b(?:19|20)\d\d(?: (?:19|20)?\d\d)?\b|\b\d\d \d\d$")
_STAGE: Final = re.compile(
    r"\b(?:regular season|preseason|pre season|post season|postseason|season|playoffs?|play offs?|play offs|group stage|group [a-h]|"
    r"league (?:stage|phase)|knockout stage|qualifiers?|qualification|qualifying|final stages?|week \d+|round \d+|matchday \d+|"
    r"quarter finals?|semi finals?|finals?|round of \d+|last \d+|apertura|clausura|championship group|relegation group)\b"
)


class League(Struct, frozen=True):
    """``row`` None: not in the list. ``group``: its country or circle, "" where nobody can tell.

    A name without its country that leagues of several countries have is taken for the best known of them, but proves no country.
    """

    row: Row | None
    group: str


class _Index(Struct, frozen=True):
    plain: dict[str, Row]
    inside: dict[tuple[str, str], Row]
    common: set[str]


@lru_cache(maxsize=64)
def _index(sport: str) -> _Index:
    index = _Index({}, {}, set())
    for row in rows("leagues"):
        if sport and row.sport != sport:
            continue
        for spelling in row.spellings:
            key = fold(spelling.removeprefix(NEEDS_COUNTRY))
            index.inside.setdefault((row.group, key), row)
            if spelling.startswith(NEEDS_COUNTRY):
                index.common.add(key)
            else:
                index.plain.setdefault(key, row)
    return index


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    return {fold(spelling): row.name for row in rows("countries") for spelling in row.spellings}


@lru_cache(maxsize=1 << 14)
def find_league(sport: str, text: str) -> League:
    """The league that a text names, in a sport or (sport empty) in all."""
    index = _index(sport)
    whole = fold(text)
    bare = " ".join(_STAGE.sub(" ", _SEASON.sub(" ", whole)).split())
    for candidate in (whole, bare):
        if row := index.plain.get(candidate):
            return League(row, "" if candidate in index.common else row.group)
    country, core = _country(bare)
    if row := index.inside.get((country, core)):
        return League(row, row.group)
    return League(None, country)


def _country(text: str) -> tuple[str, str]:
    """The country that a text begins or ends with, and the rest."""
    words = text.split()
    known = _countries()
    for length in (3, 2, 1):
        for part, rest in ((words[:length], words[length:]), (words[-length:], words[:-length])):
            if rest and len(part) == length and (country := known.get(" ".join(part))):
                return country, " ".join(rest)
    return "", text


def may_meet(one: League, other: League) -> bool:
    """Whether a fixture of the one could be one of the other, as far as anybody can tell."""
    if one.group == other.group or one.group in ANYWHERE or other.group in ANYWHERE:
        return True
    countries = _countries().values()
    comparable = (one.row and other.row) or (one.group in countries and other.group in countries)
    return not comparable
