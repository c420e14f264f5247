"""Stores with the means to take them away, and a folder for a daemon."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from ingestd.testing.exchange.process import Started, started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following
from ingestd.testing.rig.outage import locked, stopped

Follow = Callable[..., AbstractAsyncContextManager[DaemonProcess]]


@pytest.fixture
async def exchange() -> AsyncIterator[Started]:
    """An exchange with a brisk pace and a long memory."""
    async with started({"rate": 2_000, "window": 100_000_000}) as process:
        yield process
