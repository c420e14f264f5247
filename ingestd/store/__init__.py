"""Where facts live: SQLite or PostgreSQL behind one seam; nothing heavy is imported before a store is opened."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestd.interfaces import Clock, HistoryStore


def open_store(url: str, schema: str, clock: "Clock") -> "HistoryStore":
    """A store, not yet connected: call ``prepare`` first. ``schema`` is PostgreSQL's. Raises ConfigError for a URL that is none."""
    from ingestd.store.connect import target  # noqa: PLC0415 - heavy imports wait until a store is opened

    place = target(url, schema)
    if place.dialect == "sqlite":
        from ingestd.store.sqlite import SqliteStore  # noqa: PLC0415 - as above

        return SqliteStore(place, clock)
    from ingestd.store.postgres import PostgresStore  # noqa: PLC0415 - as above

    return PostgresStore(place, clock)


async def upgrade(url: str, schema: str) -> str:
    """``ingestd db upgrade``: bring a store to the newest revision, which is returned. Raises ConfigError, StoreUnavailable."""
    from pathlib import Path  # noqa: PLC0415 - as above

    from ingestd.store import migrate, sqlite_open  # noqa: PLC0415 - as above
    from ingestd.store.connect import target  # noqa: PLC0415 - as above

    place = target(url, schema)
    if place.dialect == "sqlite":
        _, revision = sqlite_open.look(Path(place.path))
        migrate.refuse_newer(place.path, revision)
        migrate.upgrade_sqlite(Path(place.path))
    else:
        from ingestd.store import postgres_open  # noqa: PLC0415 - as above

        await postgres_open.upgrade(place)
    return migrate.HEAD
