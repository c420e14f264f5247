"""Every way in which a SQLite file can be wrong, and what is said of it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.store import sqlite_open


def test_file_that_is_no_database(tmp_path: Path) -> None:
    """Text in place of a database; a folder; a place where nothing can be made; a locked file is no reason to change anything."""
    (tmp_path / "text.db").write_text("no database at all, but long enough to be read as one" * 100, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read as a SQLite database"):
        sqlite_open.prepare(tmp_path / "text.db")
    with pytest.raises(ConfigError):
        sqlite_open.prepare(tmp_path)
    with pytest.raises(ConfigError, match="cannot be made"):
        sqlite_open.prepare(tmp_path / "text.db" / "inside.db")
    sqlite_open.prepare(tmp_path / "fine" / "store.db")
    with closing(sqlite3.connect(tmp_path / "fine" / "store.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable):
            sqlite_open.prepare(tmp_path / "fine" / "store.db")


def test_sqlite_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The floor is checked before anything is made."""
    monkeypatch.setattr(sqlite_open, "OLDEST", (99, 0, 0))
    with pytest.raises(ConfigError, match=r"99\.0\.0 or newer"):
        sqlite_open.prepare(tmp_path / "store.db")
    assert not (tmp_path / "store.db").exists()
