"""A live daemon, composed from settings."""

import asyncio
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.app.alerting import Couriers
from ingestd.app.finite import open_journal
from ingestd.app.gauges import Gauges
from ingestd.app.live import LiveRun
from ingestd.app.lookout import Lookout
from ingestd.app.overview import overview
from ingestd.app.publishing import publish
from ingestd.app.reload import Read, Reloads
from ingestd.app.roster import Needs, Roster, nothing
from ingestd.app.watch import gets_on, pages
from ingestd.errors import ConfigError, IngestdError, StoreUnavailable
from ingestd.interfaces import Clock, HistoryStore
from ingestd.journal.local import LocalJournal
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.loader import Loader
from ingestd.settings import Configuration, Settings, secrets_of, validate_feeds
from ingestd.sources import FEEDS
from ingestd.stopping import Account
from ingestd.store import open_store
from ingestd.supervisor import Supervisor
from ingestd.telemetry import Reporter
from ingestd.telemetry.alerts.courier import Courier
from ingestd.telemetry.alerts.watch import Alerts
from ingestd.telemetry.systemd import ServiceManager
from ingestd.web.server import WebServer

BEAT: Final = 1.0
"""Seconds between two looks at whether the service manager is to be told something."""


class Progress(Struct, frozen=True, kw_only=True):
    """Where a daemon stands. ``lag``: seconds by which the source that is furthest behind is, as it was measured last."""

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
        self, configuration: Configuration, journal: LocalJournal, reporter: Reporter, clock: Clock, read: Read, needs: Needs
    ) -> None:
        self.configuration = configuration
        settings = configuration.settings
        self.clock = clock
        self.started_at = clock.now()
        self.journal = journal
        self.reporter = reporter
        self.manager = ServiceManager(clock)
        self.store: HistoryStore = open_store(settings.store.url, settings.store.schema_name, clock)
        self.intake = Intake(journal, clock, reporter)
        self.roster = Roster(settings, needs, self.intake, journal, clock, reporter)
        self.collectors, self.breakers, self.budgets = self.roster.collectors, self.roster.breakers, self.roster.budgets
        if self.budgets.damage:
            reporter.fact("budget.lost", problem=self.budgets.damage, path=str(self.budgets.path))
        self.live = live = LiveRun(settings, self.roster, self.intake, journal, self.store, clock, reporter)
        self.lanes, self.catalogue, self.writer, self.incidents = live.lanes, live.catalogue, live.writer, live.incidents
        reporter.metrics.on_scrape(partial(publish, self))
        reporter.listen(self.incidents.hear)
        self._lookout = Lookout(self)
        self.alerts = Alerts(settings.alerts, self._lookout.look, Couriers(clock, reporter), settings.journal.path, clock, reporter)
        self.gauges = Gauges(self)
        self.reloads = Reloads(self, read)
        self.supervisor = Supervisor(
            self.intake,
            journal,
            self.live.run,
            clock,
            reporter,
            deadline=settings.shutdown.deadline,
            entered=self.manager.entered,
            beside={
                "floods": self._tell_kept_back,
                "signs of life": self._tell_manager,
                "incidents": self.incidents.run,
                "housekeeping": self.live.housekeeping.run,
                "alerts": self.alerts.run,
                "gauges": self.gauges.run,
                "reloads": self.reloads.run,
            },
        )

    @classmethod
    async def compose(
        cls, settings: Settings, reporter: Reporter, clock: Clock, *, read: Read | None = None, needs: Needs = nothing
    ) -> "Daemon":
        """Take the journal and look at the store. Raises ConfigError for what a person must mend, InUse for what another holds.

        A store that is away is waited for later, while the journal records. ``read``: what a reload takes; left out, these settings,
        with the secrets in files as they are then. ``needs``: what sources need beside them.
        """
        given = Configuration.of(settings, validate_feeds(settings, FEEDS))
        reporter.hide(secrets_of(settings, given.options.values()))
        reporter.report_to(settings.sentry)
        journal = await open_journal(settings, settings.journal.path, clock)
        try:
            daemon = cls(given, journal, reporter, clock, read or (lambda: (settings, validate_feeds(settings, FEEDS))), needs)
            try:
                await daemon._prepare()
            except BaseException:
                await daemon.roster.close()
                raise
        except BaseException as error:
            await journal.close()
            if isinstance(error, Exception) and not isinstance(error, IngestdError):
                reporter.failed("daemon.failed", error)
            raise
        return daemon

    async def _prepare(self) -> None:
        options = self.configuration.options
        for source in self.settings.sources:
            if source.enabled:
                self.supervisor.start(self.roster.put(await self.roster.prepare(source, options[source.name])))
        try:
            await self.store.prepare()
        except StoreUnavailable as error:
            self.writer.unavailable(error)

    @property
    def settings(self) -> Settings:
        """As they are in force."""
        return self.configuration.settings

    @property
    def loader(self) -> Loader | None:
        """That of the live run, once it has begun."""
        return self.live.loader

    @property
    def couriers(self) -> list[Courier]:
        """One for each channel of alerts."""
        return self.alerts.couriers

    def hide(self, configuration: Configuration) -> None:
        """Let no secret of a configuration out."""
        self.reporter.hide(secrets_of(configuration.settings, configuration.options.values()))

    async def run(self, stop: asyncio.Event) -> bool:
        """Until ``stop``; returns whether everything that was read is in the store. Raises InUse where the port is taken."""
        server = WebServer(self.settings.http.host, self.settings.http.port, self.reporter.metrics.page, pages(self), self._answered)
        try:
            clean = await self._serve(server, stop)
        except Exception as error:
            if not isinstance(error, ConfigError):
                self.reporter.failed("daemon.failed", error)
            raise
        finally:
            await self._close(server)
        self._tell(self._account())
        return clean

    async def _close(self, server: WebServer) -> None:
        """The last steps, which a failed daemon takes as well."""
        stopping = self.supervisor.stopping
        stopping.begin(self.settings.shutdown.deadline)
        async with stopping.step("messages"), asyncio.TaskGroup() as group:
            self.reporter.tell_kept_back(everything=True)
            group.create_task(self.alerts.close(), name="alerts last")
            group.create_task(self.incidents.close(), name="incidents last")
        async with stopping.step("closing"):
            await server.stop()
            await self._lookout.close()
            await self.roster.close()
            await self.journal.close()
            await self.store.close()

    def _account(self) -> Account:
        loader, intake = self.loader, self.intake
        journalled = intake.accepted - intake.lost
        behind = [self._journalled(name) - lane.settled.get("ordinal", 0) for name, lane in self.lanes.items()] if loader else [journalled]
        return Account(
            read=intake.accepted,
            journalled=journalled,
            stored=loader.loaded if loader else 0,
            waiting=sum(max(0, frames) for frames in behind),
            cut_off=self.supervisor.cut_off,
            undelivered=sum(courier.waiting for courier in self.couriers),
            unrecorded=self.incidents.held,
        )

    def _journalled(self, source: str) -> int:
        """Frames of a source that are durable, those of earlier processes among them."""
        collector = self.collectors.get(source)
        return collector.status.read - sum(collector.status.dropped.values()) if collector else 0

    def _tell(self, account: Account) -> None:
        stopping = self.supervisor.stopping
        figures = {name: getattr(account, name) for name in account.__struct_fields__}
        took = {f"{name}_seconds": round(seconds, 3) for name, seconds in stopping.seconds.items()}
        self.reporter.fact("daemon.stopped", seconds=round(stopping.passed, 3), left=account.words, **figures, **took)

    async def _serve(self, server: WebServer, stop: asyncio.Event) -> bool:
        await server.start()
        host, port = server.address
        self.reporter.fact("daemon.started", sources=len(self.collectors), store=self.settings.store.shown, address=f"{host}:{port}")
        clean = await self.supervisor.run(stop)
        self.live.close()
        return clean

    def progress(self) -> Progress:
        """A few figures for a person who looks."""
        views = [self.roster.view(name) for name in self.collectors]
        counters = [lane.settled for lane in self.lanes.values()]
        return Progress(
            sources=len(views),
            live=sum(view.state == "live" for view in views),
            received=sum(counter["received"] for counter in counters),
            rows=sum(counter["rows"] for counter in counters),
            lag=max((gauge.lag for name in self.collectors if (gauge := self.gauges.of(name))), default=0.0),
            problem=self.writer.status.problem,
            journal_mib=self.journal.size() / 2**20,
        )

    async def _tell_manager(self) -> None:
        while True:
            self.manager.tick(well=gets_on(self), status=self._summary)
            await self.clock.sleep(BEAT)

    def status(self, _: str) -> tuple[int, str, bytes]:
        """The page of that name, before secrets are taken out."""
        return 200, "application/json", msgspec.json.encode(overview(self))

    def _summary(self) -> str:
        now = self.progress()
        troubles = (f"store away: {now.problem}" if now.problem else "", "the last reload was refused" if self.reloads.problems else "")
        return ", ".join((f"{now.live} of {now.sources} sources live", f"{now.rows:,} rows", *filter(None, troubles)))

    def _answered(self, endpoint: str, status: int) -> None:
        self.reporter.add("http_requests_total", endpoint=endpoint, code=str(status))

    async def _tell_kept_back(self) -> None:
        while True:
            await self.clock.sleep(1.0)
            self.reporter.tell_kept_back()
