"""What is in quarantine, as people and retries ask for it; the same answers from both databases."""

from collections.abc import Sequence

from msgspec import Struct, convert
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ingestd.retelling import Record
from ingestd.store.ledger import JournalRecord, Quarantined
from ingestd.store.rows import chunks
from ingestd.store.warm import made, reading


class Which(Struct, frozen=True, kw_only=True):
    """Which records: those of ``ids``, else those of a source and a category (``""``: any) that last came at ``since`` (UTC µs) or later.

    ``state`` ``""``: in whatever state.
    """

    ids: tuple[int, ...] = ()
    source: str = ""
    category: str = ""
    since: int = 0
    state: str = "open"


class Group(Struct, frozen=True, kw_only=True):
    """Records of one source, stage and category: how many, how often they came, from when to when (UTC µs)."""

    source: str
    stage: str
    category: str
    records: int
    count: int
    first_at: int
    last_at: int


class Journal(Struct, frozen=True, kw_only=True):
    """A journal that the store has read from."""

    journal_id: int
    uid: str
    path: str


async def read_records(engine: AsyncEngine, which: Which, limit: int) -> list[Record]:
    """Records without what was decoded, the latest first; ids that there are not are left out."""
    columns = [getattr(Quarantined, name) for name in _SHORT]
    order = (Quarantined.last_at.desc(), Quarantined.quarantine_id)
    lots: Sequence[Sequence[int]] = list(chunks(which.ids)) or [()]
    found: list[Record] = []
    async with reading(engine) as db:
        for lot in lots:
            said = select(*columns).where(*_wheres(which, lot)).order_by(*order).limit(limit)
            found += [convert(dict(zip(_SHORT, row, strict=True)), Record) for row in await db.execute(said)]
    return found[:limit]


async def read_record(engine: AsyncEngine, quarantine_id: int) -> Record | None:
    """All of one record."""
    columns = [getattr(Quarantined, name) for name in Record.__struct_fields__]
    async with reading(engine) as db:
        row = (await db.execute(select(*columns).where(Quarantined.quarantine_id == quarantine_id))).one_or_none()
    return None if row is None else made(Record, row)


async def read_groups(engine: AsyncEngine, which: Which) -> list[Group]:
    """The same records in short, the latest first."""
    kinds = (Quarantined.source, Quarantined.stage, Quarantined.category)
    said = (
        select(
            *kinds,
            func.count().label("records"),
            func.sum(Quarantined.count).label("count"),
            func.min(Quarantined.first_at).label("first_at"),
            func.max(Quarantined.last_at).label("last_at"),
        )
        .where(*_wheres(which, which.ids))
        .group_by(*kinds)
        .order_by(func.max(Quarantined.last_at).desc(), *kinds)
    )
    async with reading(engine) as db:
        return [convert({**row, "count": int(row["count"])}, Group) for row in (await db.execute(said)).mappings()]


async def read_known(engine: AsyncEngine, source: str) -> frozenset[int]:
    """Ids of all records of a source, in whatever state."""
    async with reading(engine) as db:
        return frozenset((await db.execute(select(Quarantined.quarantine_id).where(Quarantined.source == source))).scalars())


async def read_journals(engine: AsyncEngine) -> dict[int, Journal]:
    """All journals, by their ids."""
    columns = [getattr(JournalRecord, name) for name in Journal.__struct_fields__]
    async with reading(engine) as db:
        return {row.journal_id: row for row in (made(Journal, found) for found in await db.execute(select(*columns)))}


def _wheres(which: Which, ids: Sequence[int]) -> list[ColumnElement[bool]]:
    wheres: list[ColumnElement[bool]] = [Quarantined.quarantine_id.in_(list(ids))] if ids else []
    if which.state:
        wheres.append(Quarantined.state == which.state)
    for column, word in ((Quarantined.source, which.source), (Quarantined.category, which.category)):
        if word:
            wheres.append(column == word)
    return [*wheres, Quarantined.last_at >= which.since] if which.since else wheres


_SHORT = tuple(name for name in Record.__struct_fields__ if name not in ("decoded", "error"))
