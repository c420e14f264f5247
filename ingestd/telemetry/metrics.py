"""Every metric there is: its name without the prefix, its help, its kind and its labels. Explained in docs/metrics.md."""

from typing import Final

from msgspec import Struct

from ingestd.telemetry.exposition import Kind

PREFIX: Final = "ingestd_"
FINE: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds, of what is measured for the whole daemon."""
COARSE: Final = (1.0, 10.0)
"""The same of what each source has for itself: every bound is a series of it."""
LONG: Final = (1.0, 10.0, 60.0, 600.0, 3600.0, 21_600.0)
"""The same of whole jobs."""
ROWS: Final = (1.0, 10.0, 100.0, 1_000.0, 5_000.0)


class Metric(Struct, frozen=True):
    """One metric: its help, its kind, the labels that each series of it has.

    ``most``: the last label holds a word of ``reasons`` and may take so many values beside each other; whatever comes later, and every
    word that is not ours, is ``other``. 0: the values are ours, and few. ``bounds``: of a histogram.
    """

    help: str
    kind: Kind
    labels: tuple[str, ...] = ()
    most: int = 0
    bounds: tuple[float, ...] = ()


def _counter(help_: str, *labels: str, most: int = 0) -> Metric:
    return Metric(help_, "counter", labels, most)


def _gauge(help_: str, *labels: str) -> Metric:
    return Metric(help_, "gauge", labels)


def _histogram(help_: str, *labels: str, bounds: tuple[float, ...] = FINE) -> Metric:
    return Metric(help_, "histogram", labels, bounds=bounds)


METRICS: Final[dict[str, Metric]] = {
    # Process.
    "build_info": _gauge("Version of ingestd and of Python; always 1.", "version", "python"),
    "shutdown_in_progress": _gauge("1 from the signal to stop on, else 0."),
    "event_loop_lag_seconds": _histogram("How late the event loop came back to a task that was due."),
    "tasks": _gauge("Tasks of the event loop by the first word of their names; unnamed: those that libraries begin.", "kind"),
    "http_requests_total": _counter("Requests to this server; endpoint: the page, or other.", "endpoint", "code"),
    "log_lines_lost_total": _counter("Log lines that could not be written."),
    "event_links": _gauge("Links of fixtures to events that are held in memory.", "state"),
    "incidents_dropped_total": _counter("Incidents that the store did not get; the log has them."),
    "config_last_reload_successful": _gauge("1 if the configuration in force is the one last asked for, else 0."),
    "config_last_reload_success_timestamp_seconds": _gauge("When the configuration in force was taken, Unix time."),
    "config_reloads_total": _counter("Reloads of the configuration, by how they ended.", "outcome"),
    # Sources. I6: read = journalled + dropped + waiting; journalled - loaded = in flight.
    "source_connected": _gauge("1 while the source is live, else 0.", "source"),
    "source_paused": _gauge("1 while nothing is asked of the provider for this reason, else 0.", "source", "reason"),
    "source_connect_attempts_total": _counter("Attempts to connect.", "source"),
    "source_disconnects_total": _counter("Connections lost, and attempts that failed.", "source", "reason", most=4),
    "source_throttled_total": _counter("Times that the provider, its budget or its breaker asked for patience.", "source"),
    "source_received_messages_total": _counter("Frames that carried data.", "source"),
    "source_received_bytes_total": _counter("Bytes of frames that carried data.", "source"),
    "source_last_message_timestamp_seconds": _gauge("When the last frame came, Unix time.", "source"),
    "source_event_age_seconds": _histogram(
        "From the provider's stamp to receipt, of the last message with one in each batch.", "source", bounds=COARSE
    ),
    "source_clock_skew_seconds": _gauge("How far the provider's last stamp was ahead of our clock at receipt, else 0.", "source"),
    "source_gaps_total": _counter("Times that something was missed.", "source", "reason", most=4),
    "source_resyncs_total": _counter("Fresh images asked for, by what they cover.", "source", "reason"),
    "source_backpressure_seconds_total": _counter("Time that reading waited for the journal.", "source"),
    "source_refused_requests_total": _counter("Requests of a provider that brought no frame.", "source", "reason", most=3),
    "frames_read_total": _counter("Frames taken off the wire.", "source"),
    "frames_waiting": _gauge("Frames read and not yet durable.", "source"),
    "frames_journalled_total": _counter("Frames made durable.", "source"),
    "frames_loaded_total": _counter("Frames whose effect is in the store.", "source"),
    "dropped_records_total": _counter("Frames that were dropped.", "source", "stage", "reason"),
    # Queues.
    "queue_records": _gauge("Frames waiting.", "stage"),
    "queue_bytes": _gauge("Bytes waiting.", "stage"),
    "queue_capacity_records": _gauge("Frames that may wait.", "stage"),
    "queue_capacity_bytes": _gauge("Bytes that may wait.", "stage"),
    "queue_wait_seconds": _histogram("From handing over the first frame of a group until it is durable.", "stage"),
    # Transform. I6: received = the sum over outcomes.
    "updates_received_total": _counter("Updates that decoders yielded.", "source"),
    "transformed_records_total": _counter("Updates by what became of them.", "source", "outcome"),
    "transform_duration_seconds": _histogram(
        "Deciding over a batch: stages, book, coverage, and whoever has the loop between slices of it."
    ),
    "quarantined_records_total": _counter("Records put into quarantine.", "source", "reason", most=4),
    "duplicate_records_total": _counter("Updates that said again what was said, by cause.", "source", "cause", most=3),
    "market_flags_total": _counter("Times that a market was flagged, by the rule it broke.", "source", "category", most=2),
    "unknown_words": _gauge(
        "Selections met so far of which such a word (market, period, outcome), as it was last told, is none of the vocabulary.",
        "source",
        "kind",
    ),
    # What the store was asked, once a minute.
    "quarantine_records": _gauge("Records in quarantine that wait for a person.", "source"),
    "quarantine_oldest_timestamp_seconds": _gauge("When the first of them came, Unix time.", "source"),
    # Jobs: runs of other processes by what the store says of them, our own by what it did.
    "job_runs_total": _counter("Runs that ended while this daemon ran.", "source", "kind", "outcome"),
    "job_records_total": _counter("Updates that runs took in.", "source", "kind"),
    "job_duration_seconds": _histogram("From beginning to end of runs that ended while this daemon ran.", "kind", bounds=LONG),
    # Sink.
    "sink_records_total": _counter("Rows written.", "table"),
    "sink_batches_total": _counter("Transactions by how they ended.", "outcome"),
    "sink_batch_records": _histogram("Rows of history in a batch.", bounds=ROWS),
    "sink_commit_duration_seconds": _histogram("From handing a batch to the store until it is committed."),
    "sink_errors_total": _counter("What the store would not do: unavailable, refused (a row), fenced.", "reason"),
    "sink_retries_total": _counter("Times that a batch was tried again."),
    "sink_ambiguous_commits_total": _counter("Commits whose reply was lost, by what the store says of them.", "outcome"),
    "sink_last_commit_timestamp_seconds": _gauge("When the last batch was committed with its checkpoint, Unix time."),
    "sqlite_wal_bytes": _gauge("Bytes of the database's write-ahead log; 0 on PostgreSQL."),
    "retention_rows_total": _counter("Rows deleted because their time is over.", "table"),
    # Journal.
    "journal_bytes": _gauge("Bytes of the journal on disk."),
    "journal_limit_bytes": _gauge("Bytes at which reading pauses until the store has caught up."),
    "journal_written_bytes_total": _counter("Bytes of frames appended, packed."),
    "journal_errors_total": _counter("Appends that the disk would not take: full, or io.", "reason"),
    "journal_damage_total": _counter("Stretches of the journal that were found lost."),
    "storage_free_bytes": _gauge("Bytes free on the disk of a volume.", "volume"),
    "journal_last_position": _gauge("Position of the newest durable frame."),
    "journal_checkpoint_position": _gauge("Position up to which the store has everything."),
    # End to end.
    "ingest_latency_seconds": _histogram("From the oldest frame of a batch to its commit."),
    "visible_latency_seconds": _histogram(
        "From the provider's stamp to the commit, of the last message with one in each batch.", "source", bounds=COARSE
    ),
    # Alerts.
    "alerts_firing": _gauge("Alerts that fire, by how bad they are.", "severity"),
    "alerts_total": _counter("Messages to a channel, by what became of each try.", "channel", "outcome"),
    "alerts_suppressed_total": _counter("Messages that were not sent, by why.", "reason"),
    "alert_queue_records": _gauge("Messages waiting for a channel.", "channel"),
    # Breakers.
    "circuit_breaker_state": _gauge("1 for the state the breaker is in, else 0.", "breaker", "state"),
    "circuit_breaker_transitions_total": _counter("Times that a breaker went into a state.", "breaker", "state"),
    "circuit_breaker_rejected_total": _counter("Calls that an open breaker did not let through.", "breaker"),
    # Budgets: a month's credits of one key, named by the first source that has it and a hash of the key.
    "budget_limit": _gauge("Credits of a month.", "budget"),
    "budget_remaining": _gauge("Credits left of this month.", "budget"),
    "budget_renews_timestamp_seconds": _gauge("When the month renews, Unix time.", "budget"),
    "budget_exhausted_timestamp_seconds": _gauge("When the month will be used up at the present rate, Unix time; 0: not before.", "budget"),
    "budget_slowdown_ratio": _gauge("How much less often than configured the last hours before kick-off are polled; 1: as is.", "budget"),
}
