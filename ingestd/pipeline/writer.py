"""Commits batches, one at a time, and does not let go of one before the store has it."""

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct

from ingestd.batch import Batch, Written
from ingestd.errors import Fenced, StoreUnavailable
from ingestd.interfaces import Clock, Store, Telemetry
from ingestd.model import SECOND
from ingestd.relations import Known, Wanted

T = TypeVar("T")

RETRY_FIRST: Final = 0.25
RETRY_LONGEST: Final = 5.0
"""Seconds between two tries at a store that cannot be reached: doubled each time, up to the longest."""


class WriterStatus(Struct):
    """What health and metrics want to know: since when the store is away (µs, 0: it is there), and what was committed last.

    ``reason`` is the ``problem`` in words that name no place. ``busy_since``: since when the store owes an answer to what it was asked or
    told last (µs, 0: it owes none). ``position``: the checkpoint as this writer knows it.
    """

    unavailable_since: int = 0
    problem: str = ""
    reason: str = ""
    busy_since: int = 0
    committed_at: int = 0
    position: int = 0


class Writer:
    """The one road into the store of a run."""

    def __init__(self, store: Store, clock: Clock, telemetry: Telemetry) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self.status = WriterStatus()

    async def commit(self, batch: Batch) -> Written:
        """Write the batch however long it takes; a commit whose reply was lost is looked up before it is tried again.

        Raises Fenced when another daemon took the store over.
        """
        started = self._clock.monotonic()
        doubt: Written | None = None

        async def attempt() -> Written:
            nonlocal doubt
            try:
                if doubt is not None and await self._arrived(batch):
                    return doubt
                doubt = None
                return await self._store.write(batch)
            except StoreUnavailable as error:
                doubt = error.in_doubt or doubt
                self._telemetry.add("sink_retries_total")
                raise

        try:
            written = await self.asked(attempt)
        except Fenced:
            self._telemetry.add("sink_errors_total", reason="fenced")
            raise
        self._committed(batch, written, self._clock.monotonic() - started)
        return written

    async def known(self, wanted: Wanted) -> Known:
        """What the store knows of links, however long it takes."""
        return await self.asked(partial(self._store.known, wanted))

    async def asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the store until it answers, and say of itself meanwhile that it does not."""
        pause = RETRY_FIRST
        self.status.busy_since = self._clock.now()
        try:
            while True:
                try:
                    answer = await ask()
                except StoreUnavailable as error:
                    self.unavailable(error)
                    await self._clock.sleep(pause)
                    pause = min(2 * pause, RETRY_LONGEST)
                else:
                    self._available()
                    return answer
        finally:
            self.status.busy_since = 0

    def unavailable(self, error: StoreUnavailable) -> None:
        """The store is away, from now on if it was not before."""
        self._telemetry.add("sink_errors_total", reason="unavailable")
        self.status.problem, self.status.reason = str(error), _reason(error)
        if not self.status.unavailable_since:
            self.status.unavailable_since = self._clock.now()
            self._telemetry.fact("store.unavailable", problem=str(error))

    async def _arrived(self, batch: Batch) -> bool:
        """Whether a commit in doubt took place. One that does not move the checkpoint cannot be looked up; it may be repeated."""
        if batch.position <= self.status.position:
            return False
        done = await self._store.position(batch.run, batch.journal_id) >= batch.position
        outcome = "committed" if done else "aborted"
        self._telemetry.add("sink_ambiguous_commits_total", outcome=outcome)
        self._telemetry.fact("store.in_doubt", outcome=outcome)
        return done

    def _available(self) -> None:
        if self.status.unavailable_since:
            away = (self._clock.now() - self.status.unavailable_since) / SECOND
            self.status.unavailable_since = 0
            self.status.problem = self.status.reason = ""
            self._telemetry.fact("store.available", seconds=round(away, 1))

    def _committed(self, batch: Batch, written: Written, seconds: float) -> None:
        self.status.committed_at = self._clock.now()
        self.status.position = batch.position
        self._telemetry.add("sink_batches_total", outcome="committed")
        self._telemetry.fact("batch.committed", rows=len(batch.changes), seconds=round(seconds, 4), position=batch.position)
        self._telemetry.add("sink_commit_duration_seconds", seconds)
        self._telemetry.add("sink_batch_records", len(batch.changes))
        for table, rows in written.rows.items():
            self._telemetry.add("sink_records_total", rows, table=table)
        for refusal in written.refused:
            self._telemetry.add("sink_errors_total", reason="refused")
            self._telemetry.fact("row.refused", table=refusal.table, key=str(refusal.key), error=refusal.error)


def _reason(error: BaseException) -> str:
    """What stopped it at the very beginning, as the system or its own class calls it: no address, no path, no user."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(getattr(error, "sqlite_errorname", type(error).__name__))
