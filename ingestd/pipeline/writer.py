"""Commits batches, one at a time, and does not let go of one before the store has it."""

from collections.abc import Awaitable, Callable
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

    ``busy_since``: since when the batch at hand is being written (µs, 0: none is). ``position``: the checkpoint as this writer knows it.
    """

    unavailable_since: int = 0
    problem: str = ""
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
        self.status.busy_since = self._clock.now()
        try:
            written = await self._until_done(batch)
        except Fenced:
            self._telemetry.add("sink_errors_total", reason="fenced")
            raise
        self.status.busy_since = 0
        self._committed(batch, written, self._clock.monotonic() - started)
        return written

    async def known(self, wanted: Wanted) -> Known:
        """What the store knows of links, however long it takes."""
        return await self.asked(lambda: self._store.known(wanted))

    async def asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the store, however long it takes."""
        pause = RETRY_FIRST
        while True:
            try:
                answer = await ask()
            except StoreUnavailable as error:
                self._unavailable(error)
                await self._clock.sleep(pause)
                pause = min(2 * pause, RETRY_LONGEST)
            else:
                self._available()
                return answer

    async def _until_done(self, batch: Batch) -> Written:
        pause = RETRY_FIRST
        doubt: Written | None = None
        while True:
            try:
                if doubt is not None and await self._arrived(batch):
                    written = doubt
                else:
                    doubt = None
                    written = await self._store.write(batch)
            except StoreUnavailable as error:
                doubt = error.in_doubt or doubt
                self._unavailable(error)
                self._telemetry.add("sink_retries_total")
                await self._clock.sleep(pause)
                pause = min(2 * pause, RETRY_LONGEST)
            else:
                self._available()
                return written

    async def _arrived(self, batch: Batch) -> bool:
        """Whether a commit in doubt took place. One that does not move the checkpoint cannot be looked up; it may be repeated."""
        if batch.position <= self.status.position:
            return False
        done = await self._store.position(batch.run, batch.journal_id) >= batch.position
        outcome = "committed" if done else "aborted"
        self._telemetry.add("sink_ambiguous_commits_total", outcome=outcome)
        self._telemetry.fact("store.in_doubt", outcome=outcome)
        return done

    def _unavailable(self, error: StoreUnavailable) -> None:
        self._telemetry.add("sink_errors_total", reason="unavailable")
        self.status.problem = str(error)
        if not self.status.unavailable_since:
            self.status.unavailable_since = self._clock.now()
            self._telemetry.fact("store.unavailable", problem=str(error))

    def _available(self) -> None:
        if self.status.unavailable_since:
            away = (self._clock.now() - self.status.unavailable_since) / SECOND
            self.status.unavailable_since = 0
            self.status.problem = ""
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
