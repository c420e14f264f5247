"""Events as the markets of one event tell them: name, start, kick-off, end and winner.

The market that speaks for an event is its MATCH_ODDS market, else the one that starts first: a meeting of several races starts with
its first race.
"""

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from ingestd.model import Decoded, EventStatus, Fixture, Result
from ingestd.sources.feeds.betfair.market import CLOSED, Market
from ingestd.sources.feeds.betfair.wire import Definition
from ingestd.sources.feeds.betfair.words import home_and_away, microseconds, sport

MATCH_ODDS: Final = "MATCH_ODDS"
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Event:
    """One event, and what was last said of it."""

    def __init__(self) -> None:
        self.markets: dict[str, Market] = {}
        self.started_at: int | None = None
        self.fixture: Fixture | None = None
        self.winner = ""


class Events:
    """All events of a stream, by Betfair's event id."""

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._of: dict[str, str] = {}

    def forget(self, market: Market) -> None:
        """A market is gone; an event without any is too."""
        event_id = self._of.pop(market.id, "")
        event = self._events.get(event_id)
        if event is not None:
            del event.markets[market.id]
            if not event.markets:
                del self._events[event_id]

    def tell(self, market: Market, before: Definition | None) -> list[Decoded]:
        """What the new definition (or new names) of a market says of its event that was not said yet.

        The kick-off is the publishing time of the first definition in play after one that was not; an event met in play has none.
        """
        definition = market.definition
        if definition is None or not market.event_id:
            return []
        if self._of.get(market.id) != market.event_id:
            self.forget(market)
            self._of[market.id] = market.event_id
        event = self._events.setdefault(market.event_id, Event())
        event.markets[market.id] = market
        lead = min(event.markets.values(), key=_rank)
        if lead is market and before is not None and definition.in_play and not before.in_play and event.started_at is None:
            event.started_at = market.at
        told: list[Decoded] = []
        fixture = _fixture(event, lead, market.at)
        if event.fixture is None or replace(fixture, changed_at=event.fixture.changed_at) != event.fixture:
            event.fixture = fixture
            told.append(fixture)
        winner = _winner(market)
        if winner and winner != event.winner:
            event.winner = winner
            told.append(Result(source_event_id=market.event_id, winner=winner, changed_at=market.at))
        return told


def _rank(market: Market) -> tuple[bool, datetime, str]:
    definition = market.definition
    if definition is None or definition.market_time is None:
        return True, _NEVER, market.id
    return definition.market_type != MATCH_ODDS, _aware(definition.market_time), market.id


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _fixture(event: Event, lead: Market, at: int | None) -> Fixture:
    definition, names = lead.definition or Definition(), lead.names
    name = definition.event_name or names.event
    home, away = home_and_away(name)
    return Fixture(
        source_event_id=lead.event_id,
        sport=sport(definition.event_type_id, names),
        name=name,
        league=names.league,
        home=home,
        away=away,
        starts_at=microseconds(definition.market_time) if definition.market_time else None,
        started_at=event.started_at,
        started_by="in_play" if event.started_at is not None else "",
        status=_status(event, definition),
        changed_at=at,
    )


def _status(event: Event, lead: Definition) -> EventStatus:
    if lead.status == CLOSED and (lead.market_type == MATCH_ODDS or all(_closed(market) for market in event.markets.values())):
        return "finished"
    return "in_play" if lead.in_play else "scheduled"


def _closed(market: Market) -> bool:
    return market.definition is not None and market.definition.status == CLOSED


def _winner(market: Market) -> str:
    """The one winner of the match; none while it is open, nor after a dead heat."""
    if market.definition is None or market.definition.market_type != MATCH_ODDS:
        return ""
    winners = market.winners()
    return market.called(winners[0])[0] if len(winners) == 1 else ""
