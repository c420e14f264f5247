"""Stores of each kind with the means to take them away, and an exchange with a long memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestd.testing.exchange.process import Started, started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess
from ingestd.testing.rig.evidence import judge
from ingestd.testing.rig.kills import at_work, finished
from ingestd.testing.rig.outage import Away, locked, stopped


class Store(NamedTuple):
    """A store by its URL, and how to take it away."""

    url: str
    away: Away


@pytest.fixture
async def exchange() -> AsyncIterator[Started]:
    """One with a brisk pace."""
    async with started({"rate": 2_000, "window": 100_000_000}) as process:
        yield process


@pytest.fixture(params=["sqlite locked", "postgresql stopped", "postgresql killed"])
def frail_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store that can be taken away."""
    if request.param == "sqlite locked":
        path = tmp_path / "store.db"
        yield Store(f"sqlite:///{path}", partial(locked, path))
        return
    server: PostgresServer = request.getfixturevalue("own_postgres")
    yield Store(server.dsn(), partial(stopped, server, killed=request.param == "postgresql killed"))


async def stopped_with_a_backlog(process: DaemonProcess, store: Path) -> float:
    """Told to stop while its store, a SQLite file, is locked: it ends with 1, and frames wait in the journal; seconds that it took."""
    await at_work(process, f"sqlite:///{store}")
    async with locked(store):
        await asyncio.sleep(0.5)
        began = time.monotonic()
        assert await process.stop(within=10) == 1
        return time.monotonic() - began


async def whole_after_all(process: DaemonProcess, url: str, exchange: Started) -> None:
    """Started again, it loads what was left, and the facts are the exchange's."""
    await process.start()
    status = await finished(process, exchange.url, 0)
    assert await process.stop() == 0
    verdict = await judge(url, process.journal, status)
    assert (verdict.differences, verdict.unbalanced) == ({}, [])
