"""The life of a SQLite store: its lock, its fence, and what other processes do to its file."""

import asyncio
from pathlib import Path

import pytest

from ingestd.clock import SystemClock
from ingestd.errors import Fenced, IngestdError, InUse
from ingestd.store import open_store, sqlite
from ingestd.store.sqlite import SqliteStore
from ingestd.testing.batches import World


async def opened(url: str) -> SqliteStore:
    """A prepared store."""
    store = open_store(url, "", SystemClock())
    await store.prepare()
    assert isinstance(store, SqliteStore)
    return store


def path_of(url: str) -> Path:
    """The file behind a URL."""
    return Path(url.removeprefix("sqlite:///"))


async def test_one_daemon_at_a_time(sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second live run is told at once who is in the way; a load may run beside; after ``close`` the store is free."""
    monkeypatch.setattr(sqlite, "LOCK_WAIT", 0.2)
    first, second = await opened(sqlite_url), await opened(sqlite_url)
    await world.begin(first)
    with pytest.raises(InUse, match="another ingestd"):
        await World().begin(second)
    await World(kind="load").begin(second)
    await first.close()
    assert await World().begin(second) == 0
    await second.close()


async def test_fence_stops_the_one_that_was_taken_over(sqlite_url: str, world: World) -> None:
    """R6: whoever lost its lock without noticing is stopped by the fence in its own transaction."""
    first = await opened(sqlite_url)
    await world.begin(first, "shared")
    await first.write(world.batch())
    lock = path_of(sqlite_url).with_name("store.db.lock")
    lock.unlink()
    second = await opened(sqlite_url)
    successor = World()
    assert await successor.begin(second, "shared") == 1
    with pytest.raises(Fenced):
        await first.write(world.batch())
    with pytest.raises(Fenced):
        await first.position(world.run, world.journal_id)
    with pytest.raises(Fenced):
        await first.begin(World().run, world.journal_id, 0)
    assert await second.position(successor.run, successor.journal_id) == 1
    await first.close()
    await second.close()


async def test_cancelled_write_leaves_no_open_transaction(sqlite_url: str, world: World) -> None:
    """R11: whoever stops waiting, the transaction ends, and the next one begins."""
    store = await opened(sqlite_url)
    await world.begin(store)
    for step in range(20):
        batch = world.batch()
        world.tell(batch, *(world.selection(f"{step}-{number}") for number in range(50)))
        writing = asyncio.ensure_future(store.write(batch))
        for _ in range(step % 4):
            await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    assert (await store.write(world.batch())).refused == ()
    assert await store.position(world.run, world.journal_id) == world.position
    await store.close()


async def test_write_without_begin_is_a_bug(sqlite_url: str, world: World) -> None:
    """A run that was never entered has no fence, so nothing of it may be written."""
    store = await opened(sqlite_url)
    with pytest.raises(IngestdError, match="not begun"):
        await store.write(world.batch())
    await store.close()
