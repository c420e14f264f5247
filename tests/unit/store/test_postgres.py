"""The life of a PostgreSQL store: lock, fence, lost replies, and a server that goes away and comes back."""

import asyncio

import asyncpg
import pytest

from ingestd.batch import Written
from ingestd.clock import SystemClock
from ingestd.errors import Fenced, IngestdError, StoreUnavailable
from ingestd.store.connect import Target
from ingestd.store.postgres import PostgresStore
from ingestd.store.postgres_writing import PostgresWriting
from ingestd.testing.batches import T0, World
from ingestd.testing.postgres import PostgresServer
from tests.unit.store.conftest import SCHEMA, opened


async def test_fence_is_checked_in_every_transaction(postgres_url: str, world: World, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """R6, H17: also with session and lock intact, light and heavy batches alike; nothing of them stays."""
    store = await opened(postgres_url)
    await world.begin(store)
    home = world.selection("home")
    first = world.batch()
    world.tell(first, home)
    await store.write(first)
    await admin.execute("UPDATE ingestd.checkpoints SET fence = fence + 1")
    with pytest.raises(Fenced):
        await store.write(world.batch([world.change(home, T0)]))
    await admin.execute("UPDATE ingestd.checkpoints SET fence = fence - 1")
    assert (await store.write(world.batch([world.change(home, T0)]))).rows == {"odds_history": 1, "odds": 1}
    await admin.execute("UPDATE ingestd.checkpoints SET fence = fence + 1")
    heavy = world.batch([world.change(home, T0 + 1)])
    heavy.rejects = [world.reject("bad", 3)]
    with pytest.raises(Fenced):
        await store.write(heavy)
    assert await admin.fetchval("SELECT count(*) FROM ingestd.odds_history") == 1
    assert await admin.fetchval("SELECT count(*) FROM ingestd.quarantine") == 0
    await store.close()


async def test_killed_server_is_unavailable_then_works(own_postgres: PostgresServer, world: World) -> None:
    """D1: a server that dies and returns: nothing half done, the same batch goes in afterwards."""
    store = await opened(own_postgres.dsn())
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0)])
    world.tell(batch, home)
    await store.write(batch)
    own_postgres.kill()
    batch = world.batch([world.change(home, T0 + 1, 3.0)])
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.write(batch)
        with pytest.raises(StoreUnavailable):
            await store.warm("demo", 0, 0)
    own_postgres.start()
    assert await store.position(world.run, world.journal_id) == 1
    assert (await store.write(batch)).rows == {"odds_history": 1, "odds": 1}
    assert [held.price for held in (await store.warm("demo", 0, 0)).held] == [3.0]
    await store.close()


def pause_before_commit(monkeypatch: pytest.MonkeyPatch, server: PostgresServer) -> None:
    """Freeze the server when all is written and only COMMIT is to be sent."""
    run = PostgresWriting.run

    async def stalling(writing: PostgresWriting) -> Written:
        written = await run(writing)
        server.pause()
        return written

    monkeypatch.setattr(PostgresWriting, "run", stalling)


@pytest.mark.parametrize("heavy", [False, True])
async def test_lost_reply_is_in_doubt(own_postgres: PostgresServer, world: World, monkeypatch: pytest.MonkeyPatch, heavy: bool) -> None:
    """R10, N2: the commit went out and no reply came: in doubt, with what it would have written; afterwards the checkpoint tells."""
    prepared = await opened(own_postgres.dsn())
    await prepared.close()
    store = PostgresStore(Target("postgresql", dsn=own_postgres.dsn(), schema=SCHEMA, command_timeout=1.0), SystemClock())
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0)])
    world.tell(batch, home)
    await store.write(batch)
    batch = world.batch([world.change(home, T0 + 1, 3.0)])
    if heavy:
        batch.rejects = [world.reject("bad", 1)]
        pause_before_commit(monkeypatch, own_postgres)
    else:
        own_postgres.pause()
    try:
        with pytest.raises(StoreUnavailable) as error:
            await store.write(batch)
    finally:
        own_postgres.unpause()
        monkeypatch.undo()
    assert error.value.in_doubt is not None
    assert error.value.in_doubt.rows["odds_history"] == 1
    position = await store.position(world.run, world.journal_id)
    again = await store.write(batch)
    assert again.rows.get("odds_history", 0) == (0 if position == batch.position else 1)
    assert [held.price for held in (await store.warm("demo", 0, 0)).held] == [3.0]
    await store.close()


async def test_cancelled_write_leaves_no_open_transaction(postgres_url: str, world: World) -> None:
    """H3: whoever stops waiting, at whatever await: the next write works, and what was cancelled is whole or not there."""
    store = await opened(postgres_url)
    await world.begin(store)
    for step in range(25):
        home = world.selection(f"s{step}")
        batch = world.batch([world.change(home, T0 + step)])
        world.tell(batch, home)
        writing = asyncio.ensure_future(store.write(batch))
        await asyncio.sleep(step / 1000)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    await store.write(world.batch())
    held = (await store.warm("demo", 0, 0)).held
    found = await store.position(world.run, world.journal_id)
    assert found == world.position
    assert len(held) <= 25
    await store.close()


async def test_every_commit_notifies_its_offset(postgres_url: str, world: World, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Readers are told the offset up to which they may read."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    await admin.add_listener("ingestd", lambda *said: heard.put_nowait(str(said[3])))
    store = await opened(postgres_url)
    await world.begin(store)
    await store.write(world.batch())
    assert await asyncio.wait_for(heard.get(), 5) == str(world.journal_id << 40 | 1)
    await store.close()


async def test_write_without_begin_is_a_bug(postgres_url: str, world: World) -> None:
    """A run that was never entered has no fence, so nothing of it may be written."""
    store = await opened(postgres_url)
    with pytest.raises(IngestdError, match="not begun"):
        await store.write(world.batch())
    await store.close()
