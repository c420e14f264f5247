"""Making, judging and upgrading the schema; every way it can be wrong is one line that says what to do."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingestd.errors import ConfigError
from ingestd.store.connect import Target, connect_postgres
from ingestd.store.ledger import METADATA
from ingestd.store.sqlite_file import connect

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD: Final = "0001"
"""The newest migration."""
KNOWN: Final = frozenset({"0001"})
"""All migrations that this program can upgrade from."""
_UPGRADE: Final = "run: ingestd db upgrade"


def judge(place: str, found: set[str], revision: str | None) -> bool:
    """Whether the schema is to be made (``found`` no table). Raises ConfigError where what is there is not ours, or not ours of today."""
    if revision is None:
        if found:
            some = ", ".join(sorted(found)[:3])
            raise ConfigError(f"store {place}: has tables ({some}) but no ingestd schema; give ingestd a database or a schema of its own")
        return True
    refuse_newer(place, revision)
    if revision != HEAD:
        raise ConfigError(f"store {place}: schema is at revision {revision!r}, this ingestd needs {HEAD!r}; {_UPGRADE}")
    missing = sorted(set(METADATA.tables) - found)
    if missing:
        raise ConfigError(
            f"store {place}: table {missing[0]} is missing; "
            f"restore it from a backup, or give ingestd an empty database ({_UPGRADE} makes the tables)"
        )
    return False


def refuse_newer(place: str, revision: str | None) -> None:
    """Raises ConfigError for a revision from which this program knows no way."""
    if revision is not None and revision not in KNOWN:
        raise ConfigError(
            f"store {place}: schema is at revision {revision!r}, this ingestd needs {HEAD!r}; a newer ingestd made it; install that one"
        )


def upgrade_sqlite(path: Path) -> None:
    """Bring a file to the newest revision, in one transaction."""
    from sqlalchemy import create_engine, event  # noqa: PLC0415 - heavy
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - heavy

    engine = create_engine("sqlite://", creator=lambda: connect(path), poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        _run_migrations(connection)
    engine.dispose()


async def upgrade_postgres(place: Target) -> None:
    """Bring a schema to the newest revision, in one transaction, one process at a time."""
    from sqlalchemy import text  # noqa: PLC0415 - heavy
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - heavy
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - heavy

    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect_postgres(place), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"ingestd upgrade {place.schema}"}
        )
        await connection.run_sync(_run_migrations)
    await engine.dispose()


def _run_migrations(connection: "Connection") -> None:
    """All migrations that are still to run, within the transaction of this connection."""
    from alembic import command  # noqa: PLC0415 - heavy
    from alembic.config import Config  # noqa: PLC0415 - heavy

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
