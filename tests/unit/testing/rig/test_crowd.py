"""How much a daemon says of itself, however many sources it has and whatever they say."""

from collections import Counter
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families as parse

from ingestd.telemetry.metrics import METRICS, PREFIX
from ingestd.testing.rig.crowd import crowd

SOURCES: Final = 1_000
EACH: Final = 80
BESIDE: Final = 400
"""RELIABILITY 5.1: series of each source, and beside them."""


async def test_series_are_bounded(tmp_path: Path) -> None:
    """Of a thousand sources that went through everything; and every metric of a source is among them."""
    async with crowd(tmp_path, SOURCES, seed=1) as daemon:
        _, _, body = await daemon.reporter.metrics.page("")
    samples = [sample for family in parse(body.decode()) for sample in family.samples]
    by_source = Counter(sample.labels.get("source", "") for sample in samples)
    beside = by_source.pop("") + by_source.pop("other")
    assert len(by_source) == SOURCES
    assert set(by_source.values()) == {EACH}, "another figure of a source: does the budget hold?"
    assert beside <= BESIDE
    told = {name for name in METRICS for sample in samples if sample.labels.get("source") and sample.name.startswith(PREFIX + name)}
    assert {name for name, metric in METRICS.items() if "source" in metric.labels} - told == set()
    assert b"said the provider" not in body
