"""Where the lean reference writes: one transaction per batch, in the statements of ``ingestd.store``, and nothing around them."""

import sqlite3
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct, field

from ingestd.batch import store_offset
from ingestd.clock import SystemClock
from ingestd.model import QuoteResult, Status
from ingestd.store import affairs, derived, open_store, postgres_sql, sqlite_file
from ingestd.store import statements as sql
from ingestd.store.checks import WORDS
from ingestd.store.connect import Session, connect_postgres, target
from ingestd.store.partitions import Months

SCHEMA: Final = "public"
FENCE: Final = 1
Row = tuple[object, ...]
Price = tuple[int, int, int, float | None, float | None, float | None, Status, Status, QuoteResult, int, int, bool]
"""Selection, changed_at, seq, price, line, size, own status, shown status, result, received_at, position, visible or not."""


class Pending(Struct):
    """What the next transaction writes: prices as they were said, other rows by table and key, and how far that is (messages read)."""

    prices: list[Price] = field(default_factory=list)
    rows: dict[str, dict[object, Row]] = field(default_factory=lambda: {merge.table: {} for merge in sql.CATALOGUE})
    position: int = 0


class LeanStore(Protocol):
    """A store that was made, with a checkpoint to move."""

    async def commit(self, batch: Pending) -> None:
        """All of it, in one transaction."""


async def enter(url: str) -> LeanStore:
    """Make the tables, and the journal and checkpoint rows that the facts refer to."""
    store = open_store(url, SCHEMA, SystemClock())
    await store.prepare()
    journal_id = await store.journal_id("lean", "")
    await store.close()
    place = target(url, SCHEMA)
    checkpoint = ("live", journal_id, 0, now(), FENCE)
    if place.dialect == "sqlite":
        file = sqlite_file.connect(Path(place.path))
        file.execute(affairs.render(affairs.CHECKPOINT, "sqlite"), checkpoint).fetchall()
        return SqliteLean(file, journal_id)
    db = await connect_postgres(place)
    await db.execute(affairs.render(affairs.CHECKPOINT, "postgresql"), *checkpoint)
    return PostgresLean(db, journal_id)


class SqliteLean:
    """In the thread of whoever calls: a thread of its own would only take turns with it."""

    def __init__(self, db: sqlite3.Connection, journal_id: int) -> None:
        self._db = db
        self._journal_id = journal_id

    async def commit(self, batch: Pending) -> None:
        """As in ``LeanStore``."""
        db, at, journal = self._db, now(), store_offset(self._journal_id, 0)
        db.execute("BEGIN IMMEDIATE")
        db.execute(affairs.render(affairs.ADVANCE, "sqlite"), (batch.position, at, "live", self._journal_id, FENCE))
        for merge in sql.CATALOGUE:
            if rows := batch.rows[merge.table]:
                db.executemany(sql.rendered(merge, "sqlite"), sorted(rows.values()))
                if merge is sql.EVENT_LINKS:
                    for statement in derived.IN_STEP:
                        db.execute(affairs.render(statement, "sqlite"), (str([row[2] for row in rows.values()]),))
        prices = sorted(batch.prices)
        db.executemany(
            sql.rendered(sql.ODDS_HISTORY, "sqlite"),
            [
                (key, changed_at, seq, price, line, size, shown, result, "provider", received_at, at, journal + position)
                for key, changed_at, seq, price, line, size, _, shown, result, received_at, position, visible in prices
                if visible
            ],
        )
        db.executemany(
            sql.rendered(sql.ODDS, "sqlite"),
            [
                (key, price, line, size, own, result, changed_at, seq, "provider", received_at, at)
                for key, changed_at, seq, price, line, size, own, _, result, received_at, _, _ in {row[0]: row for row in prices}.values()
            ],
        )
        db.execute("COMMIT")


class PostgresLean:
    """One statement where there are prices alone."""

    def __init__(self, db: Session, journal_id: int) -> None:
        self._db = db
        self._journal_id = journal_id
        self._months = Months()

    async def commit(self, batch: Pending) -> None:
        """As in ``LeanStore``."""
        prices = sorted(batch.prices)
        missing = self._months.missing([row[1] for row in prices])
        if missing:
            await self._months.make(self._db, missing)
        if not any(batch.rows.values()):
            await self._prices(prices, batch.position)
            return
        async with self._db.transaction():
            for merge in sql.CATALOGUE:
                if rows := batch.rows[merge.table]:
                    columns = postgres_sql.columns(sorted(rows.values()), len(merge.columns))
                    await self._db.execute(sql.rendered(merge, "postgresql"), *columns)
                    if merge is sql.EVENT_LINKS:
                        for statement in derived.IN_STEP:
                            await self._db.execute(affairs.render(statement, "postgresql"), [row[2] for row in rows.values()])
            await self._prices(prices, batch.position)

    async def _prices(self, prices: Sequence[Price], position: int) -> None:
        """The statement of ``ingestd.store`` for prices and checkpoint, with nothing to say of coverage and sources."""
        journal, at = store_offset(self._journal_id, 0), now()
        columns = postgres_sql.columns(prices, 12)
        words = [WORDS[own, shown, result, "provider"] for _, _, _, _, _, _, own, shown, result, _, _, _ in prices]
        offsets = [journal + row[10] for row in prices]
        newest = [*(row[0] != after[0] for row, after in pairwise(prices)), *(True for _ in prices[:1])]
        await self._db.fetchrow(
            postgres_sql.EVERYTHING_LIVE,
            *(*columns[:6], words, columns[9], offsets, columns[11], newest, at),
            *postgres_sql.columns((), len(sql.COVERAGE_LIVE.columns) + len(sql.SOURCES.columns)),
            *(position, at, "live", self._journal_id, FENCE, str(journal + position)),
        )


def now() -> int:
    """Wall clock, µs UTC."""
    return time.time_ns() // 1_000
