"""Stores of each kind, and a small world to write into them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import asyncpg
import pytest
from sqlalchemy import insert, text

from ingestd.clock import SystemClock
from ingestd.interfaces import HistoryStore
from ingestd.store import open_store
from ingestd.store.connect import reader_engine, target
from ingestd.store.postgres import PostgresStore
from ingestd.store.schema import Precedence
from ingestd.testing.batches import World

SCHEMA = "ingestd"


@pytest.fixture
def world() -> World:
    """A live run's world."""
    return World()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[HistoryStore]:
    """A prepared store of each kind in turn."""
    opened = open_store(store_url, SCHEMA, SystemClock())
    await opened.prepare()
    yield opened
    await opened.close()


@pytest.fixture
def rows(store_url: str) -> Callable[[str], Awaitable[list[tuple[object, ...]]]]:
    """Reads tables and views of the store as they are, by SQL that both databases know."""

    async def read(statement: str) -> list[tuple[object, ...]]:
        engine = reader_engine(target(store_url, SCHEMA))
        try:
            async with engine.connect() as db:
                return [tuple(row) for row in await db.execute(text(statement))]
        finally:
            await engine.dispose()

    return read


@pytest.fixture
def rank(store_url: str) -> Callable[[Mapping[str, int]], Awaitable[None]]:
    """Gives sources their places, as the configuration does."""

    async def write(places: Mapping[str, int]) -> None:
        engine = reader_engine(target(store_url, SCHEMA))
        try:
            async with engine.begin() as db:
                await db.execute(insert(Precedence), [{"source": source, "place": place} for source, place in places.items()])
        finally:
            await engine.dispose()

    return write


async def opened(url: str, schema: str = SCHEMA) -> PostgresStore:
    """A prepared store."""
    store = open_store(url, schema, SystemClock())
    await store.prepare()
    assert isinstance(store, PostgresStore)
    return store


@pytest.fixture
async def admin(postgres_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A session beside the store's."""
    db = await asyncpg.connect(postgres_url)
    yield db
    await db.close()


async def end_sessions(admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Cut every session of a store, and wait until the server has let go of them."""
    await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'ingestd'")
