"""What a daemon shows from outside: its pages, and the components of its health."""

from collections.abc import Mapping
from typing import Final, Protocol

from ingestd import __version__
from ingestd.app.reload import Reloads
from ingestd.interfaces import Clock
from ingestd.journal.local import LocalJournal
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
from ingestd.telemetry.health import (
    Check,
    Component,
    Health,
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

    @property
    def settings(self) -> Settings:
        """As they are in force."""

    @property
    def loader(self) -> Loader | None:
        """That of the live run, once it has begun."""

    @property
    def couriers(self) -> list[Courier]:
        """One for each channel of alerts."""


def pages(daemon: Daemon) -> Mapping[str, Page]:
    """Everything that port 8001 answers beside the metrics."""
    health = Health(
        lambda: _components(daemon), lambda: daemon.supervisor.life.state, daemon.clock, version=__version__, instance=daemon.journal.uid
    )
    return {path: _clean(daemon, page) for path, page in health.pages().items()}


def gets_on(daemon: Daemon) -> bool:
    """Whether the work gets on: else only a restart helps."""
    return _loader(daemon).status != "fail"


def _clean(daemon: Daemon, page: Page) -> Page:
    def cleaned(accept: str) -> tuple[int, str, bytes]:
        status, media_type, body = page(accept)
        return status, media_type, daemon.reporter.redactor.page(body)

    return cleaned


def _components(daemon: Daemon) -> dict[str, Component]:
    components = {
        "store": Component(lambda: _store(daemon)),
        "journal": Component(
            lambda: check_journal(daemon.intake.paused_since, daemon.journal.size(), daemon.settings.journal.limit), durable=True
        ),
        "config": Component(lambda: check_config(daemon.reloads.problems, daemon.reloads.failed_at)),
        "loader": Component(lambda: _loader(daemon), vital=True),
        "sources": Component(
            lambda: check_sources([(part.status.state, part.status.since) for part in daemon.collectors.values()], daemon.clock.now())
        ),
    }
    for name in daemon.collectors:
        components[f"source:{name}"] = Component(lambda name=name: _source(daemon, name))  # type: ignore[misc]
    return components


def _store(daemon: Daemon) -> Check:
    status = daemon.writer.status
    return check_store(status.unavailable_since, status.problem, status.busy_since, daemon.clock.now())


def _loader(daemon: Daemon) -> Check:
    if daemon.loader is None or daemon.writer.status.unavailable_since:
        return Check("pass", "waits for the store")
    return check_progress(daemon.loader.beat, daemon.clock.monotonic(), STUCK)


def _source(daemon: Daemon, name: str) -> Check:
    status = daemon.collectors[name].status
    return check_source(status.state, status.since, status.reason)
