"""Which deliveries were taken already, over restarts: a small file of ids, the oldest forgotten first."""

import sqlite3
from asyncio import get_running_loop, shield
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

from ingestd.errors import Refused
from ingestd.model import SECOND

T = TypeVar("T")
NAME: Final = "deliveries.db"
_SCHEMA: Final = """
    PRAGMA journal_mode=WAL;
    PRAGMA synchronous=FULL;
    CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS deliveries_at ON deliveries (at)"""


class Memory:
    """Ids on disk, with the time at which each was remembered; kept for ``horizon`` seconds, ``most`` of them. Use ``remembering``."""

    def __init__(self, file: sqlite3.Connection, thread: ThreadPoolExecutor, horizon: float, most: int) -> None:
        self._file = file
        self._thread = thread
        self._horizon = int(horizon * SECOND)
        self._most = most

    async def knows(self, delivery: str) -> bool:
        """Whether the id is remembered."""
        return await self._do(lambda: self._file.execute("SELECT 1 FROM deliveries WHERE id = ?", (delivery,)).fetchone() is not None)

    async def remember(self, deliveries: Sequence[str], now: int) -> None:
        """Durable on return; ``now`` in UTC µs. Raises sqlite3.Error where the disk will not take it."""
        await self._do(lambda: self._remember(deliveries, now))

    async def _do(self, job: Callable[[], T]) -> T:
        return await get_running_loop().run_in_executor(self._thread, job)

    def _remember(self, deliveries: Sequence[str], now: int) -> None:
        # numbers have no holes: ids come at one end and go at the other
        with self._file:
            self._file.execute("BEGIN IMMEDIATE")
            rows = [(delivery, now) for delivery in deliveries]
            self._file.executemany("INSERT INTO deliveries (id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)
            self._file.execute("DELETE FROM deliveries WHERE at < ?", (now - self._horizon,))
            self._file.execute("DELETE FROM deliveries WHERE number <= (SELECT max(number) FROM deliveries) - ?", (self._most,))


@asynccontextmanager
async def remembering(folder: Path, horizon: float, most: int) -> AsyncIterator[Memory]:
    """The memory in this folder, or a new one; a damaged one is begun anew. Raises Refused where the folder cannot be used."""
    path = folder / NAME
    loop = get_running_loop()
    with ThreadPoolExecutor(1, "webhook-memory") as thread:
        try:
            file = await loop.run_in_executor(thread, _open, path)
        except (sqlite3.Error, OSError) as error:
            raise Refused("memory", f"{path}: {error}", "make the folder writable") from error
        try:
            yield Memory(file, thread, horizon, most)
        finally:
            await shield(loop.run_in_executor(thread, file.close))


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _opened(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(NAME + suffix).unlink(missing_ok=True)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        file.executescript(_SCHEMA)
    except BaseException:
        file.close()
        raise
    return file
