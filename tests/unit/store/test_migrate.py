"""The schema: migrations equal models on both databases, and every way it can be wrong is told in one line."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from ingestd.clock import SystemClock
from ingestd.errors import ConfigError
from ingestd.store import migrate, open_store, upgrade
from ingestd.store.connect import connect_postgres, target
from ingestd.store.ledger import METADATA
from ingestd.store.views import views

SCHEMA = "ingestd"
MIGRATIONS = Path(migrate.__file__).parent / "migrations"


async def prepare(url: str, schema: str = SCHEMA) -> None:
    """Open, prepare, close."""
    store = open_store(url, schema, SystemClock())
    try:
        await store.prepare()
    finally:
        await store.close()


def differences(connection: Connection) -> list[object]:
    """What alembic would still change; partitions are rows of one table as far as models are concerned."""

    def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (name or "").startswith("odds_history_") or kind != "table"

    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True, "include_object": ours})
    return list(compare_metadata(context, METADATA))


async def test_migrations_equal_models(store_url: str) -> None:
    """Two sources of truth that cannot differ: nothing is left for alembic to change."""
    await prepare(store_url)
    if store_url.startswith("sqlite"):
        engine = create_engine(store_url)
        with engine.connect() as connection:
            assert differences(connection) == []
        engine.dispose()
        return
    place = target(store_url, SCHEMA)
    remote = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect_postgres(place))
    async with remote.connect() as connection:
        assert await connection.run_sync(differences) == []
    await remote.dispose()


def test_migration_makes_the_very_tables_and_views_of_sqlite(tmp_path: Path) -> None:
    """What alembic does not compare (STRICT, WITHOUT ROWID, checks, views): the stored text is the models' own."""
    engine = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    METADATA.create_all(engine)
    with engine.begin() as connection:
        for view in views("sqlite"):
            connection.exec_driver_sql(view)
    engine.dispose()
    (tmp_path / "migrated.db").touch()
    migrate.upgrade_sqlite(tmp_path / "migrated.db")

    def said(name: str) -> dict[str, str]:
        with closing(sqlite3.connect(tmp_path / name)) as db:
            rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
            return {name: "".join(sql.split()) for name, sql in rows}

    assert said("migrated.db") == said("models.db")


def test_migration_makes_the_very_tables_and_views_of_postgresql() -> None:
    """As above: partitioning, fillfactor, BRIN, views."""
    text = "".join((MIGRATIONS / "versions" / "0001_postgresql.sql").read_text(encoding="utf-8").split())
    wanted = [str(CreateTable(table).compile(dialect=PGDialect())) for table in METADATA.sorted_tables]  # type: ignore[no-untyped-call] # SQLAlchemy
    wanted += [str(CreateIndex(index).compile(dialect=PGDialect())) for table in METADATA.sorted_tables for index in table.indexes]  # type: ignore[no-untyped-call] # SQLAlchemy
    for statement in (*wanted, *views("postgresql")):
        assert "".join(statement.split()) + ";" in text


def test_head_is_the_newest_migration() -> None:
    """The figure that ``prepare`` compares with, without importing alembic."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == migrate.HEAD
    assert {revision.revision for revision in script.walk_revisions()} == migrate.KNOWN


async def test_prepare_twice_and_upgrade_change_nothing(store_url: str) -> None:
    """A prepared store is accepted as it is."""
    await prepare(store_url)
    await prepare(store_url)
    assert await upgrade(store_url, SCHEMA) == migrate.HEAD


async def test_upgrade_makes_an_empty_store(store_url: str) -> None:
    """``ingestd db upgrade`` may come first."""
    assert await upgrade(store_url, SCHEMA) == migrate.HEAD
    await prepare(store_url)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer ingestd"),
        ("DROP VIEW current_odds; DROP TABLE aliases", "table aliases is missing"),
        ("DROP TABLE alembic_version", "no ingestd schema"),
    ],
)
async def test_wrong_schema_is_told_in_one_line(store_url: str, statement: str, said: str) -> None:
    """A newer revision, to ``db upgrade`` as well; a missing table, somebody else's tables."""
    await prepare(store_url)
    if store_url.startswith("sqlite"):
        with closing(sqlite3.connect(store_url.removeprefix("sqlite:///"))) as lite:
            lite.executescript(statement)
    else:
        db = await connect_postgres(target(store_url, SCHEMA))
        await db.execute(statement.replace("DROP VIEW current_odds", "DROP VIEW current_odds CASCADE"))
        await db.close()
    with pytest.raises(ConfigError, match=said) as error:
        await prepare(store_url)
    assert len(error.value.problems) == 1
    assert "\n" not in error.value.problems[0]
    if "newer" in said:
        with pytest.raises(ConfigError) as again:
            await upgrade(store_url, SCHEMA)
        assert again.value.problems == error.value.problems


def test_older_revision_asks_for_an_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to type stands in the line."""
    monkeypatch.setattr(migrate, "HEAD", "0002")
    with pytest.raises(ConfigError, match="run: ingestd db upgrade"):
        migrate.judge("x", set(METADATA.tables), "0001")


@pytest.mark.parametrize("url", ["mysql://x", "sqlite://", "sqlite:///", "", "postgresql"])
def test_url_that_is_none(url: str) -> None:
    """Told before anything is opened."""
    with pytest.raises(ConfigError, match=r"store\.url"):
        open_store(url, SCHEMA, SystemClock())
