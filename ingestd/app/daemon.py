"""A live daemon, composed from settings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from random import Random
from typing import Final, TypeVar

from msgspec import Struct
from pydantic import BaseModel

from ingestd.app.alerting import couriers
from ingestd.app.feeds import build_feed
from ingestd.app.finite import judged_by, new_run, open_journal
from ingestd.app.housekeeping import Housekeeping
from ingestd.app.lookout import Lookout
from ingestd.app.watch import gets_on, pages
from ingestd.errors import ConfigError, IngestdError, StoreUnavailable
from ingestd.interfaces import Clock, Feed, HistoryStore
from ingestd.journal.deathmark import Deathmark
from ingestd.journal.local import LocalJournal
from ingestd.model import SECOND, Run, Scope
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.collector import Collector, Policy
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.lane import FORGET_AFTER, CollectorView, Lane, closed_kept
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Hooks, Limits, Loader
from ingestd.pipeline.resilience import Breaker
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings, SourceSettings, secrets_of, validate_feeds
from ingestd.sources import FEEDS
from ingestd.sources.accounts import BUDGETS, Accounts
from ingestd.store import open_store
from ingestd.supervisor import Supervisor
from ingestd.telemetry import Reporter
from ingestd.telemetry.alerts.watch import Alerts
from ingestd.telemetry.incidents import Incidents
from ingestd.telemetry.systemd import ServiceManager
from ingestd.web.server import WebServer

T = TypeVar("T")

BEAT: Final = 1.0
"""Seconds between two looks at whether the service manager is to be told something."""
RETRY_STORE: Final = 2.0
"""Seconds between two tries at a store that is away when the daemon starts; recording goes on meanwhile."""


class Progress(Struct, frozen=True, kw_only=True):
    """Where a daemon stands. ``lag``: seconds between receipt and commit of what is being loaded."""

    sources: int
    live: int
    received: int
    rows: int
    lag: float
    problem: str
    journal_mib: float


class Daemon:
    """A live daemon, composed and not yet running."""

    def __init__(
        self, settings: Settings, options: Mapping[str, BaseModel], journal: LocalJournal, reporter: Reporter, clock: Clock
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.journal = journal
        self.reporter = reporter
        self._manager = ServiceManager(clock)
        self.breakers: dict[str, Breaker] = {}
        self.budgets = Accounts(settings.journal.path / BUDGETS, clock)
        if self.budgets.damage:
            reporter.fact("budget.lost", problem=self.budgets.damage, path=str(self.budgets.path))
        self.catalogue = Catalogue()
        self.lanes: dict[str, Lane] = {}
        self.loader: Loader | None = None
        self.store: HistoryStore = open_store(settings.store.url, settings.store.schema_name, clock)
        self.writer = Writer(self.store, clock, reporter)
        self.incidents = Incidents(self.store.record, clock, reporter)
        reporter.listen(self.incidents.hear)
        retention, status = settings.store.retention, self.writer.status
        self.housekeeping = Housekeeping(self.store, retention, lambda: bool(status.unavailable_since), clock, reporter)
        self.intake = Intake(journal, clock, reporter)
        self._deathmark = Deathmark(settings.journal.path / "deathmark")
        self.feeds: dict[str, Feed] = {}
        self.collectors: dict[str, Collector] = {}
        for source in settings.sources:
            if source.enabled:
                self._add(source, options[source.name])
        self.couriers = couriers(settings.alerts, clock, reporter)
        self._lookout = Lookout(self)
        self._alerts = Alerts(settings.alerts, self._lookout.look, self.couriers, settings.journal.path, clock, reporter)
        self.supervisor = Supervisor(
            list(self.collectors.values()),
            self.intake,
            journal,
            self._load,
            clock,
            reporter,
            deadline=settings.shutdown.deadline,
            entered=self._manager.entered,
            beside={
                "floods": self._tell_kept_back,
                "signs of life": self._tell_manager,
                "incidents": self.incidents.run,
                "housekeeping": self.housekeeping.run,
                "alerts": self._alerts.run,
            },
        )

    @classmethod
    async def compose(cls, settings: Settings, reporter: Reporter, clock: Clock) -> "Daemon":
        """Take the journal and look at the store. Raises ConfigError for what a person must mend, InUse for what another holds.

        A store that is away is waited for later, while the journal records.
        """
        options = validate_feeds(settings, FEEDS)
        reporter.hide(secrets_of(settings, options.values()))
        reporter.report_to(settings.sentry)
        journal = await open_journal(settings, settings.journal.path, clock)
        try:
            daemon = cls(settings, options, journal, reporter, clock)
            try:
                await daemon.store.prepare()
            except StoreUnavailable as error:
                reporter.fact("store.unavailable", problem=str(error))
                daemon.writer.status.unavailable_since = clock.now()
                daemon.writer.status.problem = str(error)
        except BaseException as error:
            await journal.close()
            if not isinstance(error, IngestdError):
                reporter.failed("daemon.failed", error)
            raise
        return daemon

    async def run(self, stop: asyncio.Event) -> bool:
        """Until ``stop``; returns whether everything that was read is in the store. Raises InUse where the port is taken."""
        server = WebServer(self.settings.http.host, self.settings.http.port, pages(self))
        try:
            return await self._serve(server, stop)
        except Exception as error:
            if not isinstance(error, ConfigError):
                self.reporter.failed("daemon.failed", error)
            raise
        finally:
            await server.stop()
            await self._alerts.close()
            await self._lookout.close()
            self.reporter.tell_kept_back(everything=True)
            await self.incidents.close()
            await self.journal.close()
            await self.store.close()

    async def _serve(self, server: WebServer, stop: asyncio.Event) -> bool:
        await server.start()
        host, port = server.address
        self.reporter.fact("daemon.started", sources=len(self.collectors), store=self.settings.store.shown, address=f"{host}:{port}")
        clean = await self.supervisor.run(stop)
        # not after a failure: the frame that was being worked on stays marked
        self._deathmark.close()
        self.reporter.fact("daemon.stopped", left="nothing left" if clean else "the journal keeps what the store does not have yet")
        return clean

    def progress(self) -> Progress:
        """A few figures for a person who looks."""
        views = [self._view(name) for name in self.collectors]
        counters = [lane.counters for lane in self.lanes.values()]
        behind = self.journal.last() - self.writer.status.position if self.lanes else 0
        oldest = min((lane.last_received_at for lane in self.lanes.values() if lane.last_received_at), default=0)
        return Progress(
            sources=len(views),
            live=sum(view.state == "live" for view in views),
            received=sum(counter["received"] for counter in counters),
            rows=sum(counter["rows"] for counter in counters),
            lag=(self.clock.now() - oldest) / SECOND if behind > 0 and oldest else 0.0,
            problem=self.writer.status.problem,
            journal_mib=self.journal.size() / 2**20,
        )

    async def _tell_manager(self) -> None:
        while True:
            self._manager.tick(well=gets_on(self), status=self._summary)
            await self.clock.sleep(BEAT)

    def _summary(self) -> str:
        now = self.progress()
        return f"{now.live} of {now.sources} sources live, {now.rows:,} rows" + (f", store away: {now.problem}" if now.problem else "")

    def _add(self, source: SourceSettings, options: BaseModel) -> None:
        feed = build_feed(self.settings, source, options, self.clock, self._breaker, self.budgets)
        self.feeds[source.name] = feed
        policy = Policy(
            silence_limit=source.silence_limit,
            give_up_after=source.give_up_after,
            span_seconds=source.max_delta_span.time,
            span_bytes=source.max_delta_span.bytes,
        )
        self.collectors[source.name] = Collector(
            source.name,
            feed,
            self.intake,
            self.journal,
            self.clock,
            self.reporter,
            Random(),  # noqa: S311 - jitter, no secret
            policy,
        )

    def _breaker(self, name: str) -> Breaker:
        if name not in self.breakers:
            self.breakers[name] = Breaker(name, self.clock, self.reporter)
        return self.breakers[name]

    async def _load(self) -> None:
        """The live run: from the checkpoint on, for ever."""
        run = new_run("live", "", self.clock)
        with self.reporter.bound(job="live", run=f"{run.run_id & (1 << 64) - 1:016x}"):
            await self._record(run)

    async def _record(self, run: Run) -> None:
        journal_id, position = await self._patiently(partial(self._enter, run))
        self.incidents.begin(run.run_id)
        self.housekeeping.begin()
        for source in self.settings.sources:
            if source.name in self.feeds:
                # by the frames' own time, as the book forgets: a restart's clock decides nothing
                seen = await self._patiently(partial(self.store.seen_until, source.name))
                feed, rules = self.feeds[source.name], judged_by(self.settings, source.name)
                since, kept = seen or 0, closed_kept(feed.time_rule)
                warm = await self._patiently(partial(self.store.warm, source.name, since - FORGET_AFTER, since - kept))
                self.lanes[source.name] = Lane(source.name, source.feed, feed, self.catalogue, warm=warm, live=True, **rules)
        limits = Limits(rows=self.settings.batch.rows, pace=self.settings.batch.pace)
        hooks = Hooks(renew=self._renew, park=self._park, view=self._view, silence_limit=self._silence_limit, full=self._full)
        learner = Learner(self.catalogue, self.writer, self.clock)
        self.loader = loader = Loader(
            run,
            self.journal,
            journal_id,
            self.lanes,
            learner,
            self.writer,
            self.clock,
            self.reporter,
            self._deathmark,
            limits=limits,
            hooks=hooks,
        )
        self.reporter.fact("run.started", kind="live", source="all sources", position=position)
        await loader.run(position)
        await self.store.end(run, ended_at=self.clock.now(), status="stopped", counts={})
        self.reporter.fact("run.ended", kind="live", source="all sources", status="stopped")

    async def _enter(self, run: Run) -> tuple[int, int]:
        await self.store.prepare()
        journal_id = await self.store.journal_id(self.journal.uid, str(self.settings.journal.path))
        position = await self.store.begin(run, journal_id, 0)
        await self.store.prefer(self.settings.preferred)
        return journal_id, position

    async def _patiently(self, action: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await action()
            except StoreUnavailable as error:
                self.writer.status.problem = str(error)
                await self.clock.sleep(RETRY_STORE)

    async def _tell_kept_back(self) -> None:
        while True:
            await self.clock.sleep(1.0)
            self.reporter.tell_kept_back()

    def _renew(self, source: str, scope: Scope) -> None:
        self.collectors[source].renew(scope)

    def _full(self) -> bool:
        return self.intake.paused_since is not None

    def _park(self, source: str, reason: str) -> None:
        self.collectors[source].park(reason)

    def _view(self, source: str) -> CollectorView:
        status = self.collectors[source].status
        return CollectorView(
            state=status.state, since=status.since, reason=status.reason, read=status.read, dropped=sum(status.dropped.values())
        )

    def _silence_limit(self, source: str) -> int:
        """A quiet link says ``alive`` every so often: a price stays live for that long beyond the silence that kills the link."""
        return int((self.collectors[source].silence_limit + Policy().alive_interval) * SECOND)
