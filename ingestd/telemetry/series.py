"""Numbers for Prometheus: plain sums in memory, turned into a page when somebody looks."""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client import exposition as text
from prometheus_client.openmetrics import exposition as openmetrics

from ingestd.reasons import OTHER, sorted_under
from ingestd.telemetry.exposition import Family, Key, Seen, Writer
from ingestd.telemetry.metrics import METRICS, PREFIX, Metric

OPENMETRICS: Final = "application/openmetrics-text"


class Histogram(Struct):
    """Observations by bucket; the last one has no upper bound."""

    counts: list[int]
    total: float = 0.0


class Metrics:
    """All series of this process. Names come without the prefix ``ingestd_``; a name or label outside ``METRICS`` raises KeyError."""

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        """``clean``: takes secrets out of the text of a label."""
        self._clean = clean
        self._values: dict[str, dict[Key, float]] = {}
        self._histograms: dict[str, dict[Key, Histogram]] = {}
        self._known: dict[str, set[Key]] = {name: set() for name in METRICS}
        self._words: Counter[tuple[str, ...]] = Counter()
        self._before: list[Callable[[], None]] = []
        self._writing = asyncio.Lock()
        self._writer = Writer()
        self._process = CollectorRegistry(auto_describe=False)
        for collector in (ProcessCollector(registry=None), PlatformCollector(registry=None)):
            self._process.register(collector)
        GCCollector(registry=self._process)

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Add to a counter or gauge, or observe into a histogram."""
        metric, key = self._series(name, labels)
        if metric.kind == "histogram":
            histograms = self._histograms.setdefault(name, {})
            histogram = histograms.setdefault(key, Histogram([0] * (len(metric.bounds) + 1)))
            histogram.counts[bisect_left(metric.bounds, value)] += 1
            histogram.total += value
        else:
            series = self._values.setdefault(name, {})
            series[key] = series.get(key, 0) + value

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Say what a gauge is, or a counter that is counted elsewhere."""
        metric, key = self._series(name, labels)
        if metric.kind == "histogram":
            raise KeyError(name)
        self._values.setdefault(name, {})[key] = value

    def put(self, name: str, series: Iterable[tuple[Key, float]]) -> None:
        """Say what all series of a metric are that is counted elsewhere, by the values of its labels; those that are the same add up."""
        known = self._known[name]
        found: dict[Key, float] = {}
        for key, value in series:
            admitted = key if key in known else self._admit(name, key)
            found[admitted] = found[admitted] + value if admitted in found else value
        self._values[name] = found

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
        """Call ``refresh`` before each look, to ``set`` or ``put`` what is counted elsewhere."""
        self._before.append(refresh)

    async def page(self, accept: str) -> tuple[int, str, bytes]:
        """Status, media type and body of ``/metrics``, in the form that ``accept`` asks for.

        All figures are of one moment. Only taking them down keeps the loop; a thread writes, one page at a time.
        """
        async with self._writing:
            return await asyncio.to_thread(self.written, self.families(), accept)

    def families(self) -> list[Family]:
        """Everything that was ever said, as it stands, in the order of ``METRICS``; a metric without labels starts at 0."""
        for refresh in self._before:
            refresh()
        return [self._family(name, metric) for name, metric in METRICS.items()]

    def written(self, families: list[Family], accept: str) -> tuple[int, str, bytes]:
        """The page of these, and of the process as it is now."""
        ours = OPENMETRICS in accept
        form = openmetrics if ours else text
        # the process comes last: with it comes what ends a page
        body = b"".join((self._writer.page(families, openmetrics=ours).encode(), form.generate_latest(self._process)))
        return 200, form.CONTENT_TYPE_LATEST, body

    def _family(self, name: str, metric: Metric) -> Family:
        histograms = self._histograms.get(name, {})
        series: dict[Key, float] = {} if metric.labels or metric.kind == "histogram" else {(): 0}
        return Family(
            PREFIX + name,
            metric.kind,
            metric.help,
            metric.labels,
            series | self._values.get(name, {}),
            {key: Seen(tuple(histogram.counts), histogram.total) for key, histogram in histograms.items()},
            metric.bounds,
        )

    def _series(self, name: str, labels: dict[str, str]) -> tuple[Metric, Key]:
        metric = METRICS[name]
        if len(labels) != len(metric.labels):
            raise KeyError(name, *labels)
        key = tuple([labels[label] for label in metric.labels])
        return metric, key if key in self._known[name] else self._admit(name, key)

    def _admit(self, name: str, key: Key) -> Key:
        """A new series only without secrets, and by a word of ours where it has a reason; one too many is counted among others."""
        metric, known = METRICS[name], self._known[name]
        if len(key) != len(metric.labels):
            raise KeyError(name, *key)
        admitted = tuple([self._clean(part) for part in key])
        if metric.most:
            *of, word = admitted
            admitted = (*of, sorted_under(word))
            peers = (name, *of)
            if admitted not in known and admitted[-1] != OTHER and self._words[peers] >= metric.most:
                admitted = (*of, OTHER)
            elif admitted not in known and admitted[-1] != OTHER:
                self._words[peers] += 1
        known.add(admitted)
        return admitted
