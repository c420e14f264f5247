"""Players and pairs of players: "N. Djokovic", "Djokovic N.", "Djokovic, Novak"; "Murray J / Soares B"."""

import re
from functools import lru_cache
from itertools import permutations
from typing import Final

from msgspec import Struct
from rapidfuzz.distance import OSA

from ingestd.pipeline.matching.words import fold, skeleton

_PAIR: Final = re.compile(r"\s*(?:/|&|\+|\band\b)\s*")
_SEED: Final = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*")
SURNAME_ONLY: Final = 0.9
INITIAL: Final = 0.97
SHORTENED: Final = 0.95
CONTRADICTED: Final = 0.3
SPELT: Final = 0.84
"""From this likeness on two words are spellings of one name."""


class Person(Struct, frozen=True):
    """Words in full, and initials; both in the order told."""

    words: tuple[str, ...]
    initials: tuple[str, ...]


@lru_cache(maxsize=1 << 14)
def people(name: str) -> tuple[Person, ...]:
    """Everybody whom a name names: one, or the two of a pair."""
    parts = [part for part in _PAIR.split(_SEED.sub(" ", name)) if fold(part)]
    return tuple(_person(part) for part in parts)


def _person(text: str) -> Person:
    words = fold(text.replace(".", " ")).split()
    long = tuple(word for word in words if len(word) > 1)
    return Person(long, tuple(word for word in words if len(word) == 1)) if long else Person(tuple(words), ())


def person_keys(name: str) -> frozenset[str]:
    """What two spellings of one player have in common, at least: how a word of two letters or more begins."""
    return frozenset(skeleton(word)[:2] for person in people(name) for word in person.words)


@lru_cache(maxsize=1 << 14)
def alike_people(one: str, other: str) -> float:
    """From 0 to 1; of a pair, the worse of the two."""
    left, right = people(one), people(other)
    if not left or len(left) != len(right):
        return 0.0
    return max(min(map(_alike, left, order)) for order in permutations(right))


def _alike(one: Person, other: Person) -> float:
    """Words in common, then the rest: an initial must begin a word, a first name may be short for another."""
    left, right = list(one.words), list(other.words)
    worst = 1.0
    common = 0
    for word in one.words:
        best = max(right, key=lambda mine: _spelt(word, mine), default="")
        likeness = _spelt(word, best) if best else 0.0
        if likeness >= SPELT:
            left.remove(word)
            right.remove(best)
            worst = min(worst, likeness)
            common += 1
    if not common:
        return 0.0
    return worst * _rest(left, right, one.initials, other.initials)


def _spelt(one: str, other: str) -> float:
    if one == other:
        return 1.0
    left, right = skeleton(one), skeleton(other)
    return 0.99 if left == right else OSA.normalized_similarity(left, right)


def _rest(left: list[str], right: list[str], initials: tuple[str, ...], others: tuple[str, ...]) -> float:
    """What the words that are not in common say: of first names, of initials."""
    if left and right:
        return SHORTENED if any(left[0].startswith(word) or word.startswith(left[0]) for word in right) else CONTRADICTED
    full, told = (right, initials) if initials else (left, others)
    if told and full:
        return INITIAL if any(word[0] in told for word in full) else CONTRADICTED
    if initials and others:
        return 1.0 if set(initials) & set(others) else CONTRADICTED
    return SURNAME_ONLY if told or left or right else 1.0
