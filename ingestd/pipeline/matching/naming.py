"""A team's name taken apart: marks off, abbreviations written out, and the teams of the seed list that it may mean."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from ingestd.pipeline.matching.marks import Marked, unmark
from ingestd.pipeline.matching.seeds import Row, rows, vocabulary
from ingestd.pipeline.matching.words import fold, skeleton

CLUB: Final = frozenset(vocabulary("club"))
"""Words that say what a club is, not which."""
NEEDS_GROUP: Final = "="
"""Begins an alias that means this team only together with its country or competition: there are many Nacionals."""
SHARED: Final = frozenset(vocabulary("shared"))
"""Words that many clubs share: too little to match on, enough to tell apart."""
QUALIFIER: Final = frozenset(vocabulary("tells apart"))
"""A word that makes another team when it stands on one side only."""
_SHORT: Final = vocabulary("short")
_FIRST: Final = vocabulary("short, first")
_KEPT: Final = frozenset(vocabulary("kept number"))
_LAST_US: Final = vocabulary("short, last, us")


class Name(Struct, frozen=True):
    """``teams``: which of the seed list it may be, by index. ``keys``: what two names of one team have in common, at least.

    ``id``: equal for two names that are certainly one team; a name of nothing but words that many clubs share has one of its own.
    """

    id: str
    words: tuple[str, ...]
    marks: frozenset[str]
    game: int
    teams: frozenset[int]
    keys: frozenset[str]


class Teams:
    """The seed list of one sport, by every spelling."""

    def __init__(self, sport: str, *, us: bool) -> None:
        self.us = us
        clubs = rows(f"teams_{sport}") + (rows("teams_college") if us else ())
        self.rows: tuple[Row, ...] = clubs + rows("countries")
        self._clubs = len(clubs)
        self.words: list[tuple[tuple[str, ...], ...]] = []
        self._full: dict[str, list[tuple[int, bool]]] = {}
        self._core: dict[str, list[tuple[int, bool]]] = {}
        for index, row in enumerate(self.rows):
            for spelling in row.spellings:
                text = fold(spelling.removeprefix(NEEDS_GROUP))
                hit = (index, spelling.startswith(NEEDS_GROUP))
                self._full.setdefault(text, []).append(hit)
                self._core.setdefault(_core(text, us=us), []).append(hit)
            self.words.append(tuple(core_words(fold(spelling.removeprefix(NEEDS_GROUP)), us=us) for spelling in row.spellings))

    def find(self, text: str, group: str) -> frozenset[int]:
        """Which teams a folded name may mean: as it stands first, then without what only says what a club is."""
        return self.exactly(text, group) or self._of(self._core.get(_core(text, us=self.us), ()), group)

    def is_country(self, index: int) -> bool:
        """Whether a row is a country's own team."""
        return index >= self._clubs

    def exactly(self, text: str, group: str) -> frozenset[int]:
        """Which teams are called just so."""
        return self._of(self._full.get(text, ()), group)

    def _of(self, hits: Iterable[tuple[int, bool]], group: str) -> frozenset[int]:
        """Those of the group, where there are any; else those that need none."""
        found = list(hits)
        inside = frozenset(index for index, _ in found if group and self.rows[index].group == group)
        return inside or frozenset(index for index, needs in found if not needs)


@lru_cache(maxsize=64)
def teams(sport: str, us: bool) -> Teams:
    """The list of a sport."""
    return Teams(sport, us=us)


@lru_cache(maxsize=1 << 14)
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
    return tuple(word for word in full if word not in CLUB and not (word.isdigit() and word not in _KEPT)) or tuple(full)


@lru_cache(maxsize=1 << 14)
def parse(sport: str, us: bool, name: str, group: str = "") -> Name:
    """Take a name apart. A whole name that the list knows has no marks: "Willem II" is a first team.

    ``group``: the country or competition that the fixture's league is of, where that is known.
    """
    known = teams(sport, us)
    text = fold(name)
    found = known.exactly(text, group)
    marked = Marked(text, frozenset(), 0) if found else unmark(name)
    found = found or known.find(marked.text, group)
    words = core_words(marked.text, us=us)
    marks = marked.marks
    if found:
        marks |= frozenset[str].intersection(*(known.rows[index].marks for index in found))
    spelled = [words, *(one for index in found for one in known.words[index])]
    return Name(_id(name, words, found), words, marks, marked.game, found, frozenset(_keys(spelled)))


def _id(name: str, words: tuple[str, ...], found: frozenset[int]) -> str:
    if found:
        return ",".join(map(str, sorted(found)))
    return name if SHARED.issuperset(words) else " ".join(words)


def _core(text: str, *, us: bool) -> str:
    return "".join(map(skeleton, core_words(text, us=us)))


def _keys(spelled: list[tuple[str, ...]]) -> Iterator[str]:
    """The first two letters of every word, and the initials of them all."""
    for words in spelled:
        yield from (skeleton(word)[:2] for word in words)
        if len(words) > 1:
            yield "".join(word[0] for word in words)[:2]
