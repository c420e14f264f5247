"""Numbers for Prometheus: plain sums in memory, turned into a page when somebody looks."""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client import exposition as text
from prometheus_client.openmetrics import exposition as openmetrics

from ingestd.reasons import OTHER, sorted_under
from ingestd.telemetry.exposition import Family, Key, Seen, Writer
from ingestd.telemetry.metrics import METRICS, PREFIX, Metric
from ingestd.threads import apart

OPENMETRICS: Final = "application/openmetrics-text"


class Histogram(Struct):
    """Observations by bucket; the last one has no upper bound."""

    counts: list[int]
    total: float = 0.0


class Moment(Struct, frozen=True):
    """Everything as it stood: sums, observations, and what was put, which nobody has read yet."""

    values: dict[str, dict[Key, float]]
    seen: dict[str, dict[Key, Seen]]
    told: dict[str, Iterable[tuple[Key, float]]]


class Metrics:
    """All series of this process. Names come without the prefix ``ingestd_``; a name or label outside ``METRICS`` raises KeyError."""

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        """``clean``: takes secrets out of the text of a label."""
        self._clean = clean
        self._values: dict[str, dict[Key, float]] = {}
        self._histograms: dict[str, dict[Key, Histogram]] = {}
        self._told: dict[str, Iterable[tuple[Key, float]]] = {}
        self._known: dict[str, dict[Key, Key]] = {name: {} for name in METRICS}
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
        """Say what all series of a metric are that is counted elsewhere, by the values of its labels; those that are the same add up.

        It is read when a page is written, in a thread: what it is made from must not change any more. Such a metric knows no other verb.
        """
        self._told[name] = series

    def forget(self, label: str, value: str) -> None:
        """Drop every series with this label: what it tells of is gone."""
        value = self._clean(value)
        for name, metric in METRICS.items():
            if label in metric.labels:
                place = metric.labels.index(label)
                kept: tuple[dict[Key, object], ...] = (self._values.get(name, {}), self._histograms.get(name, {}), self._known[name])  # type: ignore[assignment]
                for series in kept:
                    for key in [key for key in list(series) if key[place] == value]:
                        del series[key]
                for of in [of for of in self._words if of[0] == name and place + 1 < len(of) and of[place + 1] == value]:
                    del self._words[of]

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
            return await apart(partial(self.written, self.moment(), accept))

    def moment(self) -> Moment:
        """Take everything down as it is now."""
        for refresh in self._before:
            refresh()
        return Moment(
            {name: series.copy() for name, series in self._values.items()},
            {
                name: {key: Seen(tuple(one.counts), one.total) for key, one in histograms.items()}
                for name, histograms in self._histograms.items()
            },
            self._told.copy(),
        )

    def written(self, moment: Moment, accept: str) -> tuple[int, str, bytes]:
        """The page of that moment; of the process, as it is by now."""
        ours = OPENMETRICS in accept
        form = openmetrics if ours else text
        page = self._writer.page(self.families(moment), openmetrics=ours)
        # the process comes last: with it comes what ends a page
        return 200, form.CONTENT_TYPE_LATEST, b"".join((page.encode(), form.generate_latest(self._process)))

    def families(self, moment: Moment) -> Iterator[Family]:
        """Everything that was ever said, in the order of ``METRICS``; a metric without labels starts at 0."""
        for name, metric in METRICS.items():
            none: tuple[Key, ...] = () if metric.labels else ((),)
            series: dict[Key, float] = dict.fromkeys(none if metric.kind != "histogram" else (), 0)
            seen = dict.fromkeys(none if metric.kind == "histogram" else (), Seen((0,) * (len(metric.bounds) + 1), 0.0))
            series.update(moment.values.get(name, {}))
            series.update(self._read(name, moment.told.get(name, ())))
            seen.update(moment.seen.get(name, {}))
            yield Family(PREFIX + name, metric.kind, metric.help, metric.labels, series, seen, metric.bounds)

    def _read(self, name: str, told: Iterable[tuple[Key, float]]) -> dict[Key, float]:
        known = self._known[name]
        found: dict[Key, float] = {}
        for key, value in told:
            admitted = known.get(key)
            if admitted is None:
                admitted = self._admit(name, key)
            found[admitted] = found[admitted] + value if admitted in found else value
        return found

    def _series(self, name: str, labels: dict[str, str]) -> tuple[Metric, Key]:
        metric = METRICS[name]
        if len(labels) != len(metric.labels):
            raise KeyError(name, *labels)
        key = tuple([labels[label] for label in metric.labels])
        admitted = self._known[name].get(key)
        return metric, self._admit(name, key) if admitted is None else admitted

    def _admit(self, name: str, key: Key) -> Key:
        """A new series only without secrets, and by a word of ours where it has a reason; one too many is counted among others."""
        metric, known = METRICS[name], self._known[name]
        if len(key) != len(metric.labels):
            raise KeyError(name, *key)
        admitted = tuple([self._clean(part) for part in key])
        if metric.most:
            *of, word = admitted
            admitted = self._counted((name, *of), (*of, sorted_under(word)))
        known[admitted] = admitted
        # words that are not ours have no end: nobody remembers them
        if not metric.most or sorted_under(key[-1]) == key[-1]:
            known[key] = admitted
        return admitted

    def _counted(self, of: tuple[str, ...], key: Key) -> Key:
        """A series of these (a metric, and all labels but the last), or that of the others where there are enough."""
        if self._known[of[0]].get(key) == key or key[-1] == OTHER:
            return key
        if self._words[of] >= METRICS[of[0]].most:
            return (*key[:-1], OTHER)
        self._words[of] += 1
        return key
