"""The events of one query: when they begin, and how long it is worth asking for them one by one."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from ingestd.model import SECOND
from ingestd.sources.cadence import Cadence, Game
from ingestd.sources.feeds.the_odds_api.wire import Event, microseconds

TWICE: Final = 2
"""An event that lists nothing must be seen so often before it is believed; then it is not asked for any more."""
FINAL_WITHIN: Final = 86_400 * SECOND
"""How long after its start (µs) a game's final score is waited for."""


class Fixture(Struct):
    """An event as it is known. ``starts_at`` in UTC µs.

    ``asked``: by itself, since it came near. ``empty``: answers in a row with nothing in them. ``done``: no more of them.
    """

    sport: str
    starts_at: int
    listed: bool = True
    completed: bool = False
    asked: bool = False
    empty: int = 0
    done: bool = False


class Calendar:
    """Of one sport. ``finals``: games that are over still get their score."""

    def __init__(self, *, finals: bool) -> None:
        self.events: dict[str, Fixture] = {}
        self._finals = finals

    def learn(self, events: Iterable[Event]) -> None:
        """What an answer says of starts and ends; the provider moves starts."""
        for event in events:
            at = microseconds(event.commence_time)
            if at is None:
                continue
            known = self.events.setdefault(event.id, Fixture(event.sport_key, at))
            known.sport, known.starts_at = event.sport_key, at
            known.completed |= event.completed

    def only(self, listed: frozenset[str], now: int) -> None:
        """These are all that are to come or under way; what nobody waits for any more is forgotten."""
        for key, event in list(self.events.items()):
            event.listed = key in listed
            if not event.listed and not self._awaited(event, now) and (event.done or not event.asked):
                del self.events[key]

    def recall(self, key: str, sport: str, now: int) -> None:
        """An event that was asked for by itself before a restart, and may be over since."""
        self.events.setdefault(key, Fixture(sport, now, listed=False, asked=True))

    def games(self) -> list[Game]:
        """For the cadence."""
        return [Game(event.starts_at, over=event.completed or not event.listed) for event in self.events.values()]

    def under_way(self, now: int) -> list[Game]:
        """Games whose score is worth asking for."""
        return [Game(event.starts_at) for event in self.events.values() if event.starts_at <= now and self._scored(event, now)]

    def near(self, cadence: Cadence, now: int) -> Mapping[str, Fixture]:
        """Events to ask for one by one: from when the kick-off is near until nothing more is listed."""
        for event in self.events.values():
            event.asked |= event.listed and now >= event.starts_at - round(cadence.near_within * SECOND)
        return {key: event for key, event in self.events.items() if event.asked and not event.done}

    def answered(self, key: str, *, empty: bool, gone: bool, now: int) -> bool:
        """What an event's own answer listed; True: nothing, once more than it takes to believe that nothing will come any more."""
        event = self.events.get(key)
        if event is None:
            return gone
        over = gone or not event.listed or event.starts_at <= now
        event.done = empty and over and event.empty >= TWICE
        event.empty = event.empty + 1 if empty else 0
        return event.done

    def _scored(self, event: Fixture, now: int) -> bool:
        return (event.listed and not event.completed) or self._awaited(event, now)

    def _awaited(self, event: Fixture, now: int) -> bool:
        return self._finals and not event.completed and event.starts_at > now - FINAL_WITHIN
