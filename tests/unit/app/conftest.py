"""A daemon in this process, with an exchange beside it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestd.app import Daemon
from ingestd.clock import SystemClock
from ingestd.settings import LogSettings, Settings
from ingestd.telemetry import build_reporter
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.server import Exchange

WITHIN = 20.0


@pytest.fixture
async def exchange() -> AsyncIterator[str]:
    """The URL of an exchange that offers a few hundred quotes a second."""
    offered = Exchange(Options(clock="wall", rate=400, heartbeat=0.2))
    async with offered.listening("127.0.0.1", 0) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, exchange: str) -> Settings:
    """One source on it, an empty store, any free port."""
    return Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{tmp_path}/odds.db"},
            "journal": {"path": tmp_path / "journal"},
            "http": {"port": 0},
            "sources": [{"name": "demo", "feed": "simulated", "url": exchange}],
        }
    )


@pytest.fixture
async def daemon(settings: Settings) -> AsyncIterator[Daemon]:
    """Running, with prices in its store; drained at the end."""
    clock = SystemClock()
    composed = await Daemon.compose(settings, build_reporter(LogSettings(level="error"), clock, terminal=False), clock)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(composed.run(stop))
        async with asyncio.timeout(WITHIN):
            while composed.progress().rows < 500:
                await asyncio.sleep(0.05)
        yield composed
        stop.set()
        assert await running is True
