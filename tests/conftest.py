"""What every test folder may use: a real PostgreSQL, a fresh store of each kind, and the command line."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple, Protocol
from uuid import uuid4

import asyncpg
import pytest

from ingestd.cli.main import main
from ingestd.testing.postgres import PostgresServer
from tests.evidence import Evidence


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class Command(Protocol):
    """``ingestd`` with these words."""

    def __call__(self, *words: str | Path) -> Answer: ...


def pytest_configure(config: pytest.Config) -> None:
    """Note what the tests make the program say."""
    config.pluginmanager.register(Evidence())


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server for the whole session; a test that stops or kills it uses ``own_postgres`` instead."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server for one test alone, to be stopped and killed at will."""
    server = PostgresServer()
    yield server
    server.close()


@contextmanager
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, empty database: on the server that INGESTD_TEST_POSTGRES names, else on the session's own."""
    given = os.environ.get("INGESTD_TEST_POSTGRES")
    name = f"test_{uuid4().hex[:12]}"
    if given:
        base, _, query = given.partition("?")
        admin, url = given, f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        admin, url = server.dsn(), server.dsn(name)
    _run(admin, f"CREATE DATABASE {name}")
    yield url
    _run(admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, empty database."""
    with database(request) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty store of each kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """``ingestd WORDS`` in this process: exit code and what was printed; an error that nobody foresaw comes through as it is."""

    def call(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["ingestd", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return call


def _run(dsn: str, statement: str) -> None:
    async def run() -> None:
        db = await asyncpg.connect(dsn)
        try:
            await db.execute(statement)
        finally:
            await db.close()

    asyncio.run(run())


def free_port() -> int:
    """One that nobody listens on now, below those that the system gives to whoever asks for any: another test would be given it."""
    while True:
        port = SystemRandom().randrange(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
