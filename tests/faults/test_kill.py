"""``kill -9`` at random moments: nothing is lost, nothing comes twice, the counts balance."""

from pathlib import Path

import pytest

from ingestd.testing.rig.kills import kills

COUNT = 10
"""On each store; ``make crash`` does a hundred."""


@pytest.mark.timeout(180)
async def test_kills_with_frames_in_flight(tmp_path: Path, store_url: str) -> None:
    """Ten lives that end in the middle of the work, while the exchange offers what it can."""
    tally = await kills(store_url, tmp_path, COUNT, seed=11, say=print)
    assert (tally.verdict.differences, tally.verdict.unbalanced) == ({}, [])
    assert [kill.in_flight > 0 for kill in tally.kills] == [True] * COUNT
