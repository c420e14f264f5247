"""A live daemon, composed from settings."""

import asyncio
import json

import pytest
from msgspec.structs import replace

from ingestd.app import Daemon
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, InUse
from ingestd.interfaces import Feed
from ingestd.settings import LogSettings, Settings
from ingestd.sources import FEEDS
from ingestd.sources.accounts import BUDGETS
from ingestd.sources.budget import Limit
from ingestd.sources.kind import FeedContext, FeedOptions
from ingestd.store.queries import Queries
from ingestd.telemetry import build_reporter
from tests.unit.app.conftest import WITHIN


async def compose(settings: Settings) -> Daemon:
    """Composed, not running."""
    clock = SystemClock()
    return await Daemon.compose(settings, build_reporter(LogSettings(level="error"), clock, terminal=False), clock)


async def test_what_comes_in_is_in_the_store(daemon: Daemon) -> None:
    """Live prices, by the view for people, as soon as what was read is committed."""
    async with Queries(daemon.settings.store.url, "public") as queries, asyncio.timeout(WITHIN):
        while not any(price.live for price in await queries.odds(limit=1_000)):
            await asyncio.sleep(0.05)
        status = await queries.status()
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
        daemon.supervisor.deadline = 0.5
        stop.set()
    assert running.result() is False


async def test_sources_with_one_key_share_one_budget(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept in the journal's folder, and there again at the next start."""
    contexts: list[FeedContext] = []

    def build(options: FeedOptions, context: FeedContext) -> Feed:
        contexts.append(context)
        return FEEDS["simulated"].build(options, context)

    monkeypatch.setattr("ingestd.app.feeds.FEEDS", {"simulated": replace(FEEDS["simulated"], build=build)})
    other = settings.sources[0].model_copy(update={"name": "other"})
    both = settings.model_copy(update={"sources": (settings.sources[0], other)})
    limits = (Limit(amount=500, seconds=None),)
    for spent in (1, 2):
        daemon = await compose(both)
        one, two = (context.budget("key", limits) for context in contexts[-2:])
        assert one.take("epl", 1) == 0
        assert two.left == 500 - spent
        assert [report.sources for report in daemon.budgets.reports()] == [["demo", "other"]]
        await daemon.journal.close()
        await daemon.store.close()
    assert (settings.journal.path / BUDGETS).exists()


async def test_budgets_that_cannot_be_read_are_said(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """With what follows and what to do."""
    settings.journal.path.mkdir()
    (settings.journal.path / BUDGETS).write_bytes(b"{")
    daemon = await compose(settings)
    await daemon.journal.close()
    await daemon.store.close()
    said = json.loads(capsys.readouterr().err)
    assert (said["event.action"], "what was spent of any key is not known" in said["message"]) == ("budget.lost", True)


async def test_a_bug_is_said_with_its_stack(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without secrets, before it ends the daemon: at once, or while it is put together."""

    async def fail(*_: object) -> None:
        raise RuntimeError("with hunter2 in it")

    source = settings.sources[0].model_copy(update={"options": {**settings.sources[0].options, "url": "ws://u:hunter2@127.0.0.1:1"}})
    asked = settings.model_copy(update={"sources": (source,)})
    daemon = await compose(asked)
    daemon.reporter.hide(["hunter2"])
    monkeypatch.setattr("ingestd.app.live.LiveRun._record", fail)
    with pytest.raises(ExceptionGroup):
        await daemon.run(asyncio.Event())
    monkeypatch.setattr("ingestd.app.daemon.open_store", None)
    with pytest.raises(TypeError):
        await compose(asked)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event.action"] for line in lines] == ["daemon.failed"] * 2
    assert "with *** in it" in lines[0]["error.stack_trace"]
    assert "hunter2" not in str(lines)


async def test_what_goes_wrong_is_in_the_store(settings: Settings) -> None:
    """Also what went wrong before the store was there, and what was kept back at the end."""
    daemon = await compose(settings)
    daemon.reporter.fact("source.gap", source="demo", scope="source", reason="early")
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run(stop))
        async with asyncio.timeout(20):
            while daemon.incidents.held or not daemon.lanes:
                await asyncio.sleep(0.05)
        for _ in range(3):
            daemon.reporter.fact("source.gap", source="demo", scope="source", reason="late")
        stop.set()
        assert await running is True
    async with Queries(settings.store.url, "public") as queries:
        found = await queries.incidents(source="demo")
    assert {("gap:early", 1, "live"), ("gap:late", 3, "live")} <= {(one.category, one.count, one.job) for one in found}
