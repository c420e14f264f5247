"""The writing session: its lock, its fence, and how it comes back."""

import asyncpg
import pytest

from ingestd.errors import Fenced, InUse, StoreUnavailable
from ingestd.store.postgres_session import data_error, maybe_committed
from ingestd.testing.batches import World
from tests.unit.store.conftest import end_sessions, opened


async def test_one_daemon_per_schema(postgres_url: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second live run is told who is in the way; another schema is another store; after ``close`` the store is free."""
    monkeypatch.setattr("ingestd.store.postgres_session.LOCK_WAIT", "200ms")
    first, second, elsewhere = await opened(postgres_url), await opened(postgres_url), await opened(postgres_url, "Other one")
    await world.begin(first)
    with pytest.raises(InUse, match="another ingestd"):
        await World().begin(second)
    await World(kind="load").begin(second)
    assert await World().begin(elsewhere) == 0
    await first.close()
    assert await World().begin(second) == 0
    await second.close()
    await elsewhere.close()


async def test_fence_stops_the_one_that_was_taken_over(
    postgres_url: str, world: World, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """R6, X5: a daemon whose session was cut finds at its return that another one has taken over."""
    first, second = await opened(postgres_url), await opened(postgres_url)
    await world.begin(first, "shared")
    await first.write(world.batch())
    await end_sessions(admin)
    successor = World()
    assert await successor.begin(second, "shared") == 1
    with pytest.raises((Fenced, StoreUnavailable)):
        await first.write(world.batch())
    with pytest.raises(Fenced):
        await first.write(world.batch())
    with pytest.raises(Fenced):
        await first.position(world.run, world.journal_id)
    assert await second.position(successor.run, successor.journal_id) == 1
    await first.close()
    await second.close()


async def test_cut_session_is_made_again_with_its_lock(
    postgres_url: str, world: World, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """After a cut the next write goes in, and the store is still ours alone."""
    store = await opened(postgres_url)
    await world.begin(store)
    await store.write(world.batch())
    await end_sessions(admin)
    await store.write(world.batch())
    assert await admin.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") == 1
    assert await store.position(world.run, world.journal_id) == 2
    await store.close()


@pytest.mark.parametrize(
    ("error", "word", "in_doubt"),
    [
        (asyncpg.UniqueViolationError("x"), "constraint", False),
        (asyncpg.ForeignKeyViolationError("x"), "foreign_key", False),
        (asyncpg.NotNullViolationError("x"), "not_null", False),
        (asyncpg.NumericValueOutOfRangeError("x"), "data", False),
        (asyncpg.DivisionByZeroError("x"), "", False),
        (asyncpg.DeadlockDetectedError("x"), "", False),
        (asyncpg.DiskFullError("x"), "", False),
        (asyncpg.UndefinedTableError("x"), "", False),
        (asyncpg.AdminShutdownError("x"), "", True),
        (asyncpg.ConnectionDoesNotExistError("x"), "", True),
        (asyncpg.InterfaceError("x"), "", True),
        (ConnectionResetError("x"), "", True),
        (TimeoutError("x"), "", True),
    ],
)
def test_whose_fault_it_is(error: Exception, word: str, in_doubt: bool) -> None:
    """H7: only a row's own fault splits a batch; a missing reply leaves a commit in doubt."""
    assert data_error(error).split(":")[0] == word
    assert maybe_committed(error) == in_doubt
