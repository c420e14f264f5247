"""The store away under load: nothing is lost, only the journal grows, and health says so."""

from pathlib import Path

from ingestd.testing.rig.outage import outage
from tests.faults.conftest import Store

AWAY = 8.0
"""Seconds; ``make crash`` takes two minutes."""


async def test_a_store_that_comes_back(tmp_path: Path, frail_store: Store) -> None:
    """Locked, stopped or killed for a while with prices coming in all the time."""
    seen = await outage(frail_store.url, tmp_path, frail_store.away, AWAY)
    assert (seen.verdict.differences, seen.verdict.unbalanced) == ({}, [])
    assert seen.problems() == []
