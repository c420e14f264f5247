"""Where a store lies: its URL, and how to reach it for reading."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from ingestd.errors import ConfigError
from ingestd.store.statements import Dialect

if TYPE_CHECKING:
    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncEngine

CONNECT_TIMEOUT: Final = 10.0
"""Seconds to reach a PostgreSQL server."""
COMMAND_TIMEOUT: Final = 60.0
"""Seconds that any one statement may take."""


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
        return self.path or re.sub(r"://([^:@/]*):[^@]*@", r"://\1@", self.dsn)


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


async def connect_postgres(place: Target, **settings: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A session whose search path is the store's schema, in UTC. Raises what asyncpg raises."""
    import asyncpg  # noqa: PLC0415 - only where it is used

    return await asyncpg.connect(
        place.dsn,
        timeout=CONNECT_TIMEOUT,
        command_timeout=place.command_timeout,
        server_settings={
            "application_name": "ingestd",
            "search_path": quoted(place.schema),
            "TimeZone": "UTC",
            "jit": "off",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "60s",
            **settings,
        },
    )


def reader_engine(place: Target) -> "AsyncEngine":
    """An engine for reading, with no connection until it is used; a SQLite file is never created by it."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - heavy
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - heavy

    if place.dialect == "postgresql":
        return create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect_postgres(place), poolclass=NullPool)
    uri = f"{Path(place.path).absolute().as_uri()}?mode=rw&uri=true"
    return create_async_engine(f"sqlite+aiosqlite:///{uri}", poolclass=NullPool, connect_args={"timeout": 2.0})
