"""The store on PostgreSQL: one writing session, one transaction at a time, in one round trip where a batch allows it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from ingestd.batch import FIRST, Batch, IncidentRow, Prunable, Pruned, Warm, Written
from ingestd.errors import IngestdError, StoreUnavailable
from ingestd.interfaces import Clock
from ingestd.model import Frame, Run
from ingestd.relations import Known, Wanted
from ingestd.store import affairs, postgres_open, postgres_pruning, postgres_sql, pruning
from ingestd.store import statements as sql
from ingestd.store.checks import storable
from ingestd.store.connect import Session, Target, number, reader_engine
from ingestd.store.history import incident_rows
from ingestd.store.known import read_known
from ingestd.store.postgres_session import DOWN, FENCE_STATE, PostgresSession, data_error, maybe_committed
from ingestd.store.postgres_writing import PostgresWriting
from ingestd.store.relating import prefer, writing
from ingestd.store.warm import read_past, read_seen_until, read_warm


class PostgresStore:
    """``interfaces.Store`` on PostgreSQL, in a schema of its own."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._session = PostgresSession(target)
        self._reader = reader_engine(target, keep=True)
        self._fences: dict[tuple[str, int], int] = {}
        self._one = asyncio.Lock()

    async def prepare(self) -> None:
        """As in ``interfaces.Store``."""
        await postgres_open.prepare(self._target)

    async def journal_id(self, uid: str, path: str) -> int:
        """As in ``interfaces.Store``."""
        async with self._transaction() as db:
            return number(await db.fetchval(_said(affairs.JOURNAL), uid, storable(path), self._clock.now()))

    async def begin(self, run: Run, journal_id: int, position: int) -> int:
        """As in ``interfaces.Store``; a live run first takes a lock that lasts as long as the session."""
        held = self._held() if run.kind == "live" else 0
        if run.kind == "live" and not held:
            async with self._session_alone() as db:
                await self._session.lock(db)
        async with self._transaction() as db:
            highest = number(await db.fetchval(_said(affairs.HIGHEST_FENCE), run.kind))
            if held and highest != held:
                raise self._session.taken_over()
            fence = held or highest + 1
            await db.execute(_said(affairs.BEGIN_RUN), run.run_id, run.source, run.kind, run.started_at)
            if run.kind == "live" and not held:
                await db.execute(_said(affairs.DIED), run.run_id)
                await db.execute(_said(affairs.FENCE_OFF), run.kind, fence)
            found = await db.fetchval(_said(affairs.CHECKPOINT), run.kind, journal_id, position, self._clock.now(), fence)
        self._fences[run.kind, journal_id] = fence
        if run.kind == "live":
            self._session.fenced(fence)
        return number(found)

    async def position(self, run: Run, journal_id: int) -> int:
        """As in ``interfaces.Store``; waits for a transaction of ours that may still be under way."""
        fence = self._fence(run, journal_id)
        async with self._transaction() as db:
            row = await db.fetchrow(_said(affairs.POSITION), run.kind, journal_id)
        if row is None or row["fence"] != fence:
            raise self._session.taken_over()
        return number(row["position"])

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
        async with self._session_alone() as db:
            writing = PostgresWriting(db, batch, fence, self._clock.now())
            await self._make_months(db, writing.times())
            try:
                if writing.light:
                    return await self._at_once(writing)
                return await self._whole(db, writing)
            except Exception as error:
                if not data_error(error):
                    raise
            # a month that is known may be gone: housekeeping has dropped it since, here or beside this process
            await self._session.months.look(db)
            await self._make_months(db, writing.times())
            return await self._whole(db, PostgresWriting(db, batch, fence, self._clock.now(), careful=True))

    async def record(self, incidents: Sequence[IncidentRow]) -> None:
        """As in ``interfaces.HistoryStore``."""
        found = incident_rows(incidents)
        async with self._transaction() as db:
            await self._stand(db)
            await db.execute(sql.rendered(sql.INCIDENTS, "postgresql"), *postgres_sql.columns(found, len(sql.INCIDENTS.columns)))

    async def make_room(self, times: Sequence[int]) -> None:
        """As in ``interfaces.HistoryStore``: months are made where nobody waits for them yet, and where nobody must wait long."""
        async with self._session_alone() as db, db.transaction():
            await self._stand(db)
            await db.execute(f"SET LOCAL lock_timeout = '{postgres_pruning.LOCK_WAIT}'")
            await self._make_months(db, times)

    async def prune(self, table: Prunable, before: int, after: int = FIRST) -> Pruned:
        """As in ``interfaces.HistoryStore``; of history, a month."""
        if table == "odds_history":
            return await self._prune_month(before, after)
        async with self._transaction() as db:
            await self._stand(db)
            said = await db.execute(_said(pruning.OVER[table]), before)
        rows = int(said.rsplit(" ", 1)[-1])
        return Pruned(rows, after if rows == pruning.CHUNK else None)

    async def end(self, run: Run, *, ended_at: int, status: str, counts: Mapping[str, int], error: str = "") -> None:
        """As in ``interfaces.Store``."""
        async with self._transaction() as db:
            said = json.dumps(dict(counts), sort_keys=True)
            await db.execute(_said(affairs.END_RUN), run.run_id, ended_at, status, said, storable(error))

    async def close(self) -> None:
        """End both sessions."""
        async with self._one:
            await self._session.close()
        await self._reader.dispose()

    async def _at_once(self, writing: PostgresWriting) -> Written:
        try:
            return await writing.everything()
        except DOWN as error:
            if maybe_committed(error) and not data_error(error):
                raise self._in_doubt(error, writing.expected()) from error
            raise

    async def _whole(self, db: Session, writing: PostgresWriting) -> Written:
        await db.execute("BEGIN")
        try:
            written = await writing.run()
        except DOWN:
            await db.execute("ROLLBACK")
            raise
        try:
            await db.execute("COMMIT")
        except DOWN as error:
            if maybe_committed(error):
                raise self._in_doubt(error, written) from error
            raise
        return written

    async def _make_months(self, db: Session, times: Iterable[int]) -> None:
        missing = self._session.months.missing(times)
        if missing:
            await self._session.months.make(db, missing)

    async def _prune_month(self, before: int, after: int) -> Pruned:
        """In a session of its own: the writing one stays free for batches."""
        try:
            db = await postgres_pruning.connect(self._target)
            try:
                async with db.transaction():
                    await self._stand(db)
                    month = await postgres_pruning.next_month(db, before, after)
                    return Pruned(0, None) if month is None else await postgres_pruning.prune_month(db, month, before)
            finally:
                await db.close()
        except DOWN as error:
            raise self._session.unavailable(error) from error

    async def _stand(self, db: Session) -> None:
        """Raises Fenced where this is a daemon's store and another daemon has taken over."""
        if self._held() and number(await db.fetchval(_said(affairs.HIGHEST_FENCE), "live")) != self._held():
            raise self._session.taken_over()

    def _in_doubt(self, error: Exception, written: Written) -> StoreUnavailable:
        return StoreUnavailable(
            f"store {self._target.shown}: a commit was not answered: {str(error) or type(error).__name__}", in_doubt=written
        )

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Session]:
        # no ROLLBACK: after whatever went wrong the session is dropped, and one that was frozen would not answer it
        async with self._session_alone() as db:
            await db.execute("BEGIN")
            yield db
            await db.execute("COMMIT")

    @asynccontextmanager
    async def _session_alone(self) -> AsyncIterator[Session]:
        """The session, for one at a time. It is dropped after any error but a refused row's: what is left of it is nobody's concern."""
        async with self._one:
            db = await self._session.connected()
            try:
                yield db
            except DOWN as error:
                self._session.drop()
                if getattr(error, "sqlstate", "") == FENCE_STATE:
                    raise self._session.taken_over() from error
                raise self._session.unavailable(error) from error
            except BaseException:
                self._session.drop()
                raise

    def _held(self) -> int:
        return max((fence for (reader, _), fence in self._fences.items() if reader == "live"), default=0)

    def _fence(self, run: Run, journal_id: int) -> int:
        fence = self._fences.get((run.kind, journal_id))
        if fence is None:
            raise IngestdError(f"run {run.run_id} ({run.kind}) was not begun on this store with journal {journal_id}")
        return fence


def _said(statement: str) -> str:
    return affairs.render(statement, "postgresql")
