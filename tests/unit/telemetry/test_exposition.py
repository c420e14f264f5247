"""Pages as Prometheus' own client reads them."""

import math

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from ingestd.telemetry.exposition import Family, Key, Kind, Seen, Writer


def family(kind: Kind, name: str = "x", series: dict[Key, float] | None = None, seen: dict[Key, Seen] | None = None) -> Family:
    """One of two labels."""
    return Family(name, kind, "Help.", ("b", "a"), series or {}, seen or {}, (0.5, 10.0) if seen else ())


def read(written: Family, *, openmetrics: bool) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What a client makes of it."""
    page = Writer().page([written], openmetrics=openmetrics) + ("# EOF\n" if openmetrics else "")
    (found,) = (parse_openmetrics if openmetrics else parse_text)(page)
    assert (found.type, found.documentation) == (written.kind, "Help.")
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in found.samples}


@pytest.mark.parametrize("openmetrics", [False, True])
@pytest.mark.parametrize("value", [0, 7, 0.1, -3.5, 1e300, 12345678901234567, math.inf, -math.inf])
def test_numbers(value: float, *, openmetrics: bool) -> None:
    """Every one comes back as it was."""
    assert read(family("gauge", series={("v", "w"): value}), openmetrics=openmetrics) == {("x", (("a", "w"), ("b", "v"))): value}


@pytest.mark.parametrize("openmetrics", [False, True])
@pytest.mark.parametrize("text", ["", 'say "hi"', "back\\slash", "two\nlines", '{a="b"} 1', "Größe ⚽", "\\n"])
def test_labels(text: str, *, openmetrics: bool) -> None:
    """Whatever stands in one."""
    found = read(family("counter", "x_total", {(text, ""): 1}), openmetrics=openmetrics)
    assert found == {("x_total", (("a", ""), ("b", text))): 1}


@pytest.mark.parametrize("openmetrics", [False, True])
def test_a_histogram(*, openmetrics: bool) -> None:
    """Buckets hold all that lies below their bound."""
    found = read(family("histogram", seen={("v", "w"): Seen((1, 2, 3), 60.5)}), openmetrics=openmetrics)
    labels = (("a", "w"), ("b", "v"))
    buckets = {dict(key)["le"]: count for (name, key), count in found.items() if name == "x_bucket"}
    assert buckets == {"0.5": 1, "10.0": 3, "+Inf": 6}
    assert (found["x_count", labels], found["x_sum", labels]) == (6, 60.5)
