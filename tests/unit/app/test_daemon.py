"""A live daemon, composed from settings."""

import asyncio

import pytest

from ingestd.app import Daemon
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, InUse
from ingestd.settings import LogSettings, Settings
from ingestd.store.queries import Queries
from ingestd.telemetry import build_reporter


async def compose(settings: Settings) -> Daemon:
    """Composed, not running."""
    clock = SystemClock()
    return await Daemon.compose(settings, build_reporter(LogSettings(level="error"), clock, terminal=False), clock)


async def test_what_comes_in_is_in_the_store(daemon: Daemon) -> None:
    """Live prices, by the view for people."""
    async with Queries(daemon.settings.store.url, "public") as queries:
        prices = await queries.odds(limit=1_000)
        status = await queries.status()
    assert any(price.live for price in prices)
    assert [(source.source, source.state) for source in status.sources] == [("demo", "live")]


async def test_progress_is_a_few_figures(daemon: Daemon) -> None:
    """For the line that a person sees."""
    now = daemon.progress()
    assert (now.sources, now.live, now.problem) == (1, 1, "")
    assert now.received >= now.rows > 0
    assert now.lag < 5


async def test_the_store_admits_one_daemon(daemon: Daemon, settings: Settings) -> None:
    """Another one, with a journal of its own, is told so."""
    other = settings.model_copy(update={"journal": settings.journal.model_copy(update={"path": settings.journal.path / "other"})})
    second = await compose(other)
    with pytest.raises(InUse):
        await second.run(asyncio.Event())


async def test_the_journal_admits_one_daemon(daemon: Daemon, settings: Settings) -> None:
    """Another one is told so before it does anything."""
    with pytest.raises(InUse, match="journal"):
        await compose(settings)


async def test_a_missing_option_is_said_before_anything_is_opened(settings: Settings) -> None:
    """And leaves no journal behind."""
    source = settings.sources[0].model_copy(update={"options": {"rate": "many"}})
    with pytest.raises(ConfigError, match="rate"):
        await compose(settings.model_copy(update={"sources": (source,)}))
    assert not settings.journal.path.exists()


async def test_a_store_that_is_away_does_not_keep_it_from_recording(settings: Settings) -> None:
    """The journal fills; health says what is wrong."""
    store = settings.store.model_copy(update={"url": "postgresql://nobody@127.0.0.1:1/none"})
    daemon = await compose(settings.model_copy(update={"store": store}))
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run(stop))
        async with asyncio.timeout(20):
            while daemon.journal.last() < 50:
                await asyncio.sleep(0.05)
        assert daemon.progress().problem != ""
        daemon.supervisor._deadline = 0.5
        stop.set()
    assert running.result() is False
