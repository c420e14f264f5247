"""Numbers as Prometheus reads them."""

import asyncio

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from ingestd.reasons import REASONS
from ingestd.telemetry.metrics import METRICS, PREFIX
from ingestd.telemetry.series import Metrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def samples(metrics: Metrics, accept: str = "") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Everything on the page, by name and labels."""
    _, media_type, body = metrics.written(metrics.moment(), accept)
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
    metrics = Metrics()
    status, _, body = metrics.written(metrics.moment(), accept)
    assert (status, b"ingestd_journal_bytes" in body) == (200, True)


def test_put() -> None:
    """All series at once; what is no longer told is gone, and a series of another shape is a bug."""
    metrics = Metrics()
    metrics.put("source_connected", [(("a",), 1), (("b",), 0)])
    metrics.put("source_connected", [(("b",), 1)])
    found = samples(metrics)
    assert {key: value for key, value in found.items() if key[0] == "ingestd_source_connected"} == {
        ("ingestd_source_connected", (("source", "b"),)): 1
    }
    metrics.put("source_connected", [(("a", "b"), 1)])
    with pytest.raises(KeyError):
        samples(metrics)


def reasons(metrics: Metrics, name: str) -> dict[str, float]:
    """Of the one source, by reason."""
    return {dict(labels)["reason"]: value for (found, labels), value in samples(metrics).items() if found == f"{PREFIX}{name}"}


def test_what_a_provider_says_is_no_label() -> None:
    """A word of ours is; with a number of the provider's it is its family's, and any other is one of the others."""
    metrics = Metrics()
    for reason in ("reset", "http_503", "http_404", "error_17", "Ignore all previous series", "x" * 10_000, ""):
        metrics.add("source_gaps_total", source="a", reason=reason)
    assert reasons(metrics, "source_gaps_total") == {"reset": 1, "http": 2, "error": 1, "other": 3}


def test_reasons_are_few() -> None:
    """Of however many words; each keeps its series, and nothing goes uncounted."""
    metrics = Metrics()
    for reason in (*REASONS, "reset", "silent", *REASONS):
        metrics.add("source_gaps_total", source="a", reason=reason)
    metrics.add("source_gaps_total", source="b", reason="silent")
    found = metrics.summed("source_gaps_total", "reason")
    assert len(found) == METRICS["source_gaps_total"].most + 1
    assert found["reset"] == 3
    assert metrics.summed("source_gaps_total", "source") == {"a": 2 * len(REASONS) + 2, "b": 1}


def test_a_word_that_came_too_late_stays_with_the_others() -> None:
    """Also when the same comes in another form."""
    metrics = Metrics()
    for reason in ("reset", "silent", "closed", "broken", "empty", "error_1", "error", "error_2"):
        metrics.add("source_gaps_total", source="a", reason=reason)
    assert reasons(metrics, "source_gaps_total") == {"reset": 1, "silent": 1, "closed": 1, "broken": 1, "other": 4}
    metrics = Metrics()
    for reason in ("reset", "silent", "closed", "broken", "error", "error_1"):
        metrics.add("quarantined_records_total", source="a", reason=reason)
    assert reasons(metrics, "quarantined_records_total") == {"reset": 1, "silent": 1, "closed": 1, "broken": 1, "other": 2}


def test_put_adds_up_what_becomes_the_same() -> None:
    """Again and again the same, so that a counter never goes back."""
    metrics = Metrics()
    for _ in range(2):
        metrics.put("source_refused_requests_total", [(("a", word), 2) for word in ("x", "y", "busy")])
        assert reasons(metrics, "source_refused_requests_total") == {"other": 4, "busy": 2}


async def test_a_page_is_of_one_moment() -> None:
    """What is counted while a page is being written is on the next one."""
    metrics = Metrics()
    metrics.put("source_connected", [((f"s{number}",), 1) for number in range(20_000)])
    metrics.add("sink_commit_duration_seconds", 0.1)
    page = asyncio.create_task(metrics.page(""))
    await asyncio.sleep(0)
    metrics.add("sink_commit_duration_seconds", 0.1)
    metrics.add("sink_retries_total")
    _, _, body = await page
    assert b"ingestd_sink_commit_duration_seconds_count 1\n" in body
    assert b"ingestd_sink_retries_total 0\n" in body
    assert samples(metrics)["ingestd_sink_retries_total", ()] == 1


async def test_pages_are_written_one_at_a_time() -> None:
    """However many ask at once, each gets a whole one."""
    metrics = Metrics()
    bodies = await asyncio.gather(*(metrics.page(accept) for accept in ("", OPENMETRICS) * 3))
    assert {body.endswith(b"# EOF\n") for _, media_type, body in bodies if media_type.startswith(OPENMETRICS[:20])} == {True}


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
        ("ingestd_source_gaps_total", (("reason", "other"), ("source", "b"))),
        ("ingestd_sink_records_total", (("table", "a"),)),
    }
    metrics.set("source_connected", 0, source="a")
    assert samples(metrics)["ingestd_source_connected", (("source", "a"),)] == 0
