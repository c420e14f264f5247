"""What people ask of events and their links, read through SQLAlchemy; the same answers from both databases. Times are UTC µs."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from msgspec import Struct
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from ingestd.batch import LinkRow
from ingestd.errors import ConfigError
from ingestd.store.connect import Target, reader_engine
from ingestd.store.schema import Event, EventLink, League, Team
from ingestd.store.warm import LINK, made, reading


class EventView(Struct, frozen=True, kw_only=True):
    """An event as it is shown, with its links in the order of source and id."""

    event_id: int
    sport: str
    league: str
    season: str
    name: str
    home: str
    away: str
    starts_at: int | None
    started_at: int | None
    started_by: str
    status: str
    links: list[LinkRow] = []

    @property
    def title(self) -> str:
        """Who plays, by the names of this store, else what it is called."""
        return f"{self.home} v {self.away}" if self.home and self.away else self.name or "(nothing told yet)"


class Review(Struct, frozen=True, kw_only=True):
    """A link that waits for a person, and the event that it may be (None: that is gone)."""

    link: LinkRow
    candidate: EventView | None


class EventQueries:
    """Questions to one store; an async context manager. Every question raises StoreUnavailable where the store cannot answer."""

    def __init__(self, place: Target) -> None:
        self._engine = reader_engine(place)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._engine.dispose()

    async def find(self, text: str = "", *, state: str = "", shared: bool = False, limit: int = 100) -> list[EventView]:
        """Events by start, the latest first: whose names, or those of whose links, contain all words of ``text``.

        ``state``: that have a link in it. ``shared``: that several links tell of.
        """
        wheres = [_contains(word) for word in text.split()]
        links = select(EventLink.event_id)
        if state:
            wheres.append(Event.event_id.in_(links.where(EventLink.state == state)))
        if shared:
            wheres.append(Event.event_id.in_(links.group_by(EventLink.event_id).having(func.count() > 1)))
        async with reading(self._engine) as db:
            return await _events(db, wheres, limit)

    async def show(self, said: str) -> EventView:
        """An event by its id, or by one of its links, ``SOURCE:ID``. Raises ConfigError where there is none."""
        async with reading(self._engine) as db:
            event_id = int(said) if said.lstrip("-").isdecimal() else await _event_of(db, said)
            found = await _events(db, [Event.event_id == event_id], 1)
        if not found:
            raise ConfigError(f"no event {said}; ingestd events list shows what there is")
        return found[0]

    async def reviews(self, limit: int = 100) -> list[Review]:
        """What waits for a person, the surest first."""
        async with reading(self._engine) as db:
            said = select(*LINK).where(EventLink.state == "review").order_by(EventLink.score.desc(), EventLink.source).limit(limit)
            links = [made(LinkRow, row) for row in await db.execute(said)]
            ids = sorted({link.candidate_id for link in links if link.candidate_id is not None})
            events = {event.event_id: event for event in await _events(db, [Event.event_id.in_(ids)], len(ids))} if ids else {}
        return [Review(link=link, candidate=events.get(link.candidate_id or 0)) for link in links]


def split(said: str) -> tuple[str, str]:
    """``SOURCE:ID`` as both. Raises ConfigError."""
    source, colon, name = said.partition(":")
    if not (source and colon and name):
        raise ConfigError(f"{said!r} names no link; write SOURCE:ID, as ingestd events list shows them")
    return source, name


async def _event_of(db: AsyncConnection, said: str) -> int | None:
    source, name = split(said)
    found = await db.execute(select(EventLink.event_id).where(EventLink.source == source, EventLink.source_event_id == name))
    return found.scalar_one_or_none()


async def _events(db: AsyncConnection, wheres: Sequence[ColumnElement[bool]], limit: int) -> list[EventView]:
    home, away = aliased(Team), aliased(Team)
    said = (
        select(
            Event.event_id, Event.sport, func.coalesce(League.name, ""), Event.season, Event.name, func.coalesce(home.name, ""),
            func.coalesce(away.name, ""), Event.starts_at, Event.started_at, Event.started_by, Event.status,
        )
        .outerjoin(League, League.id == Event.league_id)
        .outerjoin(home, home.id == Event.home_team_id)
        .outerjoin(away, away.id == Event.away_team_id)
        .where(*wheres)
        .order_by(Event.starts_at.is_(None), Event.starts_at.desc(), Event.event_id)
        .limit(limit)
    )  # fmt: skip
    found = {row[0]: list(row) for row in await db.execute(said)}
    links: dict[int, list[LinkRow]] = {event_id: [] for event_id in found}
    of = select(*LINK).where(EventLink.event_id.in_(list(found))).order_by(EventLink.source, EventLink.source_event_id)
    for row in await db.execute(of):
        link = made(LinkRow, row)
        links[link.event_id].append(link)
    return [made(EventView, [*row, links[event_id]]) for event_id, row in found.items()]


def _contains(word: str) -> ColumnElement[bool]:
    names = (EventLink.name, EventLink.home, EventLink.away, EventLink.league, EventLink.sport, EventLink.source, EventLink.source_event_id)
    said = or_(*(func.lower(name).contains(word.lower(), autoescape=True) for name in names))
    return Event.event_id.in_(select(EventLink.event_id).where(said))
