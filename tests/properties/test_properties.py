"""Whatever a provider says, in whatever order: after every commit the store says what is true, and the history what was."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingestd.sources import FEEDS
from tests.properties.harness import Bench, Trial
from tests.properties.providers import PROVIDERS

FEW: Final = 12
"""Examples of a feed and a database in ``make test``; ``make properties`` sets a profile of its own."""
DEEP: Final = settings.get_current_profile_name() == "properties"
EXAMPLES: Final = settings.get_profile("properties").max_examples if DEEP else FEW
STEPS: Final = 60 if DEEP else 24
MISSING: Final = (
    "the feed has no provider in small: write tests/properties/{0}.py and enter it in tests/properties/providers.py (CONTRIBUTING)"
)

programs = st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=STEPS)
"""A number for each step."""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One loop for all examples of a test."""
    with asyncio.Runner() as found:
        yield found


@pytest.fixture
def bench(store_url: str, tmp_path: Path, runner: asyncio.Runner) -> Iterator[Bench]:
    """A store of each kind."""

    async def made() -> Bench:
        bench = Bench(store_url, tmp_path / "journals")
        bench.folder.mkdir()
        await bench.open()
        return bench

    found = runner.run(made())
    yield found
    runner.run(found.close())


@pytest.mark.timeout(0)
@pytest.mark.parametrize("feed", FEEDS)
def test_what_is_stored_is_true(feed: str, bench: Bench, runner: asyncio.Runner) -> None:
    """Images, deltas, removals, suspensions, absences, settlements; repetitions, late arrivals, deaths of the loader, a replay."""
    assert feed in PROVIDERS, MISSING.format(feed)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not DEEP,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(program=programs, rows=st.sampled_from((1, 2, 5, 5_000)), deaths=st.sets(st.integers(2, 80), max_size=3))
    def hold(program: list[int], rows: int, deaths: set[int]) -> None:
        runner.run(Trial(bench, feed, PROVIDERS[feed]).run(program, rows, set(deaths)))
        for entry in bench.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    hold()
