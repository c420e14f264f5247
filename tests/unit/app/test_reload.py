"""A running daemon takes another configuration, or refuses it whole."""

import asyncio
import gc
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import BaseModel

from ingestd.app import Daemon
from ingestd.app.roster import Needs, nothing
from ingestd.app.watch import pages
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.model import Run
from ingestd.settings import AlertSettings, LogSettings, Settings, SourceSettings, validate_feeds
from ingestd.sources import FEEDS
from ingestd.telemetry import build_reporter
from ingestd.telemetry.facts import Fact
from ingestd.testing.rig.evidence import loaded
from tests.unit.app.conftest import WITHIN


class Running:
    """A daemon whose configuration is ``settings`` whenever it looks; ``problem``: what is wrong with it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.problem: Exception | None = None
        self.daemon: Daemon

    def read(self) -> tuple[Settings, Mapping[str, BaseModel]]:
        """As the file is now."""
        if self.problem is not None:
            raise self.problem
        return self.settings, validate_feeds(self.settings, FEEDS)

    async def reload(self, *sources: SourceSettings, **more: object) -> bool:
        """With these sources, where there are any; whether it was taken."""
        told = {**more, **({"sources": sources} if sources else {})}
        self.settings = self.settings.model_copy(update=told)
        before = self.reloads("success") + self.reloads("failure")
        self.daemon.reloads.ask()
        async with asyncio.timeout(WITHIN):
            while self.reloads("success") + self.reloads("failure") == before:
                await asyncio.sleep(0.01)
        return not self.daemon.reloads.problems

    def reloads(self, outcome: str) -> float:
        """How many."""
        return self.daemon.reporter.metrics.summed("config_reloads_total", "outcome")[outcome]

    async def until(self, so: Callable[[], bool]) -> None:
        """It is so."""
        async with asyncio.timeout(WITHIN):
            while not so():
                await asyncio.sleep(0.01)

    def live(self, name: str) -> bool:
        """Whether a source is, and has prices in the store."""
        collector, lane = self.daemon.collectors.get(name), self.daemon.lanes.get(name)
        return collector is not None and collector.status.state == "live" and lane is not None and lane.counters["rows"] > 0


@asynccontextmanager
async def running(settings: Settings, needs: Needs = nothing) -> AsyncIterator[Running]:
    """Live on its sources; drained at the end."""
    clock, one, stop = SystemClock(), Running(settings), asyncio.Event()
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    one.daemon = await Daemon.compose(settings, reporter, clock, read=one.read, needs=needs)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.daemon.run(stop))
        await one.until(lambda: all(map(one.live, one.daemon.collectors)))
        yield one
        stop.set()
        assert await task is True


@pytest.fixture
async def one(settings: Settings) -> AsyncIterator[Running]:
    """On the source ``demo``."""
    async with running(settings) as started:
        yield started


def source(settings: Settings, name: str, **more: object) -> SourceSettings:
    """Like the one there is, under another name."""
    return SourceSettings.model_validate({"name": name, "feed": "simulated", **settings.sources[0].options, **more})


def connections(one: Running, name: str) -> float:
    """How often a source has connected."""
    return one.daemon.reporter.metrics.summed("source_connect_attempts_total", "source").get(name, 0)


async def test_a_source_comes_and_goes(one: Running) -> None:
    """The other is not touched; of the one that went nothing is left, and it may come back."""
    demo, more = one.settings.sources[0], source(one.settings, "more")
    for _ in range(2):
        assert await one.reload(demo, more)
        await one.until(lambda: one.live("more"))
        assert await one.reload(demo)
        await one.until(lambda: "more" not in one.daemon.collectors)
        assert set(one.daemon.lanes) == set(one.daemon.roster.feeds) == {"demo"}
        assert 'source="more"' not in (await one.daemon.reporter.metrics.page(""))[2].decode()
        assert "source:more" not in json.loads(pages(one.daemon)["/health"]("")[2])["checks"]
    assert connections(one, "demo") == 1


async def test_while_a_name_server_hangs(one: Running) -> None:
    """Every thread of the loop waits for it; the corrected configuration does not, nor do the metrics that say so."""
    answer, loop = threading.Event(), asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as few:
        loop.set_default_executor(few)
        name = loop.run_in_executor(None, answer.wait)
        try:
            assert await one.reload(one.settings.sources[0], source(one.settings, "more"))
            async with asyncio.timeout(WITHIN):
                _, _, page = await one.daemon.reporter.metrics.page("")
        finally:
            answer.set()
            await name
    assert b'ingestd_config_reloads_total{outcome="success"} 1' in page


async def test_gone_and_back_at_once(one: Running) -> None:
    """Before its lane has gone: the new one is not taken for the old."""
    demo, more = one.settings.sources[0], source(one.settings, "more")
    assert await one.reload(demo, more)
    await one.until(lambda: one.live("more"))
    first = one.daemon.lanes["more"]
    assert await one.reload(demo)
    assert await one.reload(demo, more)
    await one.until(lambda: one.live("more") and one.daemon.lanes["more"] is not first)
    assert set(one.daemon.lanes) == {"demo", "more"}


async def test_patience_keeps_the_decoder(one: Running) -> None:
    """The collector is another, what it reads goes on."""
    reader, collector = one.daemon.lanes["demo"].reader, one.daemon.collectors["demo"]
    assert await one.reload(one.settings.sources[0].model_copy(update={"silence_limit": 7.0}))
    await one.until(lambda: one.daemon.collectors["demo"] is not collector and one.live("demo"))
    assert one.daemon.collectors["demo"].silence_limit == 7
    assert one.daemon.lanes["demo"].reader is reader
    assert connections(one, "demo") == 2


async def test_other_options_have_a_decoder_of_their_own(one: Running) -> None:
    """From a session that begins with nothing."""
    reader = one.daemon.lanes["demo"].reader
    assert await one.reload(source(one.settings, "demo", seed=9))
    await one.until(lambda: one.daemon.lanes["demo"].reader is not reader and one.live("demo"))
    assert one.daemon.lanes["demo"].counters["quarantined"] == 0


async def test_bounds_touch_no_connection(one: Running) -> None:
    """The lane judges by others."""
    assert await one.reload(source(one.settings, "demo", validation={"jump": 1.5}))
    await one.until(lambda: one.daemon.lanes["demo"]._judge._standards.bounds["book"].jump == 1.5)
    assert connections(one, "demo") == 1


async def test_a_parked_source_is_tried_again(one: Running) -> None:
    """A person has acted, though nothing of it changed."""
    one.daemon.collectors["demo"].park("bug")
    await one.until(lambda: one.daemon.collectors["demo"].status.state == "parked")
    assert await one.reload()
    await one.until(lambda: one.live("demo"))


async def test_everything_else_that_it_takes(one: Running) -> None:
    """At once."""
    settings = one.settings
    assert await one.reload(
        batch=settings.batch.model_copy(update={"rows": 77}),
        shutdown=settings.shutdown.model_copy(update={"deadline": 9.0}),
        journal=settings.journal.model_copy(update={"retain": 60.0}),
        log=settings.log.model_copy(update={"level": "warning"}),
        alerts=settings.alerts.model_copy(update={"enabled": False}),
        precedence=("other", "demo"),
    )
    daemon = one.daemon
    assert daemon.loader is not None
    assert daemon.loader.limits.rows == 77
    assert daemon.supervisor.deadline == 9
    assert daemon.journal._appender.limits.retain == 60_000_000
    assert daemon.reporter._logger._level == "warning"
    assert daemon.settings == one.settings
    assert connections(one, "demo") == 1


@pytest.mark.parametrize(
    "problem", [ConfigError("a: no such key", "b: missing"), RuntimeError("a bug in a validator")], ids=["configuration", "bug"]
)
async def test_what_is_wrong_changes_nothing(one: Running, problem: Exception) -> None:
    """And is said everywhere, until a reload succeeds."""
    before, said = one.daemon.configuration, list[Fact]()
    one.daemon.reporter.listen(said.append)
    one.problem = problem
    assert not await one.reload(source(one.settings, "other"))
    assert [fact.labels["problem"] for fact in said if fact.action == "config.reload_failed"] == list(one.daemon.reloads.problems)
    assert [fact.cause for fact in said if fact.action == "config.failed"] == [problem] * isinstance(problem, RuntimeError)
    assert one.daemon.configuration is before
    assert set(one.daemon.collectors) == {"demo"}
    check = json.loads(pages(one.daemon)["/health"]("")[2])["checks"]["config"]
    assert check["status"] == "warn"
    assert all(str(line) in check["output"] for line in str(problem).splitlines())
    metrics = (await one.daemon.reporter.metrics.page(""))[2].decode()
    assert "ingestd_config_last_reload_successful 0\n" in metrics
    sight = await one.daemon._lookout.look()
    assert (sight.config_problems, sight.config_failed_at) == (one.daemon.reloads.problems, one.daemon.reloads.failed_at)
    one.problem = None
    assert await one.reload(*before.settings.sources)
    assert json.loads(pages(one.daemon)["/health"]("")[2])["checks"]["config"] == {"status": "pass"}
    assert "ingestd_config_last_reload_successful 1\n" in (await one.daemon.reporter.metrics.page(""))[2].decode()
    assert connections(one, "demo") == 1


async def test_what_needs_a_restart_is_refused_with_everything_else(one: Running) -> None:
    """By name."""
    demo, more = one.settings.sources[0], source(one.settings, "more")
    http = one.settings.http.model_copy(update={"port": 1})
    assert not await one.reload(demo, more, http=http)
    assert one.daemon.reloads.problems == ("http.port: needs a restart; nothing was changed",)
    assert set(one.daemon.collectors) == {"demo"}


async def test_what_does_not_begin_is_refused_with_everything_else(settings: Settings) -> None:
    """What ran for the others by then is ended."""
    at_work = []

    @asynccontextmanager
    async def needs(asked: SourceSettings, options: BaseModel) -> AsyncIterator[BaseModel]:
        if asked.name == "bad":
            raise RuntimeError("the exchange did not start")
        at_work.append(asked.name)
        yield options
        at_work.remove(asked.name)

    async with running(settings, needs) as one:
        demo, good, bad = settings.sources[0], source(settings, "good"), source(settings, "bad")
        assert not await one.reload(demo, good, bad)
        assert at_work == ["demo"]
        assert await one.reload(demo, good)
        assert at_work == ["demo", "good"]
        assert await one.reload(good)
        assert at_work == ["good"]
    assert at_work == []


async def test_requests_that_come_together_are_few_reloads(one: Running) -> None:
    """One at work, and one for all that came meanwhile."""
    for _ in range(50):
        one.daemon.reloads.ask()
    await one.until(lambda: one.reloads("success") >= 1)
    await asyncio.sleep(0.2)
    assert one.reloads("success") <= 2


async def test_who_drains_does_not_reload(settings: Settings) -> None:
    """Nor does harm come of asking."""
    async with running(settings) as one:
        one.daemon.supervisor._enter("draining")
        one.daemon.reloads.ask()
        await asyncio.sleep(0.1)
        assert (one.reloads("success"), one.reloads("failure")) == (0, 0)


async def test_secrets_of_a_new_configuration_are_hidden(one: Running, tmp_path: Path) -> None:
    """Those of one that is refused as well."""
    alerts = one.settings.alerts.model_validate({"webhook": {"url": "https://h/", "token": "a-token-nobody-may-see"}})
    assert not await one.reload(alerts=alerts, http=one.settings.http.model_copy(update={"port": 1}))
    assert one.daemon.reporter.redactor.text("a-token-nobody-may-see") == "***"


async def test_a_source_that_comes_while_the_store_is_away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is recorded at once, and loaded once the store is there; so is one that went before the run had begun."""
    clock, one, stop = SystemClock(), Running(settings), asyncio.Event()
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    one.daemon = daemon = await Daemon.compose(settings, reporter, clock, read=one.read)
    here = asyncio.Event()
    begin = daemon.store.begin

    async def away(run: Run, journal_id: int, position: int) -> int:
        if not here.is_set():
            raise StoreUnavailable("not yet")
        return await begin(run, journal_id, position)

    monkeypatch.setattr(daemon.store, "begin", away)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(daemon.run(stop))
        await one.until(lambda: daemon.collectors["demo"].status.read > 50)
        assert await one.reload(source(settings, "more"))
        await one.until(lambda: daemon.collectors["more"].status.read > 50)
        assert daemon.loader is None
        gone = daemon.collectors["demo"].status
        assert gone.state == "stopped"
        here.set()
        await one.until(lambda: one.live("more"))
        await one.until(lambda: "demo" not in daemon.lanes)
        stop.set()
        assert await task is True
    assert (await loaded(settings.store.url, "demo")).counters["frames"] == gone.read


def resources() -> tuple[int, int]:
    """Open files of this process, and tasks of this loop."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())


async def test_nothing_is_left_behind(settings: Settings) -> None:
    """After tens of reloads under load: files and tasks are what they were; the source that was never touched connected once."""
    demo = settings.sources[0]
    async with running(settings.model_copy(update={"alerts": AlertSettings(enabled=False)})) as one:

        async def round_trip(number: int) -> None:
            more, other = source(settings, "more", silence_limit=5 + number), source(settings, "other", seed=number)
            assert await one.reload(demo, more, other)
            await one.until(lambda: one.live("more") and one.live("other"))
            assert await one.reload(demo, more.model_copy(update={"silence_limit": 4.0}))
            assert await one.reload(demo)
            await one.until(lambda: set(one.daemon.lanes) == {"demo"})

        for number in range(3):
            await round_trip(number)
        # what is opened once, when it is first needed, is open by now
        before = resources()
        for number in range(3, 11):
            await round_trip(number)
        await one.until(lambda: resources() <= before)
        assert one.reloads("success") == 33
        assert connections(one, "demo") == 1
