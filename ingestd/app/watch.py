"""What a daemon shows from outside: its pages, and the components of its health."""

from collections.abc import Mapping
from functools import partial
from typing import Final, Protocol

from ingestd import __version__
from ingestd.app.gauges import Gauges
from ingestd.app.reload import Reloads
from ingestd.interfaces import Clock
from ingestd.journal.local import LocalJournal
from ingestd.overview import Life
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.loader import Loader
from ingestd.pipeline.resilience import Breaker
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings
from ingestd.sources.accounts import Accounts
from ingestd.supervisor import Supervisor
from ingestd.telemetry import Reporter
from ingestd.telemetry.alerts.courier import Courier
from ingestd.telemetry.alerts.watch import Alerts
from ingestd.telemetry.health import (
    Check,
    Component,
    Health,
    check_breakers,
    check_config,
    check_journal,
    check_progress,
    check_source,
    check_sources,
    check_store,
)
from ingestd.telemetry.incidents import Incidents
from ingestd.web.server import Page

STUCK: Final = 120.0
"""Seconds without a turn of the loader's loop, the store being there, after which only a restart helps."""


class Daemon(Protocol):
    """The parts of a daemon that are shown."""

    clock: Clock
    journal: LocalJournal
    reporter: Reporter
    supervisor: Supervisor
    intake: Intake
    writer: Writer
    collectors: dict[str, Collector]
    lanes: dict[str, Lane]
    catalogue: Catalogue
    breakers: dict[str, Breaker]
    budgets: Accounts
    incidents: Incidents
    reloads: Reloads
    alerts: Alerts
    gauges: Gauges
    started_at: int

    @property
    def settings(self) -> Settings:
        """As they are in force."""

    @property
    def loader(self) -> Loader | None:
        """That of the live run, once it has begun."""

    @property
    def couriers(self) -> list[Courier]:
        """One for each channel of alerts."""

    def status(self, accept: str) -> tuple[int, str, bytes]:
        """The page of that name, before secrets are taken out."""


def pages(daemon: Daemon) -> Mapping[str, Page]:
    """Everything that port 8001 answers beside the metrics."""
    health = Health(lambda: _components(daemon), lambda: life(daemon), daemon.clock, version=__version__, instance=daemon.journal.uid)
    return {path: _clean(daemon, page) for path, page in {**health.pages(), "/status": daemon.status}.items()}


def life(daemon: Daemon) -> Life:
    """As the supervisor has it, but that a daemon without its checkpoint is still starting, though it records."""
    state = daemon.supervisor.life.state
    return "starting" if state == "running" and daemon.loader is None else state


def gets_on(daemon: Daemon) -> bool:
    """Whether the work gets on: else only a restart helps."""
    return _loader(daemon).status != "fail"


def _clean(daemon: Daemon, page: Page) -> Page:
    def cleaned(accept: str) -> tuple[int, str, bytes]:
        status, media_type, body = page(accept)
        return status, media_type, daemon.reporter.redactor.page(body)

    return cleaned


def _components(daemon: Daemon) -> dict[str, Component]:
    found = {
        "store": Component(lambda: _store(daemon)),
        "journal": Component(lambda: _journal(daemon), durable=True),
        "config": Component(lambda: check_config(daemon.reloads.problems, daemon.reloads.failed_at)),
        "loader": Component(lambda: _loader(daemon), vital=True),
        "sources": Component(lambda: _sources(daemon)),
    }
    if daemon.breakers:
        found["breakers"] = Component(lambda: check_breakers(breaker.state for breaker in daemon.breakers.values()))
    return found | {f"source:{name}": Component(partial(_source, part)) for name, part in daemon.collectors.items()}


def _store(daemon: Daemon) -> Check:
    status = daemon.writer.status
    return check_store(status.unavailable_since, status.reason, status.busy_since, daemon.clock.now())


def _journal(daemon: Daemon) -> Check:
    intake, journal = daemon.intake, daemon.journal
    return check_journal(intake.paused_since, intake.busy_since, daemon.clock.now(), journal.size(), daemon.settings.journal.limit)


def _loader(daemon: Daemon) -> Check:
    """A store that does not answer must not restart anybody."""
    if daemon.loader is None:
        return Check("pass", "waits for the store")
    check = check_progress(daemon.loader.beat, daemon.clock.monotonic(), STUCK)
    return Check("pass", "waits for the store") if check.status == "fail" and daemon.writer.status.busy_since else check


def _sources(daemon: Daemon) -> Check:
    stand = [collector.status for collector in daemon.collectors.values()]
    return check_sources([(status.state, status.down_since) for status in stand], daemon.clock.now())


def _source(collector: Collector) -> Check:
    status = collector.status
    return check_source(status.state, status.down_since or status.since, status.reason)
