"""Which event each of some links is to be in: pure. An event is named after one of its links, its founder, and is never without it."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from ingestd.batch import LinkRow
from ingestd.errors import ConfigError
from ingestd.model import LinkState, hash64

Key = tuple[str, str]
"""A source, and its own id of an event."""
UNDECIDED: Final = ("stub", "review")


class Place(Struct, frozen=True):
    """Where a link is, how sure that is, and which way round."""

    event_id: int
    state: LinkState
    flipped: bool


def key_of(link: LinkRow) -> Key:
    """How a link is named everywhere."""
    return link.source, link.source_event_id


def own_id(key: Key) -> int:
    """The event that a link makes by itself."""
    return hash64("event", *key)


def shown(key: Key) -> str:
    """A link as people write it."""
    return ":".join(key)


def place_of(link: LinkRow) -> Place:
    """Where it is now."""
    return Place(link.event_id, link.state, link.flipped)


def moved(links: Mapping[Key, LinkRow], subject: Key, target: int, *, flipped: bool, state: LinkState) -> dict[Key, Place]:
    """The subject, and its live children with it, into another event. Raises ConfigError where that has a link of the same source."""
    family = [key for key, link in links.items() if key == subject or (key[0], link.parent) == subject]
    _one_each(links, family, target)
    return {key: Place(target, state if key == subject else links[key].state, flipped) for key in family}


def merged(links: Mapping[Key, LinkRow], target: int, other: int, *, flipped: bool) -> dict[Key, Place]:
    """All links of the other event into the target. Raises ConfigError where both have a link of one source."""
    members = [key for key, link in links.items() if link.event_id == other]
    _one_each(links, members, target)
    return {key: Place(target, "confirmed", links[key].flipped != flipped) for key in members}


def alone(links: Mapping[Key, LinkRow], subject: Key, state: LinkState) -> dict[Key, Place]:
    """The subject into its own event. Where that is the very one that it is in, the others leave it, together."""
    family = {key for key, link in links.items() if key == subject or (key[0], link.parent) == subject}
    own, old = own_id(subject), links[subject].event_id
    places = {key: Place(own, state if key == subject else links[key].state, False) for key in sorted(family)}
    others = sorted(key for key, link in links.items() if link.event_id == old and key not in family)
    if old == own and others:
        places |= {key: Place(own_id(others[0]), links[key].state, links[key].flipped) for key in others}
    return places


def settled(links: Mapping[Key, LinkRow], changes: Mapping[Key, Place]) -> dict[Key, Place]:
    """Where all of the links are after some moved: events that lost their founder are named after their first link."""
    places = {key: place_of(link) for key, link in links.items()} | dict(changes)
    for event_id in {place.event_id for place in places.values()}:
        members = sorted(key for key, place in places.items() if place.event_id == event_id)
        if not any(own_id(key) == event_id for key in members):
            named = own_id(members[0])
            places |= {key: Place(named, places[key].state, places[key].flipped) for key in members}
    return places


def founders(keys: Iterable[Key]) -> dict[int, Key]:
    """Links by the events that they make by themselves."""
    return {own_id(key): key for key in keys}


def _one_each(links: Mapping[Key, LinkRow], coming: Iterable[Key], target: int) -> None:
    there = {key[0]: key for key, link in links.items() if link.event_id == target and not link.parent}
    for key in coming:
        held = there.get(key[0])
        if held is not None and held != key and not links[key].parent:
            raise ConfigError(
                f"{shown(held)} is in that event already, and a source tells of an event once; unlink one of it and {shown(key)} first"
            )
