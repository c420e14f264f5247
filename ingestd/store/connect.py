"""Where a store lies: its URL, and how to reach it for reading."""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from msgspec import Struct

from ingestd.errors import ConfigError
from ingestd.settings.model import PASSWORD
from ingestd.store.statements import Dialect

if TYPE_CHECKING:
    import aiosqlite
    from sqlalchemy.ext.asyncio import AsyncEngine

CONNECT_TIMEOUT: Final = 10.0
"""Seconds to reach a PostgreSQL server."""
BUSY_TIMEOUT: Final = 2.0
"""Seconds to wait for another process's lock on a SQLite file."""
WRITE_TIMEOUT: Final = 20.0
"""The same, of a person's decision: it waits for its turn between a daemon's commits."""
COMMAND_TIMEOUT: Final = 60.0
"""Seconds that any one statement may take."""


class Record(Protocol):
    """A row."""

    def __getitem__(self, key: str | int, /) -> object: ...


class ServerVersion(NamedTuple):
    """As asyncpg tells it."""

    major: int


class Session(Protocol):
    """What is used of an asyncpg connection, which has no types of its own."""

    async def execute(self, query: str, *values: object) -> str:
        """Run a statement, or several without values; what the server says of it."""

    async def fetch(self, query: str, *values: object) -> Sequence[Record]:
        """All rows."""

    async def fetchrow(self, query: str, *values: object) -> Record | None:
        """The first row."""

    async def fetchval(self, query: str, *values: object) -> object:
        """The first column of the first row."""

    def transaction(self) -> AbstractAsyncContextManager[object]:
        """BEGIN to COMMIT."""

    def get_server_pid(self) -> int:
        """The process that serves this session."""

    def get_server_version(self) -> ServerVersion:
        """Of the server."""

    def is_closed(self) -> bool:
        """Whether the session has ended."""

    def terminate(self) -> None:
        """End it at once."""

    async def close(self) -> None:
        """End it in order."""


class Target(Struct, frozen=True):
    """A store by its URL. ``path`` is set for SQLite; ``dsn``, ``schema`` and ``command_timeout`` (seconds) for PostgreSQL."""

    dialect: Dialect
    path: str = ""
    dsn: str = ""
    schema: str = ""
    command_timeout: float = COMMAND_TIMEOUT

    @property
    def shown(self) -> str:
        """For people: no password."""
        return self.path or PASSWORD.sub(r"\1\3***", self.dsn)


def target(url: str, schema: str) -> Target:
    """``sqlite:///relative/path``, ``sqlite:////absolute/path`` or ``postgresql://…``. Raises ConfigError."""
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return Target("sqlite", path=str(Path(url.removeprefix("sqlite:///")).expanduser()))
    if url.startswith(("postgresql://", "postgres://")):
        if not schema:
            raise ConfigError("store.schema: empty; give the name of a PostgreSQL schema, for example ingestd")
        return Target("postgresql", dsn=url, schema=schema)
    raise ConfigError(f"store.url: {url.split(':', 1)[0]!r} is no store; use sqlite:///path/to/file.db or postgresql://user@host/database")


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


async def connect_postgres(place: Target) -> Session:
    """A session whose search path is the store's schema, in UTC. Raises what asyncpg raises."""
    import asyncpg  # noqa: PLC0415 - only where it is used

    from ingestd.store.postgres_link import PostgresLink  # noqa: PLC0415 - likewise

    session: Session = await asyncpg.connect(
        place.dsn,
        connection_class=PostgresLink,
        timeout=CONNECT_TIMEOUT,
        command_timeout=place.command_timeout,
        server_settings={
            "application_name": "ingestd",
            "search_path": quoted(place.schema),
            "TimeZone": "UTC",
            "jit": "off",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "60s",
        },
    )
    return session


def number(value: object) -> int:
    """A value that the database must give as an integer."""
    if not isinstance(value, int):
        raise TypeError(f"an integer was expected, not {value!r}")
    return value


def reader_engine(place: Target, *, keep: bool = False) -> "AsyncEngine":
    """An engine for reading, with no connection until it is used; a SQLite file is never created by it.

    ``keep``: its connections stay open between questions, for whoever asks all the time; each is tried before it is used. What closes a
    connection to a SQLite file that this process has open elsewhere leaves the handle behind (sqlite.org/howtocorrupt.html, 2.2).
    """
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - heavy
    from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool  # noqa: PLC0415 - heavy

    pool = AsyncAdaptedQueuePool if keep else NullPool
    if place.dialect == "postgresql":
        return create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: connect_postgres(place), poolclass=pool, pool_pre_ping=keep
        )
    uri = f"{Path(place.path).absolute().as_uri()}?mode=rw"
    return create_async_engine("sqlite+aiosqlite://", async_creator=lambda: _connect_sqlite(uri), poolclass=pool, pool_pre_ping=keep)


def writer_engine(place: Target) -> "AsyncEngine":
    """An engine for what people decide, beside a daemon that may be writing: a transaction has SQLite's one lock from its beginning."""
    if place.dialect == "postgresql":
        return reader_engine(place)
    from sqlalchemy import event  # noqa: PLC0415 - heavy
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - heavy
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - heavy

    uri = f"{Path(place.path).absolute().as_uri()}?mode=rw"
    engine = create_async_engine("sqlite+aiosqlite://", async_creator=lambda: _connect_sqlite(uri, writes=True), poolclass=NullPool)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


async def _connect_sqlite(uri: str, *, writes: bool = False) -> "aiosqlite.Connection":
    """``writes``: transactions are begun by hand, and foreign keys enforced."""
    import aiosqlite  # noqa: PLC0415 - heavy

    # where it cannot be opened, aiosqlite leaves a thread behind that may outlive the loop: try without it first
    sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT).close()
    level = None if writes else "DEFERRED"
    opening = aiosqlite.connect(uri, uri=True, timeout=WRITE_TIMEOUT if writes else BUSY_TIMEOUT, isolation_level=level)
    # a question that is broken off (Ctrl-C) while SQLAlchemy sets a connection up leaves its thread, which must not keep the process
    opening._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does where it opens the connection
    db = await opening
    if writes:
        await db.execute("PRAGMA foreign_keys = ON")
    return db
