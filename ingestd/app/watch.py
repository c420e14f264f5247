"""What a daemon shows from outside: health components, and the figures that are read when somebody looks."""

from collections.abc import Mapping
from typing import Final, Protocol

from ingestd import __version__
from ingestd.app.reload import Reloads
from ingestd.interfaces import Clock
from ingestd.journal.local import LocalJournal, disk_free
from ingestd.model import LINK_STATES, OUTCOMES, SECOND
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
BREAKER_STATES: Final = ("closed", "open", "half_open")


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
    """Everything that port 8001 answers."""
    daemon.reporter.metrics.on_scrape(lambda: publish(daemon))
    health = Health(
        lambda: _components(daemon), lambda: daemon.supervisor.life.state, daemon.clock, version=__version__, instance=daemon.journal.uid
    )
    return {
        "/metrics": daemon.reporter.metrics.page,
        **{path: _clean(daemon, page) for path, page in health.pages().items()},
    }


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
