"""Every question of docs/queries.md against ten million rows of history on each store: seconds, beside a plain lookup by key."""

import argparse
import asyncio
import contextlib
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.measure import Place, store
from benchmarks.season import BOOKS, Priced, batches, history, known, matches, moment, priced
from ingestd.clock import SystemClock
from ingestd.store import open_store
from ingestd.store.connect import connect_postgres, number, reader_engine, target
from ingestd.store.partitions import Months
from ingestd.store.statements import ODDS_HISTORY
from ingestd.testing.batches import World
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.questions import questions
from ingestd.testing.rig.daemon import SCHEMA

PAGE: Final = Path(__file__).parents[1] / "docs" / "queries.md"
STORES: Final = ("sqlite", "postgresql")
LIMIT: Final = 1.0
"""Seconds that a question may take."""
ROUNDS: Final = 3
_TIMES: Final = ODDS_HISTORY.times()
_LOOKUP: Final = "SELECT count(*), max(price) FROM odds_history WHERE selection_id = {0}"


async def fill(place: Place, offers: dict[str, list[Priced]]) -> int:
    """All sources' worth; returns rows of history."""
    opened = open_store(place.url, SCHEMA, SystemClock())
    await opened.prepare()
    for source, own in offers.items():
        world = World(source)
        await world.begin(opened)
        for batch in (known(world), *batches(world, own)):
            written = await opened.write(batch)
            assert not written.refused, written.refused[:3]
    await opened.close()
    everything = [one for own in offers.values() for one in own]
    return await (_copy(place, everything) if place.server else asyncio.to_thread(_insert, place, everything))


def _insert(place: Place, offers: Sequence[Priced]) -> int:
    with contextlib.closing(sqlite3.connect(place.url.removeprefix("sqlite:///"))) as db:
        db.execute("PRAGMA synchronous = OFF")
        with db:
            return db.executemany(ODDS_HISTORY.sqlite(), history(offers)).rowcount


async def _copy(place: Place, offers: Sequence[Priced]) -> int:
    """By COPY, foreign keys unchecked; statistics as autovacuum makes them."""
    db: asyncpg.Connection[asyncpg.Record] = await connect_postgres(target(place.url, SCHEMA))
    months = Months()
    await months.make(db, months.missing(one.match.starts_at + day * 86_400_000_000 for one in offers for day in (-3, 0)))
    await db.execute("SET session_replication_role = replica")
    rows = ([moment(number(value)) if column in _TIMES else value for column, value in enumerate(row)] for row in history(offers))
    said = await db.copy_records_to_table("odds_history", records=rows, columns=list(ODDS_HISTORY.columns), timeout=3_600)
    await db.execute("VACUUM ANALYZE", timeout=3_600)
    await db.close()
    return int(said.split()[-1])


class Taken(NamedTuple):
    """Seconds of one question: on the wall, and of processor (the database's included); and rows."""

    seconds: float
    processor: float
    rows: int


async def ask(place: Place, statement: str) -> Taken:
    """The median of some rounds, on a session of its own."""
    engine = reader_engine(target(place.url, SCHEMA))
    async with engine.connect() as db:
        taken = [await _timed(db, statement, place) for _ in range(ROUNDS)]
    await engine.dispose()
    return sorted(taken)[ROUNDS // 2]


async def _timed(db: AsyncConnection, statement: str, place: Place) -> Taken:
    spent, began = _spent(place), time.perf_counter()
    rows = (await db.execute(text(statement))).all()
    return Taken(time.perf_counter() - began, _spent(place) - spent, len(rows))


def _spent(place: Place) -> float:
    """Seconds of processor so far: ours, and of all of PostgreSQL's processes that are there."""
    processes = [psutil.Process(), *(psutil.Process(place.server.pid).children() if place.server else ())]
    return sum(float(times.user + times.system) for times in (process.cpu_times() for process in processes))


async def main(rows: int, only: Sequence[str]) -> int:
    """Fill, ask, tell; 1 where a question takes too long."""
    each = sum(1 for source in BOOKS for _ in priced(source, matches(1, 1, 1)[0]))
    events = min(2_500, max(20, rows // 4_000))
    played = matches(events, max(events // 25, 1), rows // (events * each))
    offers = {source: [one for match in played for one in priced(source, match)] for source in BOOKS}
    late = 0
    with contextlib.closing(PostgresServer()) as server:
        for kind in only:
            async with store(kind, server) as place:
                count = await fill(place, offers)
                say(f"{kind}: {count:,} rows of history, {events * each:,} selections, {events:,} events, one in 25 of them tonight")
                reference = await ask(place, _LOOKUP.format(offers["alpha"][0].selection.id))
                say(f"{'seconds':>9}{'processor':>11}{'lookups':>9}{'rows':>8}")
                told(reference, reference, "a plain lookup: the history of one price")
                for question, statement in questions(PAGE.read_text(encoding="utf-8")).items():
                    taken = await ask(place, statement)
                    told(taken, reference, question)
                    late += taken.seconds > LIMIT
    return int(late > 0)


def told(taken: Taken, reference: Taken, question: str) -> None:
    """A line for people."""
    times = f"{taken.seconds:9.4f}{taken.processor:11.3f}{taken.seconds / reference.seconds:9,.0f}{taken.rows:8,}"
    say(f"{times}  {question}{'   TOO LONG' if taken.seconds > LIMIT else ''}")


def say(line: str) -> None:
    """At once, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queries", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of history, about")
    parser.add_argument("--store", choices=STORES, action="append", help="only this one")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.rows, given.store or STORES)))
