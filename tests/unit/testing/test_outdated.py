"""A feed that refuses what it would take today."""

from pathlib import Path

import pytest

from ingestd.errors import Malformed
from ingestd.model import Frame, Quote, Reject
from ingestd.sources import FEEDS
from ingestd.testing.context import feed_context
from ingestd.testing.outdated import FAULTS, Fault, outdated

RECORDING = Path(__file__).resolve().parents[2] / "recorded/simulated/session.jsonl"


@pytest.mark.parametrize("fault", FAULTS)
def test_it_refuses_by_content(fault: Fault) -> None:
    """Something, not everything, and the same again."""
    kind = outdated(FEEDS["simulated"], fault)
    options = kind.options.model_validate({"url": "ws://127.0.0.1:9"})

    def refused() -> list[bool]:
        decoder = kind.build(options, feed_context("demo")).decoder()
        found = []
        for line in RECORDING.read_bytes().splitlines():
            try:
                items = list(decoder(Frame("demo", "data", 1, line)))
            except (Malformed, ZeroDivisionError):
                found.append(True)
                list(decoder.broken("shape", None))
            else:
                quotes = [item for item in items if isinstance(item, Quote)]
                found += [isinstance(item, Reject) and item.category == "price" for item in items] if quotes else []
        assert sum(decoder.counts.values()) > 0
        return found

    first = refused()
    assert {True, False} <= set(first)
    assert refused() == first
