"""The facts of a store in a form that can be compared: identical for identical facts, in SQLite and in PostgreSQL.

Left out, because they say when, where or how often something was met, and not what is true:

- ``received_at``, ``committed_at``: when a frame and its transaction came; a recording loaded later has others.
- ``first_seen_at`` of a selection: when a run first met it.
- ``changed_at`` of a selection: when its words were last told; one that comes back after the book let go of it is told again.
- ``journal_offset``: where the frame lies; every journal numbers its own.
- ``quarantine``: ``count``, ``attempts``, ``first_at``, ``last_at`` (how often and when it came), ``error`` and ``decoded``
  (what the program or the database says of it, in words that differ between databases). Only open rows count.
- ``coverage.seen_until`` of an interval that is still open: it moves with every batch, so it depends on where batches end.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from ingestd.store.connect import reader_engine, target
from ingestd.store.statements import table
from ingestd.store.warm import reading

FACTS: Final = (
    *("leagues", "teams", "bookmakers", "events", "event_links", "results", "markets", "selections"),
    *("odds", "odds_history", "coverage", "quarantine"),
)
_ASIDE: Final = frozenset({"received_at", "committed_at", "first_seen_at", "journal_offset", "revision"})
_ASIDE_OF: Final = {
    "selections": frozenset({"changed_at"}),
    "quarantine": frozenset({"count", "attempts", "first_at", "last_at", "error", "decoded", "state"}),
}

Fact = tuple[str, ...]


async def facts(url: str, schema: str = "ingestd", tables: Iterable[str] = FACTS) -> dict[str, list[Fact]]:
    """Rows of the fact tables as sorted tuples of ``column=value``; times in UTC µs. Raises StoreUnavailable."""
    engine = reader_engine(target(url, schema))
    found: dict[str, list[Fact]] = {}
    try:
        async with reading(engine) as db:
            for name in tables:
                source = table(name)
                aside = _ASIDE | _ASIDE_OF.get(name, frozenset())
                columns = [column for column in source.columns if column.name not in aside]
                said = select(*columns).where(source.c.state == "open") if name == "quarantine" else select(*columns)
                names = [column.name for column in columns]
                found[name] = sorted(_fact(dict(zip(names, row, strict=True))) for row in await db.execute(said))
    finally:
        await engine.dispose()
    return found


async def digest(url: str, schema: str = "ingestd", tables: Iterable[str] = FACTS) -> dict[str, str]:
    """Number of facts and a hash of them, by table."""
    return {name: f"{len(rows)}:{_hash(rows)}" for name, rows in (await facts(url, schema, tables)).items()}


def _fact(row: dict[str, object]) -> Fact:
    if "seen_until" in row and row.get("ended_at") is None:
        del row["seen_until"]
    return tuple(f"{name}={value!r}" for name, value in row.items())


def _hash(rows: Iterable[Fact]) -> str:
    total = hashlib.blake2b(digest_size=16)
    for row in rows:
        total.update("\x1f".join(row).encode() + b"\x1e")
    return total.hexdigest()
