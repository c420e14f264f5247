"""Numbers for Prometheus: plain sums in memory, turned into series when somebody looks."""

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import accumulate
from typing import Final, Literal

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client import exposition as text
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

PREFIX: Final = "ingestd_"
OPENMETRICS: Final = "application/openmetrics-text"
FINE: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of histograms, in seconds."""


class Metric(Struct, frozen=True):
    """One metric: its help, its kind, the labels that each series of it has."""

    help: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...] = ()


def _counter(help_: str, *labels: str) -> Metric:
    return Metric(help_, "counter", labels)


def _gauge(help_: str, *labels: str) -> Metric:
    return Metric(help_, "gauge", labels)


def _histogram(help_: str, *labels: str) -> Metric:
    return Metric(help_, "histogram", labels)


METRICS: Final[dict[str, Metric]] = {
    # Process.
    "build_info": _gauge("Version of ingestd and of Python; always 1.", "version", "python"),
    "event_loop_lag_seconds": _histogram("How late the event loop came back to a task that was due."),
    "log_lines_lost_total": _counter("Log lines that could not be written."),
    "event_links": _gauge("Links of fixtures to events that are held in memory.", "state"),
    "incidents_dropped_total": _counter("Incidents that the store did not get; the log has them."),
    # Sources. I6: read = journalled + dropped; journalled - loaded = in flight.
    "source_connected": _gauge("1 while the source is live, else 0.", "source"),
    "source_connect_attempts_total": _counter("Attempts to connect.", "source"),
    "source_disconnects_total": _counter("Connections lost, and attempts that failed.", "source", "reason"),
    "source_received_messages_total": _counter("Frames that carried data.", "source"),
    "source_received_bytes_total": _counter("Bytes of frames that carried data.", "source"),
    "source_last_message_timestamp_seconds": _gauge("When the last frame came, Unix time.", "source"),
    "source_gaps_total": _counter("Times that something was missed.", "source", "reason"),
    "source_resyncs_total": _counter("Fresh images asked for, by what they cover.", "source", "reason"),
    "source_backpressure_seconds_total": _counter("Time that reading waited for the journal.", "source"),
    "source_refused_requests_total": _counter("Requests of a provider that brought no frame.", "source", "reason"),
    "frames_read_total": _counter("Frames taken off the wire.", "source"),
    "frames_journalled_total": _counter("Frames made durable.", "source"),
    "frames_loaded_total": _counter("Frames whose effect is in the store.", "source"),
    "dropped_records_total": _counter("Frames that were dropped.", "source", "stage", "reason"),
    # Queues.
    "queue_records": _gauge("Frames waiting.", "stage"),
    "queue_bytes": _gauge("Bytes waiting.", "stage"),
    "queue_capacity_records": _gauge("Frames that may wait.", "stage"),
    "queue_capacity_bytes": _gauge("Bytes that may wait.", "stage"),
    # Transform. I6: received = the sum over outcomes.
    "updates_received_total": _counter("Updates that decoders yielded.", "source"),
    "transformed_records_total": _counter("Updates by what became of them.", "source", "outcome"),
    "quarantined_records_total": _counter("Records put into quarantine.", "source", "reason"),
    "duplicate_records_total": _counter("Updates that said again what was said, by cause.", "source", "cause"),
    "market_flags_total": _counter("Times that a market was flagged, by the rule it broke.", "source", "category"),
    "unknown_words": _gauge(
        "Selections met so far of which such a word (market, period, outcome), as it was last told, is none of the vocabulary.",
        "source",
        "kind",
    ),
    # Sink.
    "sink_records_total": _counter("Rows written.", "table"),
    "sink_batches_total": _counter("Transactions by how they ended.", "outcome"),
    "sink_commit_duration_seconds": _histogram("From handing a batch to the store until it is committed."),
    "sink_retries_total": _counter("Times that a batch was tried again."),
    "sink_ambiguous_commits_total": _counter("Commits whose reply was lost, by what the store says of them.", "outcome"),
    "sink_last_commit_timestamp_seconds": _gauge("When the last batch was committed, Unix time."),
    "retention_rows_total": _counter("Rows deleted because their time is over.", "table"),
    # Journal.
    "journal_bytes": _gauge("Bytes of the journal on disk."),
    "journal_limit_bytes": _gauge("Bytes at which reading pauses until the store has caught up."),
    "storage_free_bytes": _gauge("Bytes free on the disk of a volume.", "volume"),
    "journal_last_position": _gauge("Position of the newest durable frame."),
    "journal_checkpoint_position": _gauge("Position up to which the store has everything."),
    # End to end.
    "ingest_latency_seconds": _histogram("From the oldest frame of a batch to its commit."),
    # Alerts.
    "alerts_firing": _gauge("Alerts that fire, by how bad they are.", "severity"),
    "alerts_total": _counter("Messages to a channel, by what became of each try.", "channel", "outcome"),
    "alerts_suppressed_total": _counter("Messages that were not sent, by why.", "reason"),
    "alert_queue_records": _gauge("Messages waiting for a channel.", "channel"),
    # Breakers.
    "circuit_breaker_state": _gauge("1 for the state the breaker is in, else 0.", "breaker", "state"),
    "circuit_breaker_rejected_total": _counter("Calls that an open breaker did not let through.", "breaker"),
    # Budgets: a month's credits of one key, named by the first source that has it and a hash of the key.
    "budget_limit": _gauge("Credits of a month.", "budget"),
    "budget_remaining": _gauge("Credits left of this month.", "budget"),
    "budget_renews_timestamp_seconds": _gauge("When the month renews, Unix time.", "budget"),
    "budget_exhausted_timestamp_seconds": _gauge("When the month will be used up at the present rate, Unix time; 0: not before.", "budget"),
    "budget_slowdown_ratio": _gauge("How much less often than configured the last hours before kick-off are polled; 1: as is.", "budget"),
}


class Histogram(Struct):
    """Observations by bucket; the last one has no upper bound."""

    counts: list[int]
    total: float = 0.0


class Metrics(Collector):
    """All series of this process. Names come without the prefix ``ingestd_``; a name or label outside ``METRICS`` raises KeyError."""

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        """``clean``: takes secrets out of the text of a label."""
        self._clean = clean
        self._values: dict[str, dict[tuple[str, ...], float]] = {}
        self._histograms: dict[str, dict[tuple[str, ...], Histogram]] = {}
        self._before: list[Callable[[], None]] = []
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (self, ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self._registry.register(collector)
        GCCollector(registry=self._registry)

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Add to a counter or gauge, or observe into a histogram."""
        metric, key = _series(name, labels)
        if metric.kind == "histogram":
            histograms = self._histograms.setdefault(name, {})
            histogram = histograms.setdefault(self._known(histograms, key), Histogram([0] * (len(FINE) + 1)))
            histogram.counts[bisect_left(FINE, value)] += 1
            histogram.total += value
        else:
            series = self._values.setdefault(name, {})
            key = self._known(series, key)
            series[key] = series.get(key, 0.0) + value

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Say what a gauge is, or a counter that is counted elsewhere."""
        metric, key = _series(name, labels)
        if metric.kind == "histogram":
            raise KeyError(name)
        series = self._values.setdefault(name, {})
        series[self._known(series, key)] = value

    def observed(self, name: str) -> tuple[int, float]:
        """Of a histogram without labels: how many observations, and their sum."""
        histogram = self._histograms.get(name, {}).get(())
        return (sum(histogram.counts), histogram.total) if histogram else (0, 0.0)

    def summed(self, name: str, label: str) -> dict[str, float]:
        """The series of a counter, added up by one of their labels."""
        place = METRICS[name].labels.index(label)
        found: dict[str, float] = {}
        for key, value in self._values.get(name, {}).items():
            found[key[place]] = found.get(key[place], 0.0) + value
        return found

    def on_scrape(self, refresh: Callable[[], None]) -> None:
        """Call ``refresh`` before each look, to ``set`` what is counted elsewhere."""
        self._before.append(refresh)

    def page(self, accept: str) -> tuple[int, str, bytes]:
        """Status, media type and body of ``/metrics``, in the form that ``accept`` asks for."""
        for refresh in self._before:
            refresh()
        form = openmetrics if OPENMETRICS in accept else text
        return 200, form.CONTENT_TYPE_LATEST, form.generate_latest(self._registry)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
        """Everything that was ever said, in the order of ``METRICS``; a metric without labels starts at 0."""
        for name, metric in METRICS.items():
            if metric.kind == "histogram":
                yield self._histogram(name, metric)
                continue
            form = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = form(PREFIX + name, metric.help, labels=metric.labels)
            values = self._values.get(name) or ({} if metric.labels else {(): 0.0})
            for key, value in values.items():
                family.add_metric(key, value)
            yield family

    def _known(self, series: Container[tuple[str, ...]], key: tuple[str, ...]) -> tuple[str, ...]:
        """The key as it is, where there is such a series; a new one only without secrets."""
        return key if key in series else tuple([self._clean(part) for part in key])

    def _histogram(self, name: str, metric: Metric) -> HistogramMetricFamily:
        family = HistogramMetricFamily(PREFIX + name, metric.help, labels=metric.labels)
        for key, histogram in self._histograms.get(name, {}).items():
            family.add_metric(key, _buckets(histogram.counts), histogram.total)
        return family


def _series(name: str, labels: dict[str, str]) -> tuple[Metric, tuple[str, ...]]:
    metric = METRICS[name]
    if len(labels) != len(metric.labels):
        raise KeyError(name, *labels)
    return metric, tuple([labels[label] for label in metric.labels])


def _buckets(counts: Iterable[int]) -> list[tuple[str, float]]:
    bounds = (*map(str, FINE), "+Inf")
    return list(zip(bounds, accumulate(counts), strict=True))
