"""The figures of a daemon that are counted elsewhere, put into its metrics when somebody looks; all are of one moment."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Final

from ingestd.app.watch import Daemon
from ingestd.journal.local import disk_free
from ingestd.model import LINK_STATES, OUTCOMES, SECOND
from ingestd.pipeline.intake import MAX_BYTES, MAX_RECORDS
from ingestd.pipeline.lane import DUPLICATE
from ingestd.store.connect import target

BREAKER_STATES: Final = ("closed", "open", "half_open")
PAUSES: Final = ("parked", "throttled", "room")
WORDS: Final = ("market", "period", "outcome")
TASKS: Final = (
    *("alerts", "close", "collector", "commit", "decode", "floods", "gauges", "housekeeping", "incidents", "intake", "job", "loader"),
    *("loop", "pause", "progress", "reloads", "renew", "signs", "start", "watch", "watchdog", "unnamed"),
)
"""First words of the names of tasks."""


def publish(daemon: Daemon) -> None:
    """Set the metrics that are counted elsewhere."""
    _publish_process(daemon)
    _publish_journal(daemon)
    _publish_sources(daemon)
    _publish_lanes(daemon)
    _publish_shared(daemon)


def _publish_process(daemon: Daemon) -> None:
    metrics = daemon.reporter.metrics
    found = Counter(_kind(task.get_name()) for task in asyncio.all_tasks())
    metrics.put("tasks", [((kind,), found[kind]) for kind in TASKS])
    metrics.set("shutdown_in_progress", int(daemon.supervisor.life.state == "draining"))
    states = daemon.catalogue.states()
    metrics.put("event_links", [((state,), states[state]) for state in LINK_STATES])


def _kind(name: str) -> str:
    word = name.partition(" ")[0]
    return word if word in TASKS else "unnamed"


def _publish_journal(daemon: Daemon) -> None:
    """The queue before it, itself, and the store behind it."""
    journal = daemon.journal
    say = daemon.reporter.metrics.set
    say("queue_records", daemon.intake.queued_records, stage="journal")
    say("queue_bytes", daemon.intake.queued_bytes, stage="journal")
    say("queue_capacity_records", MAX_RECORDS, stage="journal")
    say("queue_capacity_bytes", MAX_BYTES, stage="journal")
    say("journal_bytes", journal.size())
    say("journal_limit_bytes", daemon.settings.journal.limit)
    say("journal_written_bytes_total", journal.written())
    say("journal_damage_total", len(journal.damage))
    for reason in ("full", "io"):
        say("journal_errors_total", journal.errors().get(reason, 0), reason=reason)
    say("storage_free_bytes", disk_free(daemon.settings.journal.path), volume="journal")
    say("journal_last_position", journal.last())
    say("journal_checkpoint_position", daemon.writer.status.position)
    say("sink_last_commit_timestamp_seconds", daemon.writer.status.committed_at / SECOND)
    say("sqlite_wal_bytes", _log_size(daemon.settings.store.url))


def _log_size(url: str) -> int:
    path = target(url, "any").path
    log = Path(f"{path}-wal")
    return log.stat().st_size if path and log.exists() else 0


def _publish_sources(daemon: Daemon) -> None:
    put = daemon.reporter.metrics.put
    found = [((name,), collector.status) for name, collector in daemon.collectors.items()]
    put("source_connected", ((key, int(status.state == "live")) for key, status in found))
    put("source_paused", (((*key, pause), int(pause in (status.paused, status.state))) for key, status in found for pause in PAUSES))
    put("source_last_message_timestamp_seconds", ((key, status.last_received_at / SECOND) for key, status in found))
    put("source_received_messages_total", ((key, status.received) for key, status in found))
    put("source_received_bytes_total", ((key, status.received_bytes) for key, status in found))
    put("source_refused_requests_total", (((*key, reason), count) for key, status in found for reason, count in status.refused.items()))
    # before the journal has said how many there are, there is nothing to say: a counter must not fall to 0 and come back
    begun = [(key, status, sum(status.dropped.values())) for key, status in found if status.read]
    put("frames_read_total", ((key, status.read) for key, status, _ in begun))
    put("frames_waiting", ((key, status.waiting) for key, status, _ in begun))
    put("frames_journalled_total", ((key, status.read - dropped - status.waiting) for key, status, dropped in begun))
    for (name,), status, _ in begun:
        for reason, count in status.dropped.items():
            daemon.reporter.metrics.set("dropped_records_total", count, source=name, stage="journal", reason=reason)


def _publish_lanes(daemon: Daemon) -> None:
    """What is committed: while a batch is on its way, its counts may still be taken back."""
    put = daemon.reporter.metrics.put
    settled = [((name,), lane.settled) for name, lane in daemon.lanes.items()]
    put("frames_loaded_total", ((key, counts.get("ordinal", 0)) for key, counts in settled))
    put("updates_received_total", ((key, counts["received"]) for key, counts in settled))
    put("transformed_records_total", (((*key, outcome), counts[outcome]) for key, counts in settled for outcome in OUTCOMES))
    put(
        "duplicate_records_total",
        (
            ((*key, counter.removeprefix(DUPLICATE)), count)
            for key, counts in settled
            for counter, count in counts.items()
            if counter.startswith(DUPLICATE)
        ),
    )
    unknown = [((name,), lane.book.unknown.copy()) for name, lane in daemon.lanes.items()]
    put("unknown_words", (((*key, word), counts[f"unknown_{word}"]) for key, counts in unknown for word in WORDS))
    if daemon.loader is not None:
        # all lanes are there by now: a sum that grows with their number would look like work
        daemon.reporter.metrics.set("job_records_total", sum(counts["received"] for _, counts in settled), source="", kind="live")
        put("source_clock_skew_seconds", [((name,), ahead / SECOND) for name, ahead in daemon.loader.freshness.ahead.items()])


def _publish_shared(daemon: Daemon) -> None:
    """What sources share: breakers and budgets."""
    say = daemon.reporter.metrics.set
    for name, breaker in daemon.breakers.items():
        say("circuit_breaker_rejected_total", breaker.rejected, breaker=name)
        for state in BREAKER_STATES:
            say("circuit_breaker_state", int(breaker.state == state), breaker=name, state=state)
            say("circuit_breaker_transitions_total", breaker.transitions[state], breaker=name, state=state)
    for report in daemon.budgets.reports():
        say("budget_limit", report.limit, budget=report.budget)
        say("budget_remaining", report.left, budget=report.budget)
        say("budget_renews_timestamp_seconds", report.renews_at / SECOND, budget=report.budget)
        say("budget_exhausted_timestamp_seconds", (report.empty_at or 0) / SECOND, budget=report.budget)
        say("budget_slowdown_ratio", report.slowed, budget=report.budget)
