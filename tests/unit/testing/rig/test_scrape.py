"""Accounts of a page that add up, and of one that do not."""

from collections.abc import Mapping
from typing import Final

import pytest

from ingestd.testing.rig.scrape import fallen, in_flight, unbalanced

WELL: Final = {
    'frames_read_total{source="s"}': 10.0,
    'frames_journalled_total{source="s"}': 7.0,
    'frames_loaded_total{source="s"}': 4.0,
    'dropped_records_total{reason="journal_full",source="s",stage="journal"}': 1.0,
    'frames_waiting{source="s"}': 2.0,
    'updates_received_total{source="s"}': 9.0,
    'transformed_records_total{outcome="changed",source="s"}': 6.0,
    'transformed_records_total{outcome="duplicate",source="s"}': 3.0,
    'duplicate_records_total{cause="row",source="s"}': 3.0,
}


def test_what_adds_up() -> None:
    """Nothing is wrong; neither is it before anything was read."""
    assert unbalanced(WELL, "s") == []
    assert in_flight(WELL, "s") == 3
    assert unbalanced({}, "s") == []


@pytest.mark.parametrize("name", WELL)
def test_what_does_not(name: str) -> None:
    """One more of anything is seen."""
    worse: Mapping[str, float] = {**WELL, name: WELL[name] + 4}
    assert len(unbalanced(worse, "s")) >= 1


def test_what_fell() -> None:
    """A counter that went back or away; a gauge may."""
    before = {"a_total": 2.0, "b_total": 2.0, 'c_bucket{le="1"}': 1.0, "d": 5.0}
    assert fallen(before, {"a_total": 2, "b_total": 1, "d": 1}) == ["b_total: 2, then 1", 'c_bucket{le="1"}: 1, then None']
