"""What makes a side another side of the same club: women, youth, reserves; and which game of a double-header a name says it is.

A mark is an attribute of its own, never a matter of likeness: "Arsenal W" is no misspelt "Arsenal".
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ingestd.pipeline.matching.words import fold

WOMEN: Final = "women"
RESERVES: Final = "reserves"
YOUTH: Final = "youth"
_WOMEN: Final = re.compile(
    r"\b(?:women|womens|ladies|fem|femenin[oa]|femeni|feminin[oae]|feminine|femminile|feminas|frauen|damen|dames|vrouwen|kvinner|kvinnor|dam|wfc|girls)\b"
)
_WOMEN_BRACKET: Final = re.compile(r"[(\[](?:w|f|wom|women|fem|ladies)\.?[)\]]", re.IGNORECASE)
_WOMEN_LAST: Final = re.compile(r"(?<=\w )w$")
_AGE: Final = re.compile(r"\b(?:u|under|sub|junioren)\s?(1[5-9]|2[0-3])s?\b")
_YOUTH: Final = re.compile(r"\b(?:youth|youths|primavera)\b")
_RESERVES: Final = re.compile(r"\b(?:reserves?|amateure|castilla|next gen|jong)\b|(?<=\w )(?:ii|b|res|2)$")
_THIRD: Final = re.compile(r"(?<=\w )(?:iii|c|3)$")
_GAME: Final = re.compile(r"[(\[\- ]\s*(?:game|gm|g|dh|match)\s?#?([12])\s*[)\]]?\s*$|\(([12])\)\s*$", re.IGNORECASE)
_LEAGUE_WOMEN: Final = re.compile(
    r"\b(?:women|womens|ladies|w|fem|femenin[oa]|femeni|feminin[oae]|feminine|femminile|frauen\w*|damen\w*|vrouwen|kvinner|kvinnor|damallsvenskan|"
    r"toppserien|elitettan|wsl|wsl2|nwsl|wnba|ncaaw|wncaab|wcbb|ncaawb|kxwnbagame|kxncaawbgame|liga f|uwcl|wbbl|wpl|aflw|nrlw|wbbl)\b"
)
_LEAGUE_RESERVES: Final = re.compile(r"\breserves?\b|\bdevelopment league\b")
_PREMIER_TWO: Final = re.compile(r"\bpremier league 2\b|\bpl2\b")


class Marked(Struct, frozen=True):
    """A name without its marks. ``text`` is folded; ``game`` 0: not said."""

    text: str
    marks: frozenset[str]
    game: int


@lru_cache(maxsize=1 << 14)
def unmark(name: str) -> Marked:
    """Take the marks of a team's name off it."""
    found = _GAME.search(name)
    game = int(found[1] or found[2]) if found else 0
    bare = name[: found.start()] if found else name
    marks: set[str] = set()
    bare, women = _WOMEN_BRACKET.subn(" ", bare)
    text = fold(bare)
    if women:
        marks.add(WOMEN)
    for pattern, mark in ((_WOMEN, WOMEN), (_WOMEN_LAST, WOMEN), (_AGE, ""), (_YOUTH, YOUTH), (_THIRD, "third"), (_RESERVES, RESERVES)):
        text = _take(text, pattern, mark, marks)
    return Marked(text, frozenset(marks), game)


def _take(text: str, pattern: re.Pattern[str], mark: str, marks: set[str]) -> str:
    """Take a mark off, unless nothing else would be left."""
    found = pattern.search(text)
    rest = " ".join(pattern.sub(" ", text).split()) if found else ""
    if found is None or not rest:
        return text
    marks.add(mark or f"u{found[1]}")
    return rest


@lru_cache(maxsize=1 << 12)
def league_marks(league: str) -> frozenset[str]:
    """What a competition's name says of everybody who plays in it."""
    text = fold(league)
    marks = {f"u{found[1]}"} if (found := _AGE.search(text)) else set[str]()
    if _LEAGUE_WOMEN.search(text):
        marks.add(WOMEN)
    if _PREMIER_TWO.search(text):
        marks.add("u21")
    if _LEAGUE_RESERVES.search(text):
        marks.add(RESERVES)
    if _YOUTH.search(text):
        marks.add(YOUTH)
    return frozenset(marks)


def clash(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether no team can be both: a youth side of no stated age may be of any."""
    return _plain(one, other) != _plain(other, one)


def _plain(marks: frozenset[str], beside: frozenset[str]) -> frozenset[str]:
    ages = {mark for mark in marks if mark[0] == "u" or mark == YOUTH}
    if ages and YOUTH in (marks | beside):
        return (marks - ages) | {YOUTH}
    return marks
