"""The list of metrics."""

import pytest

from ingestd.telemetry.metrics import METRICS


@pytest.mark.parametrize("name", METRICS)
def test_names(name: str) -> None:
    """Counters end in ``_total`` and nothing else does; every metric has a help that is a sentence."""
    assert name.endswith("_total") == (METRICS[name].kind == "counter")
    assert METRICS[name].help.endswith(".")


def test_a_reason_comes_last() -> None:
    """Where a label's values are bounded, it is the last one, and what a person or a provider may say is bounded everywhere."""
    free = {name for name, metric in METRICS.items() if {"cause", "category"} & set(metric.labels) or metric.labels == ("source", "reason")}
    assert {name for name in free if not METRICS[name].most} == {"source_paused", "source_resyncs_total"}
