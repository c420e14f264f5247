"""What a daemon shows from outside: health components, and the figures that are read when somebody looks."""

from collections.abc import Mapping
from functools import partial
from typing import Final, Protocol

from ingestd import __version__
from ingestd.app.gauges import Gauges
from ingestd.interfaces import Clock
from ingestd.journal.local import LocalJournal, disk_free
from ingestd.model import LINK_STATES, OUTCOMES, SECOND
from ingestd.overview import Life
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import MAX_BYTES, MAX_RECORDS, Intake
from ingestd.pipeline.lane import DUPLICATE, Lane
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
BREAKER_STATES: Final = ("closed", "open", "half_open")


class Daemon(Protocol):
    """The parts of a daemon that are shown."""

    settings: Settings
    clock: Clock
    journal: LocalJournal
    reporter: Reporter
    supervisor: Supervisor
    intake: Intake
    writer: Writer
    loader: Loader | None
    collectors: dict[str, Collector]
    lanes: dict[str, Lane]
    catalogue: Catalogue
    breakers: dict[str, Breaker]
    budgets: Accounts
    incidents: Incidents
    couriers: list[Courier]
    alerts: Alerts
    gauges: Gauges
    started_at: int

    def status(self, accept: str) -> tuple[int, str, bytes]:
        """The page of that name, before secrets are taken out."""


def pages(daemon: Daemon) -> Mapping[str, Page]:
    """Everything that port 8001 answers."""
    daemon.reporter.metrics.on_scrape(lambda: publish(daemon))
    health = Health(lambda: _components(daemon), lambda: life(daemon), daemon.clock, version=__version__, instance=daemon.journal.uid)
    return {
        "/metrics": daemon.reporter.metrics.page,
        **{path: _clean(daemon, page) for path, page in {**health.pages(), "/status": daemon.status}.items()},
    }


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


def publish(daemon: Daemon) -> None:
    """Set the metrics that are counted elsewhere."""
    put = daemon.reporter.metrics.set
    put("queue_records", daemon.intake.queued_records, stage="journal")
    put("queue_bytes", daemon.intake.queued_bytes, stage="journal")
    put("queue_capacity_records", MAX_RECORDS, stage="journal")
    put("queue_capacity_bytes", MAX_BYTES, stage="journal")
    put("journal_bytes", daemon.journal.size())
    put("journal_limit_bytes", daemon.settings.journal.limit)
    put("storage_free_bytes", disk_free(daemon.settings.journal.path), volume="journal")
    put("journal_last_position", daemon.journal.last())
    put("journal_checkpoint_position", daemon.writer.status.position)
    put("sink_last_commit_timestamp_seconds", daemon.writer.status.committed_at / SECOND)
    states = daemon.catalogue.states()
    for state in LINK_STATES:
        put("event_links", states[state], state=state)
    _publish_sources(daemon)
    _publish_lanes(daemon)
    _publish_shared(daemon)


def _publish_sources(daemon: Daemon) -> None:
    put = daemon.reporter.metrics.set
    for name, collector in daemon.collectors.items():
        status = collector.status
        put("source_connected", float(status.state == "live"), source=name)
        put("source_last_message_timestamp_seconds", status.last_received_at / SECOND, source=name)
        put("frames_read_total", status.read, source=name)
        put("source_received_messages_total", status.received, source=name)
        put("source_received_bytes_total", status.received_bytes, source=name)
        put("frames_journalled_total", status.read - sum(status.dropped.values()), source=name)
        for reason, count in status.dropped.items():
            put("dropped_records_total", count, source=name, stage="journal", reason=reason)
        for reason, count in status.refused.items():
            put("source_refused_requests_total", count, source=name, reason=reason)


def _publish_lanes(daemon: Daemon) -> None:
    put = daemon.reporter.metrics.set
    for name, lane in daemon.lanes.items():
        put("frames_loaded_total", lane.counters.get("ordinal", 0), source=name)
        put("updates_received_total", lane.counters["received"], source=name)
        for outcome in OUTCOMES:
            put("transformed_records_total", lane.counters[outcome], source=name, outcome=outcome)
        for word, count in lane.book.unknown.items():
            put("unknown_words", count, source=name, kind=word.removeprefix("unknown_"))
        for counter, count in lane.counters.items():
            if counter.startswith(DUPLICATE):
                put("duplicate_records_total", count, source=name, cause=counter.removeprefix(DUPLICATE))


def _publish_shared(daemon: Daemon) -> None:
    """What sources share: breakers and budgets."""
    put = daemon.reporter.metrics.set
    for name, breaker in daemon.breakers.items():
        put("circuit_breaker_rejected_total", breaker.rejected, breaker=name)
        for state in BREAKER_STATES:
            put("circuit_breaker_state", float(breaker.state == state), breaker=name, state=state)
    for report in daemon.budgets.reports():
        put("budget_limit", report.limit, budget=report.budget)
        put("budget_remaining", report.left, budget=report.budget)
        put("budget_renews_timestamp_seconds", report.renews_at / SECOND, budget=report.budget)
        put("budget_exhausted_timestamp_seconds", (report.empty_at or 0) / SECOND, budget=report.budget)
        put("budget_slowdown_ratio", report.slowed, budget=report.budget)


def _components(daemon: Daemon) -> dict[str, Component]:
    found = {
        "store": Component(lambda: _store(daemon)),
        "journal": Component(lambda: _journal(daemon), durable=True),
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
