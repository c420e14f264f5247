"""One SQLite file, and what happens to it behind our back."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.batch import FIRST
from ingestd.clock import SystemClock
from ingestd.errors import IngestdError, StoreUnavailable
from ingestd.store import open_store
from ingestd.store.sqlite import SqliteStore
from ingestd.testing.batches import T0, World
from ingestd.testing.clock import VirtualClock


async def opened(url: str) -> SqliteStore:
    """A prepared store."""
    store = open_store(url, "", SystemClock())
    await store.prepare()
    assert isinstance(store, SqliteStore)
    return store


def path_of(url: str) -> Path:
    """The file behind a URL."""
    return Path(url.removeprefix("sqlite:///"))


async def test_locked_by_another_process_is_unavailable_then_works(sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """D10: somebody else writes: not now; afterwards the same batch goes in; the loop goes on meanwhile."""
    monkeypatch.setattr("ingestd.store.sqlite_file.BUSY_WAIT", 0.3)
    store = await opened(sqlite_url)
    await world.begin(store)
    batch = world.batch()
    world.tell(batch, world.selection("home"))
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waiting = asyncio.ensure_future(store.write(batch))
    ticks = 0
    while not waiting.done():
        ticks += 1
        await asyncio.sleep(0.01)
    with pytest.raises(StoreUnavailable, match="locked"):
        await waiting
    assert ticks > 5
    other.execute("ROLLBACK")
    other.close()
    assert (await store.write(batch)).rows["selections"] == 1
    await store.close()


async def test_file_deleted_or_replaced_is_fatal(sqlite_url: str, world: World) -> None:
    """K6: nothing is ever written to a ghost file."""
    store = await opened(sqlite_url)
    await world.begin(store)
    path = path_of(sqlite_url)
    path.rename(path.with_name("moved.db"))
    with pytest.raises(IngestdError, match="deleted") as gone:
        await store.write(world.batch())
    assert not isinstance(gone.value, StoreUnavailable)
    path.touch()
    with pytest.raises(IngestdError, match="replaced"):
        await store.write(world.batch())
    await store.close()


async def test_failed_commit_is_in_doubt(sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """R10: a commit that failed in the middle may be found after a crash: the checkpoint is to be asked."""

    class Failing:
        """A connection whose COMMIT fails."""

        def __init__(self, db: sqlite3.Connection) -> None:
            self._db = db

        def __getattr__(self, name: str) -> object:
            return getattr(self._db, name)

        def execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return self._db.execute(statement, values)

    store = await opened(sqlite_url)
    await world.begin(store)
    real = store._file._db
    assert real is not None
    batch = world.batch([world.change(world.selection("home"), T0)])
    world.tell(batch, world.selection("home"))
    monkeypatch.setattr(store._file, "_db", Failing(real))
    with pytest.raises(StoreUnavailable) as error:
        await store.write(batch)
    assert error.value.in_doubt is not None
    assert error.value.in_doubt.rows["odds_history"] == 1
    monkeypatch.setattr(store._file, "_db", real)
    assert await store.position(world.run, world.journal_id) == 0
    assert (await store.write(batch)).rows["odds_history"] == 1
    await store.close()


async def test_settings_that_make_commits_last(sqlite_url: str) -> None:
    """WAL, every commit synced, foreign keys enforced."""
    store = await opened(sqlite_url)
    db = store._file._db
    assert db is not None
    said = await store._run(
        lambda: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    )
    assert said == ["wal", 2, 1]
    await store.close()


@pytest.mark.parametrize("mode", ["NONE", "INCREMENTAL"])
async def test_what_is_deleted_makes_the_file_smaller_where_it_is_set_up_for_it(sqlite_url: str, world: World, mode: str) -> None:
    """Else its pages stay, and are filled again."""
    store = await opened(sqlite_url)
    await store.close()
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as db:
        db.execute(f"PRAGMA auto_vacuum = {mode}")
        db.execute("VACUUM")
    later = open_store(sqlite_url, "", VirtualClock(T0 + 1_000_000))
    await later.prepare()
    await world.begin(later)
    said = world.selection("home")
    batch = world.batch([world.change(said, T0 + place) for place in range(3_000)])
    world.tell(batch, said)
    await later.write(batch)
    after: int | None = FIRST
    while after is not None:
        after = (await later.prune("odds_history", T0 + 2_000_000, after)).rest
    await later.close()
    with closing(sqlite3.connect(path_of(sqlite_url))) as db:
        assert db.execute("SELECT count(*) FROM odds_history").fetchone() == (1,)
        assert (db.execute("PRAGMA freelist_count").fetchone()[0] == 0) == (mode == "INCREMENTAL")
