"""Writing beside the daemon what does not come from frames: one transaction, through SQLAlchemy, the same for both databases."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreUnavailable
from ingestd.store import affairs, derived
from ingestd.store.connect import Target, writer_engine
from ingestd.store.rows import chunks
from ingestd.store.schema import Precedence
from ingestd.store.statements import Dialect

_BUMP: Final = (
    "INSERT INTO revisions (subject, revision) VALUES ('links', 1) ON CONFLICT (subject) DO UPDATE SET revision = revisions.revision + 1"
)


@asynccontextmanager
async def writing(place: Target) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that commits at its end. Raises StoreUnavailable where it cannot."""
    engine = writer_engine(place)
    try:
        async with engine.begin() as db:
            yield db
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        raise StoreUnavailable(f"store {place.shown}: {said}") from error
    finally:
        await engine.dispose()


async def say(db: AsyncConnection, statement: str, *values: object) -> list[tuple[object, ...]]:
    """A statement in the form of ``affairs``; a set of ids is one value."""
    dialect: Dialect = "sqlite" if db.dialect.name == "sqlite" else "postgresql"
    sent = tuple(_ids(value, dialect) if isinstance(value, set) else value for value in values)
    done = await db.exec_driver_sql(_said(statement, dialect), sent)
    return [tuple(row) for row in done] if done.returns_rows else []


async def in_step(db: AsyncConnection, events: Iterable[int]) -> None:
    """Make events what their links make them; those without any are gone."""
    for ids in chunks(sorted(events)):
        for statement in derived.IN_STEP:
            await say(db, statement, set(ids))


async def raise_revision(db: AsyncConnection) -> None:
    """Whoever runs is to hear of this."""
    await say(db, _BUMP)
    await say(db, derived.STAMP)


async def prefer(db: AsyncConnection, sources: Sequence[str]) -> None:
    """As ``interfaces.Store.prefer``: where it is new, events that several sources tell of are derived again."""
    found = [row[0] for row in await db.execute(select(Precedence.source).order_by(Precedence.place))]
    if found == list(sources):
        return
    await db.execute(delete(Precedence))
    if sources:
        await db.execute(insert(Precedence), [{"source": source, "place": place} for place, source in enumerate(sources)])
    await in_step(db, [int(str(row[0])) for row in await say(db, derived.SHARED)])
    await raise_revision(db)


def _ids(value: set[object], dialect: Dialect) -> object:
    ids = sorted(value, key=str)
    return json.dumps(ids) if dialect == "sqlite" else ids


@cache
def _said(statement: str, dialect: Dialect) -> str:
    return affairs.render(statement, dialect)
