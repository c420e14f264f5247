"""The store on SQLite: one file, one owned thread, one transaction at a time."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from ingestd.batch import FIRST, Batch, IncidentRow, Prunable, Pruned, Warm, Written
from ingestd.errors import IngestdError, InUse
from ingestd.interfaces import Clock
from ingestd.model import Frame, Run
from ingestd.relations import Known, Wanted
from ingestd.store import sqlite_open
from ingestd.store.connect import Target, reader_engine
from ingestd.store.history import incident_rows
from ingestd.store.known import read_known
from ingestd.store.relating import prefer, writing
from ingestd.store.sqlite_file import SqliteFile
from ingestd.store.warm import read_past, read_seen_until, read_warm

P = ParamSpec("P")
T = TypeVar("T")
LOCK_WAIT = 5.0
"""Seconds that a daemon waits for a dying predecessor's lock."""


class SqliteStore:
    """``interfaces.Store`` on a SQLite file. What writes runs to its end in a thread of its own, whoever stops waiting."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target = target
        self._path = Path(target.path)
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._file = SqliteFile(self._path)
        self._reader = reader_engine(target, keep=True)
        self._fences: dict[tuple[str, int], int] = {}
        self._lock: int | None = None

    async def prepare(self) -> None:
        """As in ``interfaces.Store``."""
        await self._run(sqlite_open.prepare, self._path)
        await self._run(self._file.open)

    async def journal_id(self, uid: str, path: str) -> int:
        """As in ``interfaces.Store``."""
        return await self._run(self._file.journal_id, uid, path, self._clock.now())

    async def begin(self, run: Run, journal_id: int, position: int) -> int:
        """As in ``interfaces.Store``; a live run first locks ``<file>.lock``."""
        if run.kind == "live":
            await self._take_lock()
        held = self._held() if run.kind == "live" else 0
        found, fence = await self._run(self._file.begin, run, journal_id, position, held, self._clock.now())
        self._fences[run.kind, journal_id] = fence
        return found

    async def position(self, run: Run, journal_id: int) -> int:
        """As in ``interfaces.Store``."""
        return await self._run(self._file.position, run.kind, journal_id, self._fence(run, journal_id))

    async def warm(self, source: str, since: int, closed_since: int) -> Warm:
        """As in ``interfaces.Store``."""
        return await read_warm(self._reader, source, since, closed_since)

    async def past(self, source: str, offset: int, frame: Frame, since: int) -> Warm:
        """As in ``interfaces.Store``."""
        return await read_past(self._reader, source, offset, frame, since)

    async def seen_until(self, source: str) -> int | None:
        """As in ``interfaces.Store``."""
        return await read_seen_until(self._reader, source)

    async def prefer(self, sources: Sequence[str]) -> None:
        """As in ``interfaces.Store``."""
        async with writing(self._target) as db:
            await prefer(db, sources)

    async def known(self, wanted: Wanted) -> Known:
        """As in ``interfaces.Store``."""
        return await read_known(self._reader, wanted)

    async def write(self, batch: Batch) -> Written:
        """As in ``interfaces.Store``."""
        fence = self._fence(batch.run, batch.journal_id)
        return await self._run(self._file.write, batch, fence, self._clock.now())

    async def record(self, incidents: Sequence[IncidentRow]) -> None:
        """As in ``interfaces.HistoryStore``."""
        await self._run(self._file.record, incident_rows(incidents), self._held())

    async def make_room(self, times: Sequence[int]) -> None:
        """As in ``interfaces.HistoryStore``: here one table holds all times."""

    async def prune(self, table: Prunable, before: int, after: int = FIRST) -> Pruned:
        """As in ``interfaces.HistoryStore``; pages that are free then are given back where the file is set up for it."""
        pruned = await self._run(self._file.prune, table, before, after, self._held())
        if pruned.rows:
            await self._run(self._file.give_back)
        return pruned

    async def end(self, run: Run, *, ended_at: int, status: str, counts: Mapping[str, int], error: str = "") -> None:
        """As in ``interfaces.Store``."""
        await self._run(self._file.end, run.run_id, ended_at, status, counts, error)

    async def close(self) -> None:
        """Finish what is being written, then let go of the file and its lock."""
        await self._reader.dispose()
        await self._run(self._file.close)
        self._thread.shutdown()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _run(self, action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in the owned thread. Cancelling the wait leaves the action running to its end there, ahead of whatever comes next."""
        del kwargs
        return await asyncio.get_running_loop().run_in_executor(self._thread, action, *args)

    def _held(self) -> int:
        return max((fence for (reader, _), fence in self._fences.items() if reader == "live"), default=0)

    def _fence(self, run: Run, journal_id: int) -> int:
        fence = self._fences.get((run.kind, journal_id))
        if fence is None:
            raise IngestdError(f"run {run.run_id} ({run.kind}) was not begun on this store with journal {journal_id}")
        return fence

    async def _take_lock(self) -> None:
        """The lock lasts as long as this process, or until ``close``."""
        if self._lock is not None:
            return
        path = self._path.with_name(self._path.name + ".lock")
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = self._clock.monotonic() + LOCK_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if self._clock.monotonic() >= deadline:
                    os.close(lock)
                    raise InUse(
                        f"store {self._path}: another ingestd is running on it (lock {path}); stop it, or set another store.url"
                    ) from error
            else:
                self._lock = lock
                return
            await self._clock.sleep(0.1)
