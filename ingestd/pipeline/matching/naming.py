"""A team's name taken apart: marks off, abbreviations written out, and the teams of the seed list that it may mean."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ingestd.pipeline.matching.marks import unmark
from ingestd.pipeline.matching.seeds import Row, rows, vocabulary
from ingestd.pipeline.matching.words import fold, skeleton

CLUB: Final = frozenset(vocabulary("club"))
"""Words that say what a club is, not which."""
SHARED: Final = frozenset(vocabulary("shared"))
"""Words that many clubs share: too little to match on, enough to tell apart."""
QUALIFIER: Final = frozenset(vocabulary("tells apart"))
"""A word that makes another team when it stands on one side only."""
_SHORT: Final = vocabulary("short")
_FIRST: Final = vocabulary("short, first")
_LAST_US: Final = vocabulary("short, last, us")


class Name(Struct, frozen=True):
    """``teams``: which of the seed list it may be, by index. ``keys``: what two names of one team have in common, at least."""

    words: tuple[str, ...]
    marks: frozenset[str]
    game: int
    teams: frozenset[int]
    keys: frozenset[str]


class Teams:
    """The seed list of one sport, by every spelling."""

    def __init__(self, sport: str, *, us: bool) -> None:
        self.us = us
        self.rows: tuple[Row, ...] = rows(f"teams_{sport}") + rows("countries")
        self.words: list[tuple[tuple[str, ...], ...]] = []
        self.full: dict[str, set[int]] = {}
        self._core: dict[str, set[int]] = {}
        for index, row in enumerate(self.rows):
            spelled = [fold(spelling) for spelling in row.spellings]
            for text in spelled:
                self.full.setdefault(text, set()).add(index)
                self._core.setdefault("".join(map(skeleton, core_words(text, us=us))), set()).add(index)
            self.words.append(tuple(dict.fromkeys(core_words(text, us=us) for text in spelled)))

    def find(self, text: str) -> frozenset[int]:
        """Which teams a folded name may mean: as it stands first, then without what only says what a club is."""
        found = self.full.get(text) or self._core.get("".join(map(skeleton, core_words(text, us=self.us)))) or ()
        return frozenset(found)


@lru_cache(maxsize=64)
def teams(sport: str, us: bool) -> Teams:
    """The list of a sport."""
    return Teams(sport, us=us)


@lru_cache(maxsize=1 << 16)
def core_words(text: str, *, us: bool) -> tuple[str, ...]:
    """The words of a folded name that say who it is, written out. Never empty, unless the text is."""
    words = text.split()
    if not words:
        return ()
    if len(words) > 1:
        words[0] = _FIRST.get(words[0], words[0])
        if us:
            words[-1] = _LAST_US.get(words[-1], words[-1])
            words[1:-1] = ["state" if word == "st" else word for word in words[1:-1]]
    full = [_SHORT.get(word, word) for word in words]
    return tuple(word for word in full if word not in CLUB and not (word.isdigit() and len(word) != 3)) or tuple(full)  # noqa: PLR2004


@lru_cache(maxsize=1 << 16)
def parse(sport: str, us: bool, name: str) -> Name:
    """Take a name apart. A whole name that the list knows has no marks: "Willem II" is a first team."""
    known = teams(sport, us)
    text = fold(name)
    whole = known.find(text) if text else frozenset()
    marked = unmark(name)
    exact = whole and text in known.full
    if exact or not marked.marks:
        marks = frozenset[str]()
        text = text if exact else marked.text
    else:
        marks, text = marked.marks, marked.text
    found = whole if exact else known.find(text)
    words = core_words(text, us=us)
    if found:
        marks |= frozenset[str].intersection(*(known.rows[index].marks for index in found))
    spelled = [words, *(one for index in found for one in known.words[index])]
    return Name(words, marks, marked.game, found, frozenset(_keys(spelled)))


def _keys(spelled: list[tuple[str, ...]]) -> Iterator[str]:
    """The first two letters of every word, and the initials of them all."""
    for words in spelled:
        yield from (skeleton(word)[:2] for word in words)
        if len(words) > 1:
            yield "".join(word[0] for word in words)[:2]
