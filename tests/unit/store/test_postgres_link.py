"""Letting go of a server that does not answer."""

import asyncio
import time

import pytest
from sqlalchemy import text

from ingestd.store.connect import reader_engine, target
from ingestd.testing.postgres import PostgresServer
from tests.unit.store.conftest import SCHEMA

SOON = 1.5
"""Seconds; without a limit of ours it is two, or a minute."""


@pytest.mark.parametrize("works", [False, True])
async def test_a_frozen_server_is_left(own_postgres: PostgresServer, works: bool) -> None:
    """Whoever breaks off a question, or closes what is idle, waits for no answer."""
    engine = reader_engine(target(own_postgres.dsn(), SCHEMA), keep=True)

    async def ask(question: str) -> None:
        async with engine.connect() as db:
            await db.execute(text(question))

    await ask("SELECT 1")
    asking = asyncio.create_task(ask("SELECT pg_sleep(60)")) if works else None
    await asyncio.sleep(0.2)
    own_postgres.pause()
    began = time.monotonic()
    try:
        if asking is not None:
            asking.cancel()
            await asyncio.wait((asking,))
        await engine.dispose()
        took = time.monotonic() - began
    finally:
        own_postgres.unpause()
    assert took < SOON


async def test_goodbye(own_postgres: PostgresServer) -> None:
    """A server that is well is told: it keeps no session."""
    engine = reader_engine(target(own_postgres.dsn(), SCHEMA), keep=True)
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ingestd'"
    async with engine.connect() as db:
        assert await db.scalar(text(sessions)) == 1
    await engine.dispose()
    async with engine.connect() as db:
        assert await db.scalar(text(sessions)) == 1
    await engine.dispose()
