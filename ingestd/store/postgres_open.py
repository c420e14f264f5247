"""The first look at a PostgreSQL database: make the schema, accept it, or say what is wrong."""

from typing import Final

import asyncpg

from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.store.connect import Session, Target, connect_postgres, quoted
from ingestd.store.migrate import judge, refuse_newer, upgrade_postgres
from ingestd.store.postgres_session import DOWN

OLDEST: Final = 15
"""The first PostgreSQL that is good enough."""
_PERSON: Final = (
    (asyncpg.InvalidPasswordError, "the password was not accepted; check user and password in store.url"),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "the user was not accepted; check the user in store.url, and pg_hba.conf on the server",
    ),
    (asyncpg.InvalidCatalogNameError, "there is no such database; create it (createdb), or name another one in store.url"),
    (asyncpg.InsufficientPrivilegeError, "the user may not do this; grant CREATE on the database, or on the schema, to it"),
    (asyncpg.ClientConfigurationError, "the URL is not understood; check store.url"),
)


async def prepare(place: Target) -> None:
    """Make the schema where there is none, check it where there is one. Raises ConfigError, StoreUnavailable."""
    db = await connect(place)
    try:
        if judge(place.shown, *await _look(db)):
            await _make_schema(db, place)
            await upgrade_postgres(place)
    except DOWN as error:
        raise explained(place, error) from error
    finally:
        await db.close()


async def upgrade(place: Target) -> None:
    """Bring the schema to the newest revision, and make it where there is none. Raises ConfigError, StoreUnavailable."""
    db = await connect(place)
    try:
        _, revision = await _look(db)
        refuse_newer(place.shown, revision)
        await _make_schema(db, place)
        await upgrade_postgres(place)
    except DOWN as error:
        raise explained(place, error) from error
    finally:
        await db.close()


async def connect(place: Target) -> Session:
    """A session on a server that is new enough. Raises ConfigError, StoreUnavailable."""
    try:
        db = await connect_postgres(place)
    except (*DOWN, ValueError) as error:
        raise explained(place, error) from error
    version = db.get_server_version()
    if version.major < OLDEST:
        await db.close()
        raise ConfigError(f"store {place.shown}: PostgreSQL {version.major} is too old; {OLDEST} or newer is needed")
    return db


def explained(place: Target, error: Exception) -> ConfigError | StoreUnavailable:
    """What a person must change, else: not now."""
    for kind, hint in _PERSON:
        if isinstance(error, kind):
            return ConfigError(f"store {place.shown}: {error}; {hint}")
    if isinstance(error, ValueError):
        return ConfigError(f"store {place.shown}: {error}; check store.url")
    return StoreUnavailable(f"store {place.shown}: {str(error) or type(error).__name__}")


async def _look(db: Session) -> tuple[set[str], str | None]:
    rows = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    tables = {str(row[0]) for row in rows}
    revision = await db.fetchval("SELECT version_num FROM alembic_version") if "alembic_version" in tables else None
    return tables - {"alembic_version"}, None if revision is None else str(revision)


async def _make_schema(db: Session, place: Target) -> None:
    """CREATE SCHEMA IF NOT EXISTS asks for the right to create even where there is one."""
    if not await db.fetchval("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", place.schema):
        await db.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(place.schema)}")
