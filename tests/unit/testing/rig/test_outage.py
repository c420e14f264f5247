"""How a store is taken away, and what is said of a daemon that went through it."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.evidence import Verdict
from ingestd.testing.rig.outage import Outage, Sample, frozen, locked, stopped

WELL = Sample(health=200, live=200, ready=200, resident=100.0, journal=2.0, journalled=500.0, committed=490.0)
AWAY = replace(WELL, health=503, journal=3.0)
DURING = [replace(AWAY, journalled=600.0 + k, committed=490.0) for k in range(4)]
SEEN = Outage([WELL], DURING, [replace(WELL, resident=130.0)], 9.0, 2.0, 3_000.0, Verdict(0, 0, 9, {}, []))


async def test_a_locked_file(tmp_path: Path) -> None:
    """Nobody else may write, until it is over."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, timeout=0.0)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (x)")
        async with locked(path):
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                db.execute("INSERT INTO t VALUES (1)")
        assert db.execute("INSERT INTO t VALUES (1)").rowcount == 1


@pytest.mark.parametrize("killed", [False, True])
async def test_a_stopped_server(own_postgres: PostgresServer, killed: bool) -> None:
    """Nobody is there, until it is over."""
    async with stopped(own_postgres, killed=killed):
        with pytest.raises(OSError, match=r"No such file|refused"):
            await asyncpg.connect(own_postgres.dsn())
    db = await asyncpg.connect(own_postgres.dsn())
    assert await db.fetchval("SELECT 1") == 1
    await db.close()


def test_all_well() -> None:
    """No problem, and the figures for people."""
    assert SEEN.problems() == []
    assert (SEEN.growth, SEEN.late_growth) == (0.0, 30.0)
    assert "+0 MiB meanwhile, +30 MiB until caught up; journal 3.0 to 3.0 MiB; 113 frames in flight at the end of it" in SEEN.told()


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (replace(SEEN, during=[*DURING[:3], replace(DURING[3], committed=495.0)]), "went on"),
        (replace(SEEN, during=[*DURING[:3], replace(DURING[3], health=200)]), "went on"),
        (replace(SEEN, during=[replace(one, live=503) for one in DURING]), "/health/live"),
        (replace(SEEN, during=[replace(one, ready=503) for one in DURING]), "/health/ready"),
        (replace(SEEN, during=[replace(one, journalled=600.0) for one in DURING]), "did not grow"),
        (replace(SEEN, during=[replace(one, resident=170.0) for one in DURING]), "memory grew by 70 MiB"),
        (replace(SEEN, after=[replace(WELL, resident=230.0)]), "memory grew by 130 MiB in the end"),
        (replace(SEEN, caught_up=31.0), "31.0 s to catch up"),
    ],
)
def test_each_problem_is_named(seen: Outage, problem: str) -> None:
    """One at a time."""
    assert [problem in said for said in seen.problems()] == [True]


async def test_a_frozen_server(own_postgres: PostgresServer) -> None:
    """It takes what it is sent, and answers when it is over."""
    db = await asyncpg.connect(own_postgres.dsn())
    async with frozen(own_postgres):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asking := asyncio.ensure_future(db.fetchval("SELECT 1"))), 0.5)
    assert await asking == 1
    await db.close()
