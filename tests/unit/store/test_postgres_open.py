"""Every way in which a PostgreSQL database can be wrong, and what is said of it."""

import asyncpg
import pytest

from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.store import postgres_open
from ingestd.store.connect import quoted, target


async def prepare(url: str, schema: str = "ingestd") -> None:
    """Prepare a store."""
    await postgres_open.prepare(target(url, schema))


async def test_postgresql_that_lets_nobody_in(postgres_url: str) -> None:
    """A missing database, a user that is not there or may not: a person must act. Nobody listening: not now."""
    with pytest.raises(ConfigError, match="no such database"):
        await prepare(postgres_url.replace("/test_", "/nowhere_"))
    with pytest.raises(StoreUnavailable):
        await prepare("postgresql://ingestd@127.0.0.1:1/x")
    db = await asyncpg.connect(postgres_url)
    await db.execute("DROP ROLE IF EXISTS guest")
    await db.execute("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(ConfigError, match="may not do this"):
            await prepare(postgres_url.replace("ingestd@", "guest@"))
        await db.execute(f"CREATE SCHEMA {quoted('of guest')} AUTHORIZATION guest")
        await prepare(postgres_url.replace("ingestd@", "guest@"), "of guest")
    finally:
        await db.execute("DROP OWNED BY guest CASCADE")
        await db.execute("DROP ROLE guest")
        await db.close()


async def test_postgresql_too_old(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The floor is checked before anything is made."""
    monkeypatch.setattr("ingestd.store.postgres_open.OLDEST", 99)
    with pytest.raises(ConfigError, match="too old"):
        await prepare(postgres_url)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncpg.InvalidPasswordError("no"), ConfigError),
        (asyncpg.InvalidAuthorizationSpecificationError("no"), ConfigError),
        (ValueError("no URL"), ConfigError),
        (asyncpg.CannotConnectNowError("starting"), StoreUnavailable),
        (asyncpg.TooManyConnectionsError("full"), StoreUnavailable),
        (ConnectionRefusedError("nobody"), StoreUnavailable),
        (TimeoutError(), StoreUnavailable),
    ],
)
def test_who_must_act(error: Exception, kind: type[Exception]) -> None:
    """What a person must change stops the start; anything else is tried again. No line tells the password."""
    said = postgres_open.explained(target("postgresql://user:secret@host/db", "ingestd"), error)
    assert type(said) is kind
    assert "secret" not in str(said)
    assert "user:***@host/db" in str(said)
