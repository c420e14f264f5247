"""How likely two fixtures are one, from 0 to 1, and why: both names, then what time, league and the order of the sides take off."""

from typing import Final

from msgspec import Struct

from ingestd.model import SECOND
from ingestd.pipeline.matching.alike import alike
from ingestd.pipeline.matching.leagues import may_meet
from ingestd.pipeline.matching.marks import clash
from ingestd.pipeline.matching.people import alike_people
from ingestd.pipeline.matching.profile import Profile

HOUR: Final = 3600 * SECOND
WORSE: Final = 0.7
"""How much of the score the worse of the two names has."""
NEAR: Final = 0.01
FAR: Final = 0.05
BEYOND: Final = 0.15
REACH: Final = 0.3
"""What a difference of starts takes off: at ``near``, at ``far``, just behind it, at ``reach``."""
SAME_LEAGUE: Final = 0.02
OTHER_LEAGUE: Final = 0.02
ELSEWHERE: Final = 0.3
"""Leagues whose teams never meet."""
FLIPPED: Final = 0.02
UNTOLD: Final = 0.12
"""One side has a mark that the other may have left out: it named no league either."""


class Rating(Struct, frozen=True, kw_only=True):
    """``home`` and ``away`` are likenesses of the names that were compared, the first fixture's first; ``hours`` between the starts."""

    score: float
    flipped: bool
    home: float
    away: float
    hours: float
    league: str
    marks: str


def rate(one: Profile, other: Profile) -> Rating | None:
    """None: they cannot be one. The sport and reach were looked at before."""
    if one.game and other.game and one.game != other.game:
        return None
    best: Rating | None = None
    for flipped in (False, True):
        found = _rate(one, other, flipped=flipped)
        if found is not None and (best is None or found.score > best.score):
            best = found
    return best


def _rate(one: Profile, other: Profile, *, flipped: bool) -> Rating | None:
    first, second = (1, 0) if flipped else (0, 1)
    if one.keys[0].isdisjoint(other.keys[first]) or one.keys[1].isdisjoint(other.keys[second]):
        return None
    home, away = _alike(one, other, 0, first), _alike(one, other, 1, second)
    names = WORSE * min(home, away) + (1 - WORSE) * max(home, away)
    marks = max(_marks(one, other, 0, first), _marks(one, other, 1, second))
    if not min(home, away) or marks >= 1:
        return None
    hours = abs(one.starts_at - other.starts_at) / HOUR
    league, off = _league(one, other)
    told = one.ordered and other.ordered
    score = names - off - marks - _time(one, hours) - (FLIPPED if flipped and told else 0.0)
    return Rating(
        score=round(max(min(score, 1.0), 0.0), 4),
        flipped=flipped and told,
        home=round(home, 3),
        away=round(away, 3),
        hours=round(hours, 2),
        league=league,
        marks="untold" if marks else "same",
    )


def _alike(one: Profile, other: Profile, mine: int, theirs: int) -> float:
    if one.parsed is None or other.parsed is None:
        return alike_people(one.names[mine], other.names[theirs])
    return alike(one.sport.name, one.sport.us, one.parsed[mine], other.parsed[theirs])


def _marks(one: Profile, other: Profile, mine: int, theirs: int) -> float:
    """1: another side of the club for certain, unless the one that has no mark also names no league that would have said so."""
    left, right = one.marks[mine], other.marks[theirs]
    if not clash(left, right):
        return 0.0
    silent = (right < left and not other.told_league) or (left < right and not one.told_league)
    return UNTOLD if silent else 1.0


def _league(one: Profile, other: Profile) -> tuple[str, float]:
    mine, theirs = one.league, other.league
    if mine.row is not None and mine.row is theirs.row:
        return "same", -SAME_LEAGUE
    if not may_meet(mine, theirs):
        return "elsewhere", ELSEWHERE
    if mine.row is not None and theirs.row is not None:
        return "other", OTHER_LEAGUE
    return "unknown", 0.0


def _time(one: Profile, hours: float) -> float:
    rules = one.sport
    if hours <= rules.near:
        return NEAR * hours / rules.near
    if hours <= rules.far:
        return NEAR + (FAR - NEAR) * (hours - rules.near) / (rules.far - rules.near)
    return BEYOND + (REACH - BEYOND) * (hours - rules.far) / (rules.reach - rules.far)
