"""Transactions on one SQLite file, synchronous, all called in one thread."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from ingestd.batch import Batch, Prunable, Pruned, Written
from ingestd.errors import Fenced, IngestdError, StoreUnavailable
from ingestd.model import Run
from ingestd.store import affairs, derived, pruning, retelling, rows
from ingestd.store import statements as sql
from ingestd.store.checks import storable
from ingestd.store.rejects import rejects
from ingestd.store.rows import Refused, Row, Step
from ingestd.store.splitting import Split

BUSY_WAIT: Final = 2.0
"""Seconds to wait inside SQLite for another process's lock before saying that the store is not available."""
PAGES: Final = 1_000
"""Free pages that are given back at a time."""
_DATA_ERRORS: Final = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, OverflowError, UnicodeEncodeError)


class SqliteFile:
    """The one writing connection. ``StoreUnavailable`` where SQLite is locked or out of room, IngestdError where the file is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._inode = (0, 0)

    def open(self) -> None:
        """Connect to a prepared file: WAL, every commit synced, foreign keys enforced."""
        with _translated():
            self._db = connect(self._path)
            self._inode = self._identity()

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def journal_id(self, uid: str, path: str, now: int) -> int:
        """The id of a journal, allocated at first contact."""
        with self._transaction() as db:
            return int(_one(db, affairs.JOURNAL, (uid, storable(path), now))[0])

    def begin(self, run: Run, journal_id: int, position: int, held: int, now: int) -> tuple[int, int]:
        """Enter the run and take the fence (``held``: the one that this store has already, 0 for none): its position and fence."""
        with self._transaction() as db:
            highest = int(_one(db, affairs.HIGHEST_FENCE, (run.kind,))[0])
            if held and highest != held:
                raise Fenced(f"store {self._path}: another daemon has taken over")
            fence = held or highest + 1
            db.execute(_said(affairs.BEGIN_RUN), (run.run_id, run.source, run.kind, run.started_at))
            if run.kind == "live" and not held:
                db.execute(_said(affairs.DIED), (run.run_id,))
                db.execute(_said(affairs.FENCE_OFF), (run.kind, fence))
            found = _one(db, affairs.CHECKPOINT, (run.kind, journal_id, position, now, fence))
            return int(found[0]), fence

    def position(self, reader: str, journal_id: int, fence: int) -> int:
        """The checkpoint as committed."""
        with self._transaction() as db:
            found, holder = _one(db, affairs.POSITION, (reader, journal_id))
        if holder != fence:
            raise Fenced(f"store {self._path}: another daemon has taken over")
        return int(found)

    def end(self, run_id: int, ended_at: int, status: str, counts: Mapping[str, int], error: str) -> None:
        """Close the run's row."""
        with self._transaction() as db:
            db.execute(_said(affairs.END_RUN), (run_id, ended_at, status, json.dumps(dict(counts), sort_keys=True), storable(error)))

    def record(self, incidents: Sequence[Row], held: int) -> None:
        """Rows of ``incidents``, where the fence is still the one that is held (0: none is)."""
        with self._transaction() as db:
            self._stand(db, held)
            db.executemany(sql.rendered(sql.INCIDENTS, "sqlite"), incidents)

    def prune(self, table: Prunable, before: int, after: int, held: int) -> Pruned:
        """One step of ``interfaces.HistoryStore.prune``; of history, a lot of selections, or as much of it as one transaction may take."""
        with self._transaction() as db:
            self._stand(db, held)
            if table != "odds_history":
                rows = db.execute(_said(pruning.OVER[table]), (before,)).rowcount
                return Pruned(rows, after if rows == pruning.CHUNK else None)
            (last,) = db.execute(_said(pruning.LAST_OF_LOT), (after,)).fetchone()
            if last is None:
                return Pruned(0, None)
            rows = db.execute(_said(pruning.HISTORY), (before, after, last)).rowcount
            return Pruned(rows, after if rows == pruning.CHUNK else last)

    def give_back(self) -> None:
        """Make the file smaller by some free pages; does nothing unless its ``auto_vacuum`` is INCREMENTAL."""
        with _translated():
            if self._db is not None:
                # execute() takes one step of what has no columns, and a step is a page
                self._db.executescript(f"PRAGMA incremental_vacuum({PAGES})")

    def write(self, batch: Batch, fence: int, now: int) -> Written:
        """One transaction with everything of the batch; a row that SQLite will not take is left out, alone, and quarantined."""
        with self._transaction() as db:
            advanced = db.execute(_said(affairs.ADVANCE), (batch.position, now, batch.run.kind, batch.journal_id, fence))
            if advanced.rowcount != 1:
                raise Fenced(f"store {self._path}: another daemon has taken over")
            written = _Writing(db, batch, now).run()
            self._commit(db, written)
        return written

    def _stand(self, db: sqlite3.Connection, held: int) -> None:
        if held and int(_one(db, affairs.HIGHEST_FENCE, ("live",))[0]) != held:
            raise Fenced(f"store {self._path}: another daemon has taken over")

    def _commit(self, db: sqlite3.Connection, written: Written) -> None:
        try:
            db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreUnavailable(f"store {self._path}: commit failed: {error}", in_doubt=written) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """BEGIN IMMEDIATE to COMMIT, rolled back on any error."""
        if self._db is None:
            raise StoreUnavailable(f"store {self._path} is not open")
        if self._identity() != self._inode:
            raise IngestdError(f"store {self._path} was replaced under us; stop whatever did it and start again")
        db = self._db
        with _translated():
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                if db.in_transaction:
                    db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def _identity(self) -> tuple[int, int]:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - twice the speed of Path.stat, once per transaction
        except FileNotFoundError as error:
            raise IngestdError(f"store {self._path} was deleted under us; restore it and start again") from error
        return found.st_dev, found.st_ino


class _Writing:
    """One batch going into an open transaction."""

    def __init__(self, db: sqlite3.Connection, batch: Batch, now: int) -> None:
        self._db = db
        self._batch = batch
        self._now = now
        self._refused = Refused()
        self._rows: dict[str, int] = {}

    def run(self) -> Written:
        """Everything but BEGIN, the checkpoint and COMMIT."""
        for step in rows.catalogue(self._batch):
            self._catalogue(step)
        for correction, lot in ((retelling.UNTELL, retelling.untold(self._batch)), (retelling.YIELD, retelling.yielding(self._batch))):
            self._count("untold", self._correct(correction, lot))
        self._prices()
        standings = retelling.standings(self._batch, self._now)
        self._correct(retelling.STAND, standings)
        self._correct(retelling.END, standings)
        for step in (rows.coverage(self._batch), rows.sources(self._batch)):
            rows.screen(step, self._refused)
            self._merge(step)
        self._settle()
        for step in rejects(self._batch, self._refused, self._now):
            self._count("quarantine", self._many(step.merge, step.rows))
        self._correct(retelling.DECIDE, retelling.verdicts(self._batch))
        return Written(rows=self._rows, refused=self._refused.refusals())

    def _catalogue(self, step: Step) -> None:
        rows.screen(step, self._refused)
        if step.merge is sql.SELECTIONS:
            for ids in rows.chunks([row[0] for row in step.rows]):
                stored = self._db.execute(_said(affairs.IDENTITIES), (json.dumps(ids),)).fetchall()
                rows.collided(step, dict(stored), self._refused)
        self._merge(step)
        if step.merge is sql.SELECTIONS:
            self._many(sql.FIRST_SEEN, step.rows)
        elif step.merge is sql.EVENT_LINKS:
            self._derive(step)

    def _derive(self, links: Step) -> None:
        """Keep events what their links make them: those that links are in now, and those that they were to be in."""
        for lot in rows.chunks(links.rows):
            found = self._db.execute(_said(derived.EVENTS_OF), (rows.keys(lot),))
            ids = json.dumps(sorted({row[0] for row in found} | rows.events(lot)))
            for statement in derived.IN_STEP:
                self._db.execute(_said(statement), (ids,))
        self._db.execute(_said(derived.RAISE))
        self._db.execute(_said(derived.STAMP))

    def _merge(self, step: Step) -> None:
        """Put a step's rows in, leaving out what SQLite refuses."""
        split = Split(step.rows)
        for lot in split:
            if error := self._attempt(((step.merge, lot),)):
                split.refuse(lot, error)
        for row, reason in split.culprits:
            self._refused.add(step.merge.table, step.key(row), reason, row)

    def _prices(self) -> None:
        """Put the changes in, a selection's together."""
        changes = rows.screen_changes(self._batch.changes, self._refused)
        split = Split(rows.by_selection(changes))
        for lot in split:
            prices = rows.prices((change for unit in lot for change in unit), self._batch.odds_after)
            both = ((sql.ODDS_HISTORY, rows.history_rows(prices, self._now)), (sql.ODDS, rows.odds_rows(prices, self._now)))
            if error := self._attempt(both):
                split.refuse(lot, error)
        for unit, reason in split.culprits:
            self._refused.add("odds", (unit[0].selection_id,), reason, unit)

    def _attempt(self, lots: Iterable[tuple[sql.Merge, Sequence[Row]]]) -> str:
        """All of it, or nothing and why."""
        self._db.execute("SAVEPOINT attempt")
        counts = []
        try:
            for merge, lot in lots:
                counts.append((merge.table, self._many(merge, lot)))
        except _DATA_ERRORS as error:
            self._db.execute("ROLLBACK TO attempt")
            self._db.execute("RELEASE attempt")
            return _reason(error)
        self._db.execute("RELEASE attempt")
        for table, count in counts:
            self._count(table, count)
        return ""

    def _settle(self) -> None:
        """Free the history of rows that equal the row before them."""
        for ids in rows.chunks(sorted(self._batch.settle)):
            self._db.execute(_said(affairs.SETTLE), (json.dumps(ids),))

    def _many(self, merge: sql.Merge, lot: Sequence[Row]) -> int:
        before = self._db.total_changes
        self._db.executemany(sql.rendered(merge, "sqlite"), lot)
        return self._db.total_changes - before

    def _correct(self, correction: retelling.Correction, lot: Sequence[Row]) -> int:
        """How many rows it changed."""
        return self._db.executemany(retelling.rendered(correction, "sqlite"), lot).rowcount if lot else 0

    def _count(self, table: str, count: int) -> None:
        if count:
            self._rows[table] = self._rows.get(table, 0) + count


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes: transactions by hand, WAL, every commit synced, foreign keys enforced."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_WAIT, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA cache_size = -65536")
    # what a statement may have to take back is as small as its batch, and a file for it was made and deleted in nearly every one
    db.execute("PRAGMA temp_store = MEMORY")
    return db


@cache
def _said(statement: str) -> str:
    return affairs.render(statement, "sqlite")


def _one(db: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> tuple[int, ...]:
    found: tuple[int, ...] = db.execute(_said(statement), values).fetchall()[0]
    return found


def _reason(error: Exception) -> str:
    """One word that both databases share, then what SQLite said."""
    said = storable(str(error))
    words = {"FOREIGN KEY": "foreign_key", "NOT NULL": "not_null"}
    for sign, word in words.items():
        if sign in said:
            return f"{word}: {said}"
    return f"{'constraint' if isinstance(error, sqlite3.IntegrityError) else 'data'}: {said}"


@contextmanager
def _translated() -> Iterator[None]:
    """SQLite's own errors, once data errors are dealt with, mean: not now."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"SQLite: {error}") from error
