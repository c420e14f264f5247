"""Store URLs."""

import pytest

from ingestd.store.connect import number, quoted, target


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///var/store.db", "var/store.db"), ("sqlite:////tmp/a b.db", "/tmp/a b.db")],
)
def test_sqlite_urls(url: str, path: str) -> None:
    """Three slashes: relative; four: absolute."""
    assert target(url, "").path == path


def test_postgresql_urls() -> None:
    """The DSN is asyncpg's own; what is shown has no password."""
    place = target("postgresql://me:pw@host:5433/db?sslmode=require", "s")
    assert (place.dialect, place.schema) == ("postgresql", "s")
    assert place.shown == "postgresql://me:***@host:5433/db?sslmode=require"
    assert target("postgresql://me:p@w@host/db?password=pw&x=1", "s").shown == "postgresql://me:***@host/db?password=***&x=1"
    assert target("postgres://host/db", "s").dialect == "postgresql"


def test_quoted() -> None:
    """A schema may have any name."""
    assert quoted('my "own"') == '"my ""own"""'


def test_number() -> None:
    """What must be an integer is one."""
    assert number(5) == 5
    with pytest.raises(TypeError):
        number(None)
