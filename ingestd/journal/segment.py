"""One segment: a SQLite file with one row for each group of frames."""

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import xxhash

from ingestd.journal.codec import Row, Unreadable, as_row
from ingestd.journal.state import FORMAT, sync_directory

PAGE: Final = 4_096
"""Bytes in a page: what one flipped byte may cost. Larger pages were no faster."""
DAMAGE: Final = (sqlite3.DatabaseError, UnicodeDecodeError, Unreadable)
"""What reading a damaged file raises. The second: SQLite's message quotes bytes of the file, and Python wants text."""
_CHECKPOINT_BYTES: Final = 4 * 1024 * 1024
_BUSY_SECONDS: Final = 10.0
_SCHEMA: Final = (
    # the data comes last: a scan of summaries never touches the pages behind a row's first
    """CREATE TABLE blocks (
        first INTEGER PRIMARY KEY, count INTEGER NOT NULL, digest BLOB NOT NULL, summary BLOB NOT NULL, data BLOB NOT NULL
    )""",
    "CREATE TABLE journal (uid TEXT NOT NULL, format INTEGER NOT NULL, digest BLOB NOT NULL)",
)
_FORWARD: Final = """
    SELECT first, count, digest, summary, data FROM blocks
    WHERE first >= ifnull((SELECT max(first) FROM blocks WHERE first <= ?1), ?1) ORDER BY first"""
_SUMMARIES: Final = "SELECT first, count, digest, summary, x'' FROM blocks ORDER BY first"
_BACKWARD: Final = "SELECT first, count, digest, summary, x'' FROM blocks WHERE first <= ? ORDER BY first DESC"


def is_full(error: Exception) -> bool:
    """Whether the disk has no room, by SQLite's or the system's own word."""
    full = getattr(error, "sqlite_errorcode", 0)
    return full & 0xFF == sqlite3.SQLITE_FULL or full == sqlite3.SQLITE_IOERR_SHMSIZE or getattr(error, "errno", 0) == errno.ENOSPC


def is_io(error: Exception) -> bool:
    """Whether the disk failed: what was written through this handle is in doubt, and so is whatever would be."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR and not is_full(error)


def connect(path: Path, options: str) -> sqlite3.Connection:
    """A connection to an existing file, in autocommit; it may move between threads but serves one at a time."""
    uri = f"{path.absolute().as_uri()}?{options}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)


class SegmentWriter:
    """Appends to a new segment. Every error is sqlite3.Error or OSError; ``is_io`` ones forbid any further use but ``abandon``.

    WAL with ``synchronous=FULL`` costs one fsync per group (0.25 ms where a rollback journal takes three and 0.8 ms).
    """

    def __init__(self, path: Path, uid: str) -> None:
        """Create the file, durably and with its tables; nothing of it is left when that fails."""
        self.path = path
        self.bytes = 0
        """Bytes of the rows written so far."""
        self._unsettled = 0
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        try:
            self._connection = connect(path, "mode=rw")
            try:
                self._prepare(uid)
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            remove(path)
            raise

    def append(self, rows: Sequence[Row]) -> None:
        """One transaction; durable on return. After an error nothing of it is visible, unless ``is_io``: then it is in doubt."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        size = sum(len(row.data) + len(row.summary) + 64 for row in rows)
        self.bytes += size
        self._unsettled += size + PAGE

    def settle(self) -> None:
        """Move what the log holds into the file, if it is time. Not left to SQLite, which hides a failed fsync there and goes on."""
        if self._unsettled >= _CHECKPOINT_BYTES:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._unsettled = 0

    def finish(self) -> None:
        """Move everything into the file and close; the log is gone afterwards. If it fails, nothing is lost and nothing closed."""
        settle_log(self._connection)
        self._connection.close()
        remove_log(self.path)

    def abandon(self) -> None:
        """Close without touching the disk again: the log stays as it is, and a fresh handle will settle it at the next opening."""
        # SQLite settles the log when its last connection closes; another one that only reads prevents that
        keeper = connect(self.path, "mode=ro")
        try:
            keeper.execute("SELECT 1 FROM blocks LIMIT 1").fetchall()
            self._connection.close()
        finally:
            keeper.close()

    def _prepare(self, uid: str) -> None:
        connection = self._connection
        connection.execute(f"PRAGMA page_size={PAGE}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO journal VALUES (?, ?, ?)", (uid, FORMAT, _identity(uid, FORMAT)))
        connection.execute("COMMIT")
        settle_log(connection)
        sync_directory(self.path.parent)


def settle_log(connection: sqlite3.Connection) -> None:
    """Move the whole write-ahead log into the file. Raises sqlite3.Error."""
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("the log of a segment is in use")


def log_of(path: Path) -> Path:
    """The write-ahead log beside a segment."""
    return path.with_name(path.name + "-wal")


def remove(path: Path) -> None:
    """Delete a segment and what stands beside it, and give its room back even while somebody still has it open."""
    for file in (path, log_of(path)):
        if file.exists():
            os.truncate(file, 0)
    path.unlink(missing_ok=True)
    remove_log(path)


def remove_log(path: Path) -> None:
    """Delete what a settled segment leaves beside its file while somebody still reads it."""
    log_of(path).unlink(missing_ok=True)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a segment and its log; 0 where there is none."""
    total = 0
    for file in (path, log_of(path)):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total


def open_reader(path: Path, *, live: bool) -> sqlite3.Connection:
    """A connection that cannot write. A settled file is read as it is, without locks; one with a log needs them."""
    log = log_of(path)
    immutable = not live and not (log.exists() and log.stat().st_size)
    return connect(path, "mode=ro&immutable=1" if immutable else "mode=ro")


def forward(connection: sqlite3.Connection, position: int) -> Iterator[Row]:
    """Rows in order, from the one that holds ``position`` on. Raises one of DAMAGE."""
    cursor = connection.execute(_FORWARD, (position,))
    try:
        yield from map(as_row, cursor)
    finally:
        cursor.close()


def backward(connection: sqlite3.Connection, position: int) -> Iterator[Row]:
    """Rows without their data, newest first, from the one that holds ``position``. Raises one of DAMAGE."""
    cursor = connection.execute(_BACKWARD, (position,))
    try:
        yield from map(as_row, cursor)
    finally:
        cursor.close()


def summaries(connection: sqlite3.Connection) -> Iterator[Row]:
    """All rows without their data, in order. Raises one of DAMAGE."""
    yield from map(as_row, connection.execute(_SUMMARIES))


def identity_in(connection: sqlite3.Connection) -> tuple[str, int] | None:
    """Which journal the segment belongs to, and the format that it is written in, if that is still readable."""
    try:
        found = connection.execute("SELECT uid, format, digest FROM journal").fetchone()
    except DAMAGE:
        return None
    match found:
        case (str() as uid, int() as written, bytes() as digest) if digest == _identity(uid, written):
            return uid, written
        case _:
            return None


def _identity(uid: str, written: int) -> bytes:
    return xxhash.xxh3_64_digest(f"{uid} {written}".encode())
