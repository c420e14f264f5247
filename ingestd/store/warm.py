"""What a live run starts from, read through SQLAlchemy, the same for both databases."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from msgspec import Struct, convert
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ingestd.batch import CoverageRow, HeldRow, LinkRow, MarketRow, ResultRow, SourceRow, Warm
from ingestd.errors import StoreUnavailable
from ingestd.model import CLOSED
from ingestd.store.ledger import SourceState
from ingestd.store.schema import Bookmaker, CoverageInterval, EventLink, EventResult, Market, Odds, PricedSelection

T = TypeVar("T", bound=Struct)
_SELECTION = (
    *("id", "identity", "bookmaker", "bookmaker_kind", "source_event_id", "source_market_id"),
    *("market", "period", "outcome", "participant", "side"),
)
LINK = tuple(EventLink.flipped == 1 if name == "flipped" else getattr(EventLink, name) for name in LinkRow.__struct_fields__)
"""The columns of a ``LinkRow``."""
_PRICE = ("price", "line", "size", "own_status", "result", "changed_at", "seq")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection to read with, in one transaction; whatever fails means that the store is not available now."""
    try:
        async with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        # what the database said, without the statement and SQLAlchemy's own lines around it
        said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise StoreUnavailable(f"reading the store failed: {said}") from error
    except Exception as error:
        # asyncpg's errors of connecting come through as they are; importing asyncpg here would load it for SQLite too
        if type(error).__module__.startswith("asyncpg."):
            raise StoreUnavailable(f"reading the store failed: {error}") from error
        raise


async def read_warm(engine: AsyncEngine, source: str, since: int) -> Warm:
    """As ``interfaces.Store.warm``."""
    async with reading(engine) as db:
        return Warm(
            held=await _held(db, source, since),
            markets=await _markets(db, source, since),
            links=await _links(db, source, since),
            results=await _results(db, source, since),
            coverage=await _coverage(db, source),
            source=await _source(db, source),
        )


async def read_seen_until(engine: AsyncEngine, source: str) -> int | None:
    """As ``interfaces.Store.seen_until``: only live runs write ``sources``."""
    async with reading(engine) as db:
        row = await _source(db, source)
    return None if row is None else max(row.last_received_at, row.alive_at) or None


def _current(since: int) -> ColumnElement[bool]:
    """Its link says that the event starts after ``since``, or says nothing."""
    return or_(EventLink.starts_at.is_(None), EventLink.starts_at >= since)


async def _held(db: AsyncConnection, source: str, since: int) -> list[HeldRow]:
    link = and_(EventLink.source == PricedSelection.source, EventLink.source_event_id == PricedSelection.source_event_id)
    found = await db.execute(
        select(
            *(PricedSelection.selection_id, PricedSelection.identity, Bookmaker.name, Bookmaker.kind),
            *(getattr(PricedSelection, name) for name in _SELECTION[4:]),
            *(PricedSelection.scope_kind, PricedSelection.scope_id),
            *(getattr(Odds, name) for name in _PRICE),
        )
        .join(Odds, Odds.selection_id == PricedSelection.selection_id)
        .join(Bookmaker, Bookmaker.id == PricedSelection.bookmaker_id)
        .outerjoin(EventLink, link)
        .where(PricedSelection.source == source, Odds.own_status.not_in(sorted(CLOSED)), or_(_current(since), Odds.changed_at >= since))
        .order_by(PricedSelection.selection_id)
    )
    return [
        convert(
            {
                **{name: row[place] for place, name in enumerate(_PRICE, len(_SELECTION) + 2)},
                "selection": {
                    **{name: row[place] for place, name in enumerate(_SELECTION)},
                    "source": source,
                    "scope": {"kind": row[len(_SELECTION)], "id": row[len(_SELECTION) + 1]},
                },
            },
            HeldRow,
        )
        for row in found
    ]


async def _markets(db: AsyncConnection, source: str, since: int) -> list[MarketRow]:
    """Markets of events that matter still, and whatever market an open selection stands in."""
    link = and_(EventLink.source == Market.source, EventLink.source_event_id == Market.source_event_id)
    in_use = (
        select(PricedSelection.source_market_id)
        .join(Odds, Odds.selection_id == PricedSelection.selection_id)
        .where(PricedSelection.source == source, Odds.own_status.not_in(sorted(CLOSED)))
    )
    found = await db.execute(
        select(
            *(Market.source, Market.source_market_id, Market.source_event_id, Market.market, Market.period),
            *(Market.status, Market.changed_at, Market.seq),
        )
        .outerjoin(EventLink, link)
        .where(Market.source == source, or_(_current(since), Market.source_market_id.in_(in_use)))
        .order_by(Market.source_market_id)
    )
    return [made(MarketRow, row) for row in found]


async def _links(db: AsyncConnection, source: str, since: int) -> list[LinkRow]:
    found = await db.execute(select(*LINK).where(EventLink.source == source, _current(since)).order_by(EventLink.source_event_id))
    return [made(LinkRow, row) for row in found]


async def _results(db: AsyncConnection, source: str, since: int) -> list[ResultRow]:
    current = select(EventLink.source_event_id).where(EventLink.source == source, _current(since))
    columns = [getattr(EventResult, name) for name in ResultRow.__struct_fields__]
    found = await db.execute(select(*columns).where(EventResult.source == source, EventResult.source_event_id.in_(current)))
    return [made(ResultRow, row) for row in found]


async def _coverage(db: AsyncConnection, source: str) -> list[CoverageRow]:
    """The intervals still open: of each scope the latest, unless that has ended."""
    later = CoverageInterval.__table__.alias("later")
    same = [later.c[name] == getattr(CoverageInterval, name) for name in ("source", "scope_kind", "scope_id")]
    columns = [getattr(CoverageInterval, name) for name in CoverageRow.__struct_fields__]
    newest = select(func.max(later.c.began_at)).where(*same).scalar_subquery()
    found = await db.execute(
        select(*columns).where(
            CoverageInterval.source == source, CoverageInterval.ended_at.is_(None), CoverageInterval.began_at == newest
        )
    )  # fmt: skip
    return [made(CoverageRow, row) for row in found]


async def _source(db: AsyncConnection, source: str) -> SourceRow | None:
    names = SourceRow.__struct_fields__
    row = (await db.execute(select(*(getattr(SourceState, name) for name in names)).where(SourceState.source == source))).one_or_none()
    if row is None:
        return None
    said = dict(zip(names, row, strict=True))
    return convert({**said, "counters": json.loads(said["counters"])}, SourceRow)


def made(shape: type[T], row: Sequence[object]) -> T:
    """A row as its struct; words that the model does not know are an error here, not later."""
    return convert(dict(zip(shape.__struct_fields__, row, strict=True)), shape)
