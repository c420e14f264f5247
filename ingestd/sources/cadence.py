"""How often to ask: by the time to kick-off and by what is going on, within what is left of the month.

A plan for one query (which lists several games) has three layers, paid for in this order out of what is left until the month renews:

1. **last**: the last hour before every kick-off, at ``near``. Windows that overlap are paid for once, since one request lists all games;
2. **close**: games in play, and what else lies within ``near_within`` of a kick-off;
3. **far**: the rest, from ``far`` down to ``near`` in proportion to the time that is left to the next kick-off.

A layer that cannot be paid for is slowed evenly: each interval of it by the same factor. So the last hours are asked for at ``near``, or,
where even they cost more than there is, all of them slower by one factor. Games that nobody has listed yet are part of it: beyond the last
known kick-off, the month is taken to go on like the last whole weeks that are known, and one poll a day at least is kept to find them.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Self

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestd.model import SECOND
from ingestd.settings.units import Seconds, hinted

LAST: Final = 3_600.0
"""Seconds before a kick-off that are paid for first."""
WEEK: Final = 7 * 86_400.0
"""Sport repeats by the week: what is known of a shorter time is taken to be a week's."""
DUST: Final = 1e-6
"""A poll that is none: what a division leaves over."""
LOOKOUT: Final = 86_400.0
"""Seconds between two polls, at most, of a query that knows no game to come, as long as anything is left."""

Positive = Annotated[Seconds, Field(gt=0)]
Span = tuple[float, float]


class Cadence(BaseModel):
    """Seconds between two polls: far from any kick-off, near one, and in play."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    far: Positive = Field(3_600.0, description="Between two polls while no kick-off is near; it shrinks as the next one comes closer.")
    near: Positive = Field(60.0, description="Between two polls shortly before a kick-off.")
    in_play: Positive = Field(60.0, description="Between two polls while a game is under way.")
    near_within: Positive = Field(3_600.0, description="How long before its kick-off a game counts as near.")
    lasts: Positive = Field(10_800.0, description="How long after its kick-off a game counts as under way, unless it is known to be over.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.near > self.far:
            raise hinted("is longer than far", f"ask more often near a kick-off: at most every {self.far:g} s", "near")
        return self


class Means(Struct, frozen=True):
    """What one poll costs, what of the month this query may plan with, and when the month ends (UTC µs)."""

    cost: float
    left: float
    renews_at: int


class Game(Struct, frozen=True):
    """What is known of an event: its kick-off (UTC µs), and whether it is over."""

    starts_at: int
    over: bool = False


class Needs(Struct, frozen=True):
    """Credits that a query would spend until the month ends, by layer, were there enough.

    ``every``: seconds between two polls of a last hour.
    """

    last: float = 0.0
    close: float = 0.0
    far: float = 0.0
    every: float = 60.0


def interval(cadence: Cadence, games: Sequence[Game], now: int, means: Means | None) -> float:
    """Seconds from one poll to the next of what lists these games; ``means`` None: as often as wished.

    It is a distance from the last poll, so whoever was away asks once, and goes on. Never longer than until the month renews.
    """
    return spaced(cadence, games, now, means, Needs() if means is None else needs(cadence, games, now, means.cost, means.renews_at))


def spaced(cadence: Cadence, games: Sequence[Game], now: int, means: Means | None, wanted: Needs) -> float:
    """``interval`` for whoever knows the needs already."""
    ahead = [(game.starts_at - now) / SECOND for game in games if not game.over]
    to_come = min((seconds for seconds in ahead if seconds > 0), default=math.inf)
    playing = any(-cadence.lasts < seconds <= 0 for seconds in ahead)
    wished = _wished(cadence, to_come, playing=playing)
    if means is None:
        return wished
    slowed = _factors(means.left, wanted)
    if to_come <= _last(cadence):
        planned = wished * slowed.last
    elif playing or to_come <= cadence.near_within:
        planned = wished * slowed.close
    else:
        planned = wished * slowed.far
        if to_come == math.inf:
            planned = min(planned, max(wished, LOOKOUT * slowed.last))
    return max(wished, min(planned, (means.renews_at - now) / SECOND))


def needs(cadence: Cadence, games: Iterable[Game], now: int, cost: float, until: int) -> Needs:
    """Credits that polling these games takes from ``now`` ``until`` the month ends (UTC µs), at ``cost`` per poll."""
    every = sorted(((game.starts_at - now) / SECOND, game.over) for game in games)
    end = max(0.0, (until - now) / SECOND)
    ahead = [start for start, over in every if not over]
    horizon = min(end, max((start for start in ahead if start > 0), default=0.0))
    known = _demand(cadence, ahead, 0.0, min(end, horizon + cadence.lasts))
    unknown = end - horizon
    past = horizon - min((start for start, _ in every), default=0.0)
    span = WEEK * max(1, past // WEEK)
    recent = [start for start, _ in every if horizon - span < start <= horizon]
    usual = _demand(cadence, recent, -math.inf, math.inf)
    more = unknown / span
    far = known.far + max(0.0, unknown - usual.busy * more) / cadence.far
    return Needs(
        cost * (known.last + max(usual.last * more, unknown / LOOKOUT)),
        cost * (known.close + usual.close * more),
        cost * far,
        cadence.near,
    )


class _Demand(Struct, frozen=True):
    """Polls by layer, and the seconds that are not far."""

    last: float
    close: float
    far: float
    busy: float


class _Slowed(Struct, frozen=True):
    """By how much the intervals of each layer grow."""

    last: float
    close: float
    far: float


def _last(cadence: Cadence) -> float:
    return min(LAST, cadence.near_within)


def _wished(cadence: Cadence, to_come: float, *, playing: bool) -> float:
    """Without regard to money. ``to_come``: seconds to the next kick-off."""
    ramp = min(cadence.far, cadence.near * max(1.0, to_come / cadence.near_within))
    return min(cadence.in_play, ramp) if playing else ramp


def _factors(left: float, wanted: Needs) -> _Slowed:
    slowed = []
    for layer in (wanted.last, wanted.close, wanted.far):
        slowed.append(max(1.0, layer / left) if left > 0 else math.inf)
        left = max(0.0, left - layer)
    return _Slowed(*slowed)


def _demand(cadence: Cadence, starts: Sequence[float], begin: float, end: float) -> _Demand:
    """What games that start then (seconds, sorted) ask for between two times."""
    last = _union(((start - _last(cadence), start) for start in starts), begin, end)
    playing = _union(((start, start + cadence.lasts) for start in starts), begin, end)
    busy = _union(((start - cadence.near_within, start + cadence.lasts) for start in starts), begin, end)
    either = _length(_union([*last, *playing], begin, end))
    both = _length(last) + _length(playing) - either
    swift = min(cadence.near, cadence.in_play)
    return _Demand(
        last=sum(math.ceil((past - first) / cadence.near - DUST) for first, past in last) + both * (1 / swift - 1 / cadence.near),
        close=(_length(playing) - both) / cadence.in_play + (_length(busy) - either) / cadence.near,
        far=_gaps(cadence, busy, begin, end) if math.isfinite(begin) else 0.0,
        busy=_length(busy),
    )


def _gaps(cadence: Cadence, busy: Sequence[Span], begin: float, end: float) -> float:
    """Polls before, between and after the busy times."""
    polls, at = 0.0, begin
    for opens, closes in busy:
        polls += _approach(cadence, opens - at)
        at = closes
    return polls + max(0.0, end - at) / cadence.far


def _approach(cadence: Cadence, seconds: float) -> float:
    """Polls in so many seconds that end where a game begins to be near: the interval shrinks with the time to its kick-off."""
    within = cadence.near_within
    ramp = min(seconds, within * (cadence.far / cadence.near - 1.0))
    return (seconds - ramp) / cadence.far + within / cadence.near * math.log1p(ramp / within)


def _union(spans: Iterable[Span], begin: float, end: float) -> list[Span]:
    """Disjoint spans, in order, cut to what lies between two times."""
    merged: list[Span] = []
    for opens, closes in sorted(spans):
        first, past = max(opens, begin), min(closes, end)
        if first >= past:
            continue
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], past))
        else:
            merged.append((first, past))
    return merged


def _length(spans: Iterable[Span]) -> float:
    return sum(past - first for first, past in spans)
