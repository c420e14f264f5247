"""The first look at a SQLite file: make it, accept it, or say what is wrong with it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.store.migrate import judge, upgrade_sqlite
from ingestd.store.sqlite_file import connect

OLDEST: Final = (3, 37, 0)
"""The first SQLite with STRICT tables."""
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def prepare(path: Path) -> None:
    """Make the schema in a new or empty file, check it in any other. Raises ConfigError, StoreUnavailable."""
    if judge(str(path), *look(path)):
        upgrade_sqlite(path)


def look(path: Path) -> tuple[set[str], str | None]:
    """The tables of a file (made if it is not there, with its folder) and the revision of their schema, None where it has none."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise ConfigError(f"store {path}: Python's SQLite is {sqlite3.sqlite_version}; {'.'.join(map(str, OLDEST))} or newer is needed")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise ConfigError(f"store {path}: cannot be made: {error.strerror}; check the folder and its permissions") from error
    try:
        with closing(connect(path)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}
            revision = db.execute("SELECT version_num FROM alembic_version").fetchone() if "alembic_version" in tables else None
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
            raise StoreUnavailable(f"store {path}: {error}") from error
        raise ConfigError(
            f"store {path}: cannot be read as a SQLite database ({error}); restore it, or name another file in store.url"
        ) from error
    return tables - {"alembic_version"}, revision[0] if revision else None
