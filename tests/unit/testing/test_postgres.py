"""The server for tests does what tests of outages need of it."""

import asyncpg
import pytest

from ingestd.testing.postgres import PostgresServer


async def test_stop_kill_pause_start(own_postgres: PostgresServer) -> None:
    """Gone, back with what was committed, frozen, and going on."""
    db = await asyncpg.connect(own_postgres.dsn())
    await db.execute("CREATE TABLE kept (x int)")
    own_postgres.pause()
    with pytest.raises(TimeoutError):
        await db.execute("SELECT 1", timeout=0.2)
    own_postgres.unpause()
    db.terminate()
    for stop in (own_postgres.stop, own_postgres.kill):
        stop()
        with pytest.raises(OSError, match="No such file"):
            await asyncpg.connect(own_postgres.dsn())
        own_postgres.start()
    db = await asyncpg.connect(own_postgres.dsn())
    assert await db.fetchval("SELECT count(*) FROM kept") == 0
    await db.close()
