"""Stores of each kind, and a small world to write into them."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text

from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.store import open_store
from ingestd.store.connect import reader_engine, target
from ingestd.testing.batches import World

SCHEMA = "ingestd"


@pytest.fixture
def world() -> World:
    """A live run's world."""
    return World()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
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
