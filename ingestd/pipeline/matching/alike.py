"""How alike two team names are, from 0 to 1: what they share, against what each says that the other does not."""

from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from ingestd.pipeline.matching.naming import QUALIFIER, SHARED, Name, Teams, teams
from ingestd.pipeline.matching.words import skeleton

AMBIGUOUS: Final = 0.95
"""Both may be the same team of the list, and others too."""
UNLISTED: Final = 0.92
"""The most that an unknown spelling of a known team is worth."""
COMMON: Final = 0.45
"""Weight of a word that many clubs have."""
ONE_SIDED: Final = 0.25
"""What a word costs that the other name leaves out."""
CONTRADICTED: Final = 1.5
"""What words cost that both have instead of each other's."""
QUALIFIED: Final = 0.6
"""What is left where "State", "North" or the like stands on one side only."""
ADDED_TO_COUNTRY: Final = 0.4
"""England Lions are not England."""
SPELT: Final = 0.84
BEGUN: Final = 0.9
INITIALS: Final = 0.9


@lru_cache(maxsize=1 << 15)
def alike(sport: str, us: bool, one: Name, other: Name) -> float:
    """How alike two names of teams are, marks apart."""
    if one.teams and other.teams:
        if not one.teams & other.teams:
            return 0.0
        return 1.0 if len(one.teams) == 1 or len(other.teams) == 1 else AMBIGUOUS
    if one.teams or other.teams:
        known = teams(sport, us)
        return min(UNLISTED, _to_known(known, one, other) if one.teams else _to_known(known, other, one))
    return _alike_words(one.words, other.words)


def _to_known(known: Teams, name: Name, unknown: Name) -> float:
    """The best over all spellings of what the known name may mean. What adds a word to a country is another of its teams."""
    if all(known.is_country(index) for index in name.teams):
        return ADDED_TO_COUNTRY
    spelled = {words for index in name.teams for words in known.words[index]}
    return max(_alike_words(words, unknown.words) for words in spelled | {name.words})


def _alike_words(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if "".join(one) == "".join(other):
        return 1.0
    if _initials(one, other) or _initials(other, one):
        return INITIALS
    left, right = list(one), list(other)
    shared = 0.0
    for word in one:
        best = max(right, key=lambda mine: _spelt(word, mine), default="")
        likeness = _spelt(word, best) if best else 0.0
        if likeness >= SPELT:
            left.remove(word)
            right.remove(best)
            shared += likeness * likeness * min(_weight(word), _weight(best))
    return _weigh(shared, left, right)


def _weigh(shared: float, left: list[str], right: list[str]) -> float:
    mine, theirs = sum(map(_weight, left)), sum(map(_weight, right))
    both = 2 * min(mine, theirs)
    one_sided = max(mine, theirs) - min(mine, theirs)
    if not shared:
        return 0.0
    score = shared / (shared + CONTRADICTED * both + ONE_SIDED * one_sided)
    return score * QUALIFIED if QUALIFIER & {*left, *right} else score


def _weight(word: str) -> float:
    return COMMON if word in SHARED else 1.0


@lru_cache(maxsize=1 << 15)
def _spelt(one: str, other: str) -> float:
    if one == other:
        return 1.0
    left, right = skeleton(one), skeleton(other)
    if left == right:
        return 0.99
    short, long = sorted((one, other), key=len)
    if len(short) > 1 and long.startswith(short):
        return BEGUN + 0.05 * (len(short) > 2)  # noqa: PLR2004 - two letters begin many words
    return OSA.normalized_similarity(left, right) if min(len(left), len(right)) > 3 else 0.0  # noqa: PLR2004 - short words are all alike


def _initials(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a single short word is made of the first letters of the other's words."""
    return len(one) == 1 and len(other) > 1 and len(one[0]) == len(other) and one[0] == "".join(word[0] for word in other)
