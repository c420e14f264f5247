"""One batch on its way into PostgreSQL."""

from collections.abc import Iterable, Sequence

from ingestd.batch import Batch, Written
from ingestd.store import affairs, derived, postgres_sql, retelling, rows
from ingestd.store import statements as sql
from ingestd.store.connect import Session, number
from ingestd.store.postgres_session import DOWN, data_error
from ingestd.store.rejects import rejects
from ingestd.store.rows import Prices, Refused, Row, Step
from ingestd.store.splitting import Split


class PostgresWriting:
    """``careful``: every step in savepoints, split where PostgreSQL refuses a row; else the first refused row fails the whole."""

    def __init__(self, db: Session, batch: Batch, fence: int, now: int, *, careful: bool = False) -> None:
        self._db = db
        self._batch = batch
        self._fence = fence
        self._now = now
        self._careful = careful
        self._refused = Refused()
        self._rows: dict[str, int] = {}
        self._catalogue = rows.catalogue(batch)
        self._coverage, self._sources = rows.coverage(batch), rows.sources(batch)
        for step in (*self._catalogue, self._coverage, self._sources):
            rows.screen(step, self._refused)
        self._changes = rows.screen_changes(batch.changes, self._refused)

    @property
    def light(self) -> bool:
        """Whether one statement holds it all."""
        return not (self._careful or self._catalogue or self._batch.rejects or self._batch.settle or self._refused or self._batch.retelling)

    def times(self) -> Iterable[int]:
        """When its rows of history changed (UTC µs)."""
        return (change.changed_at for change in self._changes if change.history)

    def expected(self) -> Written:
        """What ``everything`` writes at most."""
        prices = rows.prices(self._changes, self._batch.odds_after)
        counts = {"odds_history": sum(prices.history), "odds": sum(prices.odds)}
        return Written(rows={table: count for table, count in counts.items() if count})

    async def everything(self) -> Written:
        """Prices, coverage, sources and checkpoint in one statement, which is its own transaction where none is open."""
        prices = rows.prices(self._changes, self._batch.odds_after)
        said, arguments = postgres_sql.everything(self._batch, prices, self._coverage.rows, self._sources.rows, self._fence, self._now)
        done = await self._db.fetchrow(said, *arguments)
        for table in ("odds_history", "odds", "coverage", "sources"):
            self._count(table, number(done[table]) if done else 0)
        return Written(rows=self._rows, refused=self._refused.refusals())

    async def run(self) -> Written:
        """All steps, in the transaction that is open."""
        for step in self._catalogue:
            await self._step(step)
        if self._refused:
            self._changes = rows.screen_changes(self._changes, self._refused)
        for correction, lot in ((retelling.UNTELL, retelling.untold(self._batch)), (retelling.YIELD, retelling.yielding(self._batch))):
            self._count("untold", await self._correct(correction, lot))
        if self._careful:
            await self._split_prices()
            for step in (self._coverage, self._sources):
                await self._merge(step)
                step.rows = []
        await self.everything()
        standings = retelling.standings(self._batch, self._now)
        await self._correct(retelling.STAND, standings)
        await self._correct(retelling.END, standings)
        for ids in rows.chunks(sorted(self._batch.settle)):
            await self._db.execute(_said(affairs.SETTLE), ids)
        for step in rejects(self._batch, self._refused, self._now):
            self._count("quarantine", await self._many(step.merge, step.rows))
        await self._correct(retelling.DECIDE, retelling.verdicts(self._batch))
        return Written(rows=self._rows, refused=self._refused.refusals())

    async def _step(self, step: Step) -> None:
        if self._refused:
            rows.screen(step, self._refused)
        if step.merge is sql.SELECTIONS:
            stored = await self._db.fetch(_said(affairs.IDENTITIES), [row[0] for row in step.rows])
            rows.collided(step, {number(row[0]): str(row[1]) for row in stored}, self._refused)
        await self._merge(step)
        if step.merge is sql.SELECTIONS:
            await self._many(sql.FIRST_SEEN, step.rows)
        elif step.merge is sql.EVENT_LINKS:
            await self._derive(step)

    async def _derive(self, links: Step) -> None:
        """Keep events what their links make them: those that links are in now, and those that they were to be in."""
        found = await self._db.fetch(_said(derived.EVENTS_OF), rows.keys(links.rows))
        ids = sorted({number(row[0]) for row in found} | rows.events(links.rows))
        for statement in derived.IN_STEP:
            await self._db.execute(_said(statement), ids)
        await self._db.execute(_said(derived.RAISE))
        await self._db.execute(_said(derived.STAMP))

    async def _merge(self, step: Step) -> None:
        """Put a step's rows in, leaving out what PostgreSQL refuses."""
        if not self._careful:
            self._count(step.merge.table, await self._many(step.merge, step.rows))
            return
        split = Split(step.rows)
        for lot in split:
            if error := await self._attempt_rows(step.merge, lot):
                split.refuse(lot, error)
        for row, reason in split.culprits:
            self._refused.add(step.merge.table, step.key(row), reason, row)

    async def _split_prices(self) -> None:
        """Put the changes in, a selection's together, leaving out what PostgreSQL refuses."""
        split = Split(rows.by_selection(self._changes))
        self._changes = []
        for lot in split:
            prices = rows.prices((change for unit in lot for change in unit), self._batch.odds_after)
            if error := await self._attempt_prices(prices):
                split.refuse(lot, error)
        for unit, reason in split.culprits:
            self._refused.add("odds", (unit[0].selection_id,), reason, unit)

    async def _attempt_rows(self, merge: sql.Merge, lot: Sequence[Row]) -> str:
        await self._db.execute("SAVEPOINT attempt")
        try:
            count = await self._many(merge, lot)
        except DOWN as error:
            return await self._undone(error)
        await self._db.execute("RELEASE attempt")
        self._count(merge.table, count)
        return ""

    async def _attempt_prices(self, prices: Prices) -> str:
        await self._db.execute("SAVEPOINT attempt")
        try:
            done = await self._db.fetchrow(postgres_sql.PRICES, *postgres_sql.price_arguments(prices, self._now))
        except DOWN as error:
            return await self._undone(error)
        await self._db.execute("RELEASE attempt")
        for table in ("odds_history", "odds"):
            self._count(table, number(done[table]) if done else 0)
        return ""

    async def _undone(self, error: Exception) -> str:
        reason = data_error(error)
        if not reason:
            raise error
        await self._db.execute("ROLLBACK TO attempt")
        return reason

    async def _many(self, merge: sql.Merge, lot: Sequence[Row]) -> int:
        said = await self._db.execute(sql.rendered(merge, "postgresql"), *postgres_sql.columns(lot, len(merge.columns)))
        return int(said.rsplit(" ", 1)[-1])

    async def _correct(self, correction: retelling.Correction, lot: Sequence[Row]) -> int:
        """How many rows it changed."""
        if not lot:
            return 0
        said = await self._db.execute(retelling.rendered(correction, "postgresql"), *postgres_sql.columns(lot, len(correction.columns)))
        return int(said.rsplit(" ", 1)[-1])

    def _count(self, table: str, count: int) -> None:
        if count:
            self._rows[table] = self._rows.get(table, 0) + count


def _said(statement: str) -> str:
    return affairs.render(statement, "postgresql")
