"""The figures of a daemon that are counted elsewhere, put into its metrics when somebody looks."""

import asyncio
from collections import Counter
from typing import Final

from ingestd.app.watch import Daemon
from ingestd.journal.local import disk_free
from ingestd.model import LINK_STATES, OUTCOMES, SECOND
from ingestd.pipeline.intake import MAX_BYTES, MAX_RECORDS
from ingestd.pipeline.lane import DUPLICATE

BREAKER_STATES: Final = ("closed", "open", "half_open")
TASKS: Final = (
    *("alerts", "close", "collector", "commit", "decode", "floods", "gauges", "incidents", "intake", "job", "loader", "loop"),
    *("pause", "progress", "reloads", "renew", "signs", "start", "stop", "watch", "watchdog", "unnamed"),
)
"""First words of the names of tasks."""


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
    _publish_tasks(daemon)
    _publish_sources(daemon)
    _publish_lanes(daemon)
    _publish_shared(daemon)


def _publish_tasks(daemon: Daemon) -> None:
    found = Counter(_kind(task.get_name()) for task in asyncio.all_tasks())
    for kind in TASKS:
        daemon.reporter.metrics.set("tasks", found[kind], kind=kind)


def _kind(name: str) -> str:
    word = name.partition(" ")[0]
    return word if word in TASKS else "unnamed"


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
