"""Numbers as Prometheus reads them."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from ingestd.telemetry.metrics import METRICS, Metrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def samples(metrics: Metrics, accept: str = "") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Everything on the page, by name and labels."""
    _, media_type, body = metrics.page(accept)
    assert media_type.startswith("application/openmetrics-text" if accept == OPENMETRICS else "text/plain")
    parse = parse_openmetrics if accept == OPENMETRICS else parse_text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in parse(body.decode()) for sample in family.samples
    }


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_counters_and_gauges(accept: str) -> None:
    """Sums per series, in both forms; what has no label starts at 0; there are no creation times."""
    metrics = Metrics()
    metrics.add("sink_records_total", 5, table="odds")
    metrics.add("sink_records_total", 2, table="odds")
    metrics.set("source_connected", 1, source="a")
    found = samples(metrics, accept)
    assert found["ingestd_sink_records_total", (("table", "odds"),)] == 7
    assert found["ingestd_source_connected", (("source", "a"),)] == 1
    assert found["ingestd_sink_retries_total", ()] == 0
    assert not [name for name, _ in found if name.endswith("_created")]


def test_histogram() -> None:
    """An observation falls into the bucket whose bound it does not exceed, and into all above."""
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 99.0):
        metrics.add("sink_commit_duration_seconds", seconds)
    found = samples(metrics, OPENMETRICS)
    bucket = "ingestd_sink_commit_duration_seconds_bucket"
    assert [found[bucket, (("le", bound),)] for bound in ("0.001", "0.0025", "60.0", "+Inf")] == [1, 2, 2, 3]
    assert found["ingestd_sink_commit_duration_seconds_count", ()] == 3
    assert found["ingestd_sink_commit_duration_seconds_sum", ()] == pytest.approx(99.0021)


def test_on_scrape() -> None:
    """What is counted elsewhere is read when somebody looks, each time."""
    metrics = Metrics()
    sizes = iter((10, 20))
    metrics.on_scrape(lambda: metrics.set("journal_bytes", next(sizes)))
    assert [samples(metrics)["ingestd_journal_bytes", ()] for _ in range(2)] == [10, 20]


def test_what_alerts_read() -> None:
    """Series added up by a label, and what a histogram saw; of what was never said, nothing."""
    metrics = Metrics()
    for source, reason in (("a", "x"), ("a", "y"), ("b", "x")):
        metrics.add("source_gaps_total", 2, source=source, reason=reason)
    assert metrics.summed("source_gaps_total", "source") == {"a": 4, "b": 2}
    assert metrics.summed("source_disconnects_total", "source") == {}
    metrics.add("sink_commit_duration_seconds", 0.5)
    metrics.add("sink_commit_duration_seconds", 99)
    assert metrics.observed("sink_commit_duration_seconds") == (2, 99.5)
    assert metrics.observed("ingest_latency_seconds") == (0, 0.0)


def test_the_process_is_there() -> None:
    """What every Prometheus client says of its process."""
    names = {name for name, _ in samples(Metrics())}
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total", "python_info"} <= names


@pytest.mark.parametrize(
    "labels",
    [{}, {"source": "a"}, {"source": "a", "reason": "x", "more": "y"}, {"source": "a", "raeson": "x"}],
    ids=len,
)
def test_wrong_labels(labels: dict[str, str]) -> None:
    """A series has exactly the labels of the list."""
    with pytest.raises(KeyError):
        Metrics().add("source_gaps_total", **labels)


def test_wrong_names() -> None:
    """A name outside the list is a bug; a histogram cannot be set."""
    with pytest.raises(KeyError):
        Metrics().add("sink_record_total", table="odds")
    with pytest.raises(KeyError):
        Metrics().set("ingest_latency_seconds", 1)


@pytest.mark.parametrize(
    "accept", ["*/*", "text/html", "application/openmetrics-text; version=x; escaping=nonsense", "text/plain; version=", ",;=,;"]
)
def test_any_accept_header(accept: str) -> None:
    """Whatever a client asks for, it gets a page."""
    status, _, body = Metrics().page(accept)
    assert (status, b"ingestd_journal_bytes" in body) == (200, True)


@pytest.mark.parametrize("name", METRICS)
def test_names(name: str) -> None:
    """Counters end in ``_total`` and nothing else does; every metric has a help that is a sentence."""
    assert name.endswith("_total") == (METRICS[name].kind == "counter")
    assert METRICS[name].help.endswith(".")


def test_what_is_gone_is_forgotten() -> None:
    """Every series of a source, and no other; it may come back."""
    metrics = Metrics()
    for source in ("a", "b"):
        metrics.set("source_connected", 1, source=source)
        metrics.add("source_gaps_total", 2, source=source, reason="x")
    metrics.add("sink_records_total", 2, table="a")
    metrics.forget("source", "a")
    found = {key for key in samples(metrics) if ("source", "a") in key[1] or ("source", "b") in key[1] or ("table", "a") in key[1]}
    assert found == {
        ("ingestd_source_connected", (("source", "b"),)),
        ("ingestd_source_gaps_total", (("reason", "x"), ("source", "b"))),
        ("ingestd_sink_records_total", (("table", "a"),)),
    }
    metrics.set("source_connected", 0, source="a")
    assert samples(metrics)["ingestd_source_connected", (("source", "a"),)] == 0
