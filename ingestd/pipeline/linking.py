"""Which event a fixture is: decided once, at first mention, and never again by anything but a person."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.model import Fixture, LinkState
from ingestd.pipeline.events import Events, days, own_id
from ingestd.pipeline.matching import decide, sides
from ingestd.pipeline.matching.canonical import find_sport
from ingestd.pipeline.names import Names
from ingestd.relations import AliasRow

CHILD: Final = '{"by":"parent"}'
PERSON: Final = '{"by":"a person"}'


class Link(Struct, frozen=True, kw_only=True):
    """A decision: which event, how sure, which way round. ``candidate_id``: what it may be, which a person is to say."""

    event_id: int
    state: LinkState = "auto"
    flipped: bool = False
    score: float = 1.0
    candidate_id: int | None = None
    evidence: str = ""


def decidable(link: LinkRow) -> bool:
    """Whether enough is told: a sport, a start, both names; a placeholder ("TBD", "Winner of QF1") is none."""
    return bool(link.sport) and link.starts_at is not None and sides(link.name, link.home, link.away) != ("", "")


def reach(link: LinkRow) -> range:
    """The days (UTC, from 1970) on which what it may be can start; none where that is not told."""
    return days(link.starts_at, find_sport(link.sport).reach) if link.starts_at is not None else range(0)


def link_of(told: LinkRow, events: Events, names: Names) -> Link:
    """The event of a link not decided yet, all of whose words so far are in ``told``.

    In this order: what a person decided, its parent's event, the event that was made for it before it came, matching, an event of its own.
    """
    person = names.event(told.source, told.source_event_id)
    if person is not None:
        return _as_decided(person, events)
    if told.parent:
        return _as_parent(told, events)
    own = own_id(told.source, told.source_event_id)
    if decidable(told) and not events.shared(own, (told.source, told.source_event_id)):
        return _matched(told, events, names, own)
    return Link(event_id=own, state="auto" if decidable(told) else "stub")


def _as_decided(person: AliasRow, events: Events) -> Link:
    state: LinkState = "rejected" if person.state == "rejected" else "confirmed" if person.state == "confirmed" else "auto"
    return Link(event_id=events.home(person.stands_for), state=state, flipped=person.flipped, score=person.score, evidence=PERSON)


def _as_parent(told: LinkRow, events: Events) -> Link:
    parent = events.get((told.source, told.parent))
    if parent is None:
        return Link(event_id=own_id(told.source, told.parent), state="stub", evidence=CHILD)
    state: LinkState = "stub" if parent.state == "stub" else "auto"
    return Link(event_id=parent.event_id, state=state, flipped=parent.flipped, evidence=CHILD)


def _matched(told: LinkRow, events: Events, names: Names, own: int) -> Link:
    fixture = Fixture(
        source_event_id=told.source_event_id,
        sport=told.sport,
        name=told.name,
        league=names.decided("league", told.source, told.sport, told.league),
        season=told.season,
        home=names.decided("team", told.source, told.sport, told.home),
        away=names.decided("team", told.source, told.sport, told.away),
        starts_at=told.starts_at,
    )
    verdict = decide(told.source, fixture, events.near(told.sport, reach(told)))
    if verdict.state == "auto":
        return Link(event_id=verdict.event_id, flipped=verdict.flipped, score=verdict.score, evidence=verdict.evidence)
    if verdict.state == "review":
        return Link(event_id=own, state="review", score=verdict.score, candidate_id=verdict.event_id, evidence=verdict.evidence)
    return Link(event_id=own, evidence=verdict.evidence if verdict.score else "")


def linked(told: LinkRow, link: Link | LinkRow) -> LinkRow:
    """The row with its decision."""
    return replace(
        told,
        event_id=link.event_id,
        state=link.state,
        flipped=link.flipped,
        score=link.score,
        candidate_id=link.candidate_id,
        evidence=link.evidence,
    )
