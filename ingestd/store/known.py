"""What a run asks of the store before it links fixtures, read through SQLAlchemy, the same for both."""

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ingestd.batch import LinkRow
from ingestd.relations import AliasRow, Known, Wanted
from ingestd.store.ledger import Revision
from ingestd.store.rows import chunks
from ingestd.store.schema import Alias, Bookmaker, EventLink, League, Precedence, Team
from ingestd.store.warm import LINK, made, reading


async def read_known(engine: AsyncEngine, wanted: Wanted) -> Known:
    """As ``interfaces.Store.known``."""
    async with reading(engine) as db:
        revision = (await db.execute(select(Revision.revision).where(Revision.subject == "links"))).scalar_one_or_none() or 0
        moved = revision > wanted.revision
        links = [made(LinkRow, row) for where in _asked(wanted, moved=moved) for row in await db.execute(select(*LINK).where(where))]
        if not moved:
            return Known(revision, links)
        places = {row[0]: row[1] for row in await db.execute(select(Precedence.source, Precedence.place))}
        return Known(revision, links, await _aliases(db), places)


def _asked(wanted: Wanted, *, moved: bool) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    key = tuple_(EventLink.source, EventLink.source_event_id)
    asked += [key.in_(list(lot)) for lot in chunks(sorted(wanted.keys))]
    asked += [and_(EventLink.starts_at >= start, EventLink.starts_at < end) for start, end in wanted.spans]
    if moved and wanted.revision >= 0:
        start, end = wanted.held
        held = or_(EventLink.starts_at.is_(None), and_(EventLink.starts_at >= start, EventLink.starts_at < end))
        asked.append(and_(EventLink.revision > wanted.revision, held))
    return asked


async def _aliases(db: AsyncConnection) -> list[AliasRow]:
    name = case(
        (Alias.kind == "team", Team.name), (Alias.kind == "league", League.name), (Alias.kind == "bookmaker", Bookmaker.name), else_=""
    )
    columns = [Alias.flipped == 1 if field == "flipped" else getattr(Alias, field) for field in AliasRow.__struct_fields__[:-1]]
    found = await db.execute(
        select(*columns, func.coalesce(name, ""))
        .outerjoin(Team, and_(Alias.kind == "team", Team.id == Alias.stands_for))
        .outerjoin(League, and_(Alias.kind == "league", League.id == Alias.stands_for))
        .outerjoin(Bookmaker, and_(Alias.kind == "bookmaker", Bookmaker.id == Alias.stands_for))
    )
    return [made(AliasRow, row) for row in found]
