"""The decision: of all events that a fixture could be, which one it is, whether a person should look, or whether it is new."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ingestd.model import Fixture
from ingestd.pipeline.matching.profile import Profile, may_be_one_sport, profile
from ingestd.pipeline.matching.rating import HOUR, Rating, rate


class Candidate(Struct, frozen=True, kw_only=True):
    """An event that is known already. ``starts_at``: UTC µs. ``sources``: who is linked to it."""

    event_id: int
    sport: str
    league: str
    season: str
    name: str
    home: str
    away: str
    starts_at: int | None
    sources: frozenset[str]


class Verdict(Struct, frozen=True, kw_only=True):
    """``event_id`` 0: a new event. ``flipped``: the fixture's home side is the event's away side. ``evidence``: JSON, for people."""

    state: Literal["auto", "review", "new"]
    event_id: int
    score: float
    flipped: bool
    evidence: str


class Thresholds(Struct, frozen=True, kw_only=True):
    """From ``upper`` on it is the same, below ``lower`` it is not; another event within ``margin`` of the best makes it doubtful."""

    upper: float = 0.9
    lower: float = 0.6
    margin: float = 0.03


USUAL: Final = Thresholds()
NOBODY: Final = Verdict(state="new", event_id=0, score=0.0, flipped=False, evidence="{}")


def decide(source: str, fixture: Fixture, candidates: Sequence[Candidate], thresholds: Thresholds = USUAL) -> Verdict:
    """Which event ``fixture`` of ``source`` is. A source has one link per event: what it is linked to already is not asked."""
    if fixture.starts_at is None:
        return NOBODY
    subject = profile(fixture.sport, fixture.league, fixture.home, fixture.away, fixture.name, fixture.starts_at)
    if subject is None:
        return NOBODY
    rated = sorted(_rated(source, subject, candidates), key=lambda pair: (-pair[0].score, pair[0].hours, pair[1].event_id))
    if not rated or rated[0][0].score < thresholds.lower:
        return NOBODY if not rated else _verdict("new", rated, event_id=0)
    rating, candidate = rated[0]
    sure = rating.score >= thresholds.upper and (len(rated) == 1 or rating.score - rated[1][0].score >= thresholds.margin)
    return _verdict("auto" if sure else "review", rated, event_id=candidate.event_id)


def _rated(source: str, subject: Profile, candidates: Sequence[Candidate]) -> Iterator[tuple[Rating, Candidate]]:
    """Those within reach that could be it: sport and time first, for they cost nothing."""
    reach = subject.sport.reach * HOUR
    for candidate in candidates:
        starts_at = candidate.starts_at
        if starts_at is None or abs(starts_at - subject.starts_at) > reach or source in candidate.sources:
            continue
        other = profile(candidate.sport, candidate.league, candidate.home, candidate.away, candidate.name, starts_at)
        if other is None or not may_be_one_sport(subject.sport, other.sport):
            continue
        rating = rate(subject, other)
        if rating is not None:
            yield rating, candidate


def _verdict(state: Literal["auto", "review", "new"], rated: Sequence[tuple[Rating, Candidate]], event_id: int) -> Verdict:
    rating = rated[0][0]
    told = msgspec.to_builtins(rating)
    if len(rated) > 1:
        told["next"] = {"event_id": str(rated[1][1].event_id), "score": rated[1][0].score}
    return Verdict(
        state=state,
        event_id=event_id,
        score=rating.score,
        flipped=rating.flipped if event_id else False,
        evidence=msgspec.json.encode(told).decode(),
    )
