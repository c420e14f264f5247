"""The links of all sources by event, and the events by day: what a fixture could be."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from ingestd.batch import LinkRow
from ingestd.model import SECOND, hash64
from ingestd.pipeline.matching import Candidate
from ingestd.pipeline.matching.canonical import find_sport
from ingestd.pipeline.names import Names

T = TypeVar("T")
Key = tuple[str, str]
"""A source, and its own id of an event."""
DAY: Final = 86_400 * SECOND
LAST: Final = 1 << 31
"""The place of a source that nobody gave one: behind all others, by its name."""


def own_id(source: str, source_event_id: str) -> int:
    """The event that a source's own id makes by itself."""
    return hash64("event", source, source_event_id)


def days(starts_at: int, hours: float) -> range:
    """The UTC days, counted from 1970, within so many hours of a moment."""
    reach = int(hours * 3_600 * SECOND)
    return range((starts_at - reach) // DAY, (starts_at + reach) // DAY + 1)


class Events:
    """Every link that is held, under its event and under the day on which it starts. Events have no life but that of their links."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._links: dict[Key, LinkRow] = {}
        self._of: dict[int, set[Key]] = {}
        self._founders: dict[int, Key] = {}
        self._days: dict[tuple[str, int], set[Key]] = {}
        self._children: dict[Key, set[Key]] = {}
        self._candidates: dict[int, Candidate] = {}
        self._places: Mapping[str, int] = {}

    def __len__(self) -> int:
        return len(self._links)

    def states(self) -> Counter[str]:
        """How many links are in which state."""
        return Counter(link.state for link in self._links.values())

    def rank(self, places: Mapping[str, int]) -> None:
        """Whose words describe an event first: the lower place."""
        self._places = dict(places)
        self._candidates.clear()

    def get(self, key: Key) -> LinkRow | None:
        """What is held of a source's own event."""
        return self._links.get(key)

    def put(self, link: LinkRow) -> None:
        """Hold a link, or hold it anew."""
        key = (link.source, link.source_event_id)
        self.drop(key)
        self._links[key] = link
        self._of.setdefault(link.event_id, set()).add(key)
        self._founders[own_id(*key)] = key
        if link.starts_at is not None:
            self._days.setdefault(_place(link.sport, link.starts_at // DAY), set()).add(key)
        if link.parent:
            self._children.setdefault((link.source, link.parent), set()).add(key)
        self._candidates.pop(link.event_id, None)

    def drop(self, key: Key) -> None:
        """Hold it no longer."""
        link = self._links.pop(key, None)
        if link is None:
            return
        _discard(self._of, link.event_id, key)
        del self._founders[own_id(*key)]
        if link.starts_at is not None:
            _discard(self._days, _place(link.sport, link.starts_at // DAY), key)
        if link.parent:
            _discard(self._children, (link.source, link.parent), key)
        self._candidates.pop(link.event_id, None)

    def home(self, event_id: int) -> int:
        """Where an event is to be found today: its founder may have been linked to another."""
        founder = self._founders.get(event_id)
        return event_id if founder is None else self._links[founder].event_id

    def shared(self, event_id: int, key: Key) -> bool:
        """Whether anything but this was decided to be in it."""
        return any(other != key and self._links[other].state != "stub" for other in self._of.get(event_id, ()))

    def children(self, key: Key) -> list[LinkRow]:
        """The live children of a source's own event."""
        return [self._links[child] for child in sorted(self._children.get(key, ()))]

    def before(self, moment: int) -> Iterator[Key]:
        """Whatever starts before a moment (UTC µs), as (source, id)."""
        return (key for key, link in self._links.items() if link.starts_at is not None and link.starts_at < moment)

    def near(self, sport: str, within: Iterable[int]) -> Sequence[Candidate]:
        """The events of a sport, or of its family, of which a link starts on one of these days, in an order of their own."""
        found = {self._links[key].event_id for day in within for key in self._days.get(_place(sport, day), ())}
        return [self._candidate(event_id) for event_id in sorted(found)]

    def _candidate(self, event_id: int) -> Candidate:
        found = self._candidates.get(event_id)
        if found is None:
            links = sorted((self._links[key] for key in self._of[event_id]), key=self._order)
            found = self._candidates[event_id] = self._described(links)
        return found

    def _order(self, link: LinkRow) -> tuple[object, ...]:
        return (not link.changed_at, bool(link.parent), self._places.get(link.source, LAST), link.source, link.source_event_id)

    def _described(self, links: Sequence[LinkRow]) -> Candidate:
        first = links[0]
        home, away = (self._names.decided("team", first.source, first.sport, word) for word in (first.home, first.away))
        starts_at = next((link.starts_at for link in links if link.starts_at is not None), None)
        return Candidate(
            event_id=first.event_id,
            sport=first.sport,
            league=self._names.decided("league", first.source, first.sport, first.league),
            season=first.season,
            name=first.name,
            home=away if first.flipped else home,
            away=home if first.flipped else away,
            starts_at=starts_at,
            sources=frozenset(link.source for link in links),
        )


def _place(sport: str, day: int) -> tuple[str, int]:
    """Some providers have a wider word for a sport: Counter-Strike is told as esports, too."""
    return find_sport(sport).family, day


def _discard(table: dict[T, set[Key]], place: T, key: Key) -> None:
    members = table[place]
    members.discard(key)
    if not members:
        del table[place]
