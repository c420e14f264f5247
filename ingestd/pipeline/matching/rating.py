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
SURE: Final = 0.9
DOUBTFUL: Final = 0.89
"""The most that a fixture is worth one of whose names is less alike than ``SURE``, or whose sides changed with the start."""
TOGETHER: Final = 1.0
ALONE: Final = 0.62
"""What a fixture is worth, for a person to look at, one of whose names is the same within so many hours, whatever the other is."""
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
    straight = _rate(one, other, (0, 1)) if _possible(one, other, 0, 1) else None
    flipped = _rate(one, other, (1, 0)) if _possible(one, other, 1, 0) else None
    if straight is None or flipped is None:
        return straight or flipped
    return max(straight, flipped, key=lambda rating: rating.score)


def _possible(one: Profile, other: Profile, first: int, second: int) -> bool:
    """Cheap, for it is asked of every event of the day: both names have something in common, or one of them is the same."""
    mine, theirs = one.keys, other.keys
    if not mine[0].isdisjoint(theirs[first]) and not mine[1].isdisjoint(theirs[second]):
        return True
    return one.ids[0] == other.ids[first] or one.ids[1] == other.ids[second]


def _rate(one: Profile, other: Profile, order: tuple[int, int]) -> Rating | None:
    """``order``: which of the other's names stands against the first and the second one."""
    home, away = _alike(one, other, 0, order[0]), _alike(one, other, 1, order[1])
    marks = max(_marks(one, other, 0, order[0]), _marks(one, other, 1, order[1]))
    hours = abs(one.starts_at - other.starts_at) / HOUR
    league, off = _league(one, other)
    flipped = order == (1, 0) and one.ordered and other.ordered
    score = WORSE * min(home, away) + (1 - WORSE) * max(home, away) - off - marks - _time(one, hours) - (FLIPPED if flipped else 0.0)
    if min(home, away) < SURE or (flipped and one.parsed is not None and hours > one.sport.near):
        score = min(score, DOUBTFUL)
    if not marks and league != "elsewhere" and hours <= TOGETHER and _one_is_the_same(one, other, order):
        score = max(score, ALONE)
    elif marks >= 1 or not min(home, away):
        return None
    return Rating(
        score=round(max(min(score, 1.0), 0.0), 4),
        flipped=flipped,
        home=round(home, 3),
        away=round(away, 3),
        hours=round(hours, 2),
        league=league,
        marks="untold" if marks else "same",
    )


def _one_is_the_same(one: Profile, other: Profile, order: tuple[int, int]) -> bool:
    """Whether a team is certainly in both, and the list does not know the two opponents as different: nobody plays two matches at once."""
    if one.parsed is None or other.parsed is None:
        return False
    for mine, theirs in ((0, order[0]), (1, order[1])):
        opponents = one.parsed[1 - mine], other.parsed[order[1 - mine]]
        if one.ids[mine] == other.ids[theirs] and not (opponents[0].teams and opponents[1].teams):
            return True
    return False


def _alike(one: Profile, other: Profile, mine: int, theirs: int) -> float:
    if one.parsed is None or other.parsed is None:
        return alike_people(one.names[mine], other.names[theirs])
    return alike(one.sport.family, one.sport.us, one.parsed[mine], other.parsed[theirs])


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
