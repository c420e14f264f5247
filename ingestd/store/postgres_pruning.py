"""Months of history before a border, in PostgreSQL: dropped whole where nothing of them matters, else written anew without the rest.

A month is dropped as it is, attached. DETACH CONCURRENTLY keeps nobody waiting, but a reader that stays makes it fail half-way, with the
month hidden and no place for its rows; and what is detached has a foreign key of its own, whose DROP locks ``selections``, which everybody
needs. A plain DROP locks ``odds_history`` for a moment, TRUNCATE the month alone; both give up after ``LOCK_WAIT``.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.batch import Pruned
from ingestd.store import affairs, pruning
from ingestd.store.connect import Session, Target, connect_postgres, number
from ingestd.store.partitions import BEFORE, Month, month_of, partitions

LOCK_WAIT: Final = "500ms"
"""How long a lock is waited for, with everybody else behind; less than PostgreSQL's ``deadlock_timeout``, so that we are who gives way."""
LONGEST: Final = 1_800.0
"""Seconds that a statement over a whole month may take."""
_KEPT: Final = (
    f"CREATE TEMP TABLE kept ON COMMIT DROP AS WITH lot AS MATERIALIZED (SELECT s.selection_id, {pruning.LATE} AS late "
    f"FROM selections AS s WHERE s.selection_id IN (SELECT m.selection_id FROM {{month}} AS m) AND ({pruning.LATE} OR {pruning.MATTERS})) "
    f"SELECT h.* FROM {{month}} AS h JOIN lot ON lot.selection_id = h.selection_id WHERE lot.late OR NOT {pruning.OUTLIVED}"
)


class OldMonth(Struct, frozen=True):
    """A partition that lies wholly before the border; ``place`` grows with time."""

    name: str
    place: int
    droppable: bool


async def next_month(db: Session, before: int, after: int) -> OldMonth | None:
    """The oldest month that ends by ``before`` (the beginning of a month, UTC µs) and lies behind the place ``after``."""
    border = _place(month_of(before))
    found = [OldMonth(name, 0 if month == BEFORE else _place(month), month != BEFORE) for name, month in (await partitions(db)).items()]
    return min((one for one in found if after < one.place < border), key=lambda one: one.place, default=None)


async def prune_month(db: Session, month: OldMonth, before: int) -> Pruned:
    """In the transaction that is open. Whoever writes into this month meanwhile waits; nobody else does, but for a moment at the end."""
    await db.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
    await db.execute(f"LOCK TABLE {month.name} IN SHARE MODE")
    await db.execute(affairs.render(_KEPT.format(month=month.name), "postgresql"), before)
    rows = number(await db.fetchval(f"SELECT count(*) FROM {month.name}"))
    kept = number(await db.fetchval("SELECT count(*) FROM kept"))
    if not kept and month.droppable:
        await db.execute(f"DROP TABLE {month.name}")
    elif kept < rows:
        await db.execute(f"TRUNCATE {month.name}")
        await db.execute(f"INSERT INTO {month.name} SELECT * FROM kept")
    return Pruned(rows - kept, month.place)


async def connect(place: Target) -> Session:
    """A session that may work on a whole month."""
    return await connect_postgres(replace(place, command_timeout=LONGEST))


def _place(month: Month) -> int:
    return month[0] * 12 + month[1]
