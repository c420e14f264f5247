"""The journal alone rebuilds what a daemon knew: the same facts, intervals of coverage included, in either database (I3)."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from ingestd.sources import FEEDS
from ingestd.testing.digest import FACTS, Fact, facts
from ingestd.testing.rig.daemon import SCHEMA
from tests.conformance.conftest import trial

Facts = Mapping[str, list[Fact]]
RETOLD: Final = ("changed_at=", "seq=")
"""Of links and results: a replay that begins in the middle does not know that a later telling only repeats an earlier one."""


@pytest.mark.parametrize("feed", FEEDS)
async def test_a_replay_leaves_the_same_facts(feed: str, tmp_path: Path, empty: Path, store_url: str) -> None:
    """After a cut: an empty store, the same again, the live store itself, and parts of the journal into it."""
    async with trial(feed, tmp_path / "live", empty) as (emulator, tried):
        emulator.arm(emulator.boundaries // 2, "reset")
        async with tried.life() as one:
            await emulator.play()
            await tried.agreed(one, disturbed=True)
        recorded = await facts(tried.store, SCHEMA)
        assert min(len(recorded[name]) for name in ("odds", "odds_history", "coverage")) > 0
        for url in (store_url, store_url, tried.store):
            await tried.replay(url)
            assert different(recorded, await facts(url, SCHEMA)) == []
        times = [frame.received_at for frame in tried.frames()]
        for since, until in ((times[0], times[len(times) // 2]), (times[len(times) // 3], times[-2])):
            assert (await tried.replay(tried.store, since, until))["frames"] > 0
            assert different(once(recorded), once(await facts(tried.store, SCHEMA))) == []


async def test_parts_make_up_the_whole(tmp_path: Path, empty: Path, store_url: str) -> None:
    """A journal replayed piece by piece, each from the image before it, ends where one replay of all ends."""
    async with trial("simulated", tmp_path / "live", empty) as (emulator, tried):
        emulator.arm(4, "garbage")
        emulator.arm(12, "reset")
        async with tried.life() as one:
            await emulator.play()
            await tried.agreed(one, disturbed=True)
        times = [frame.received_at for frame in tried.frames()]
        cuts = [times[0], times[len(times) // 4], times[len(times) // 2], times[-1] + 1]
        for since, until in pairwise(cuts):
            await tried.replay(store_url, since, until)
        assert different(await facts(tried.store, SCHEMA), await facts(store_url, SCHEMA)) == []


def different(one: Facts, other: Facts) -> list[str]:
    """Tables whose facts are not the same."""
    return [name for name in FACTS if one[name] != other[name]]


def once(found: Facts) -> Facts:
    """Facts, but for when links and results were told last."""
    return {name: [*_kept(rows)] if name in ("event_links", "results") else rows for name, rows in found.items()}


def _kept(rows: Iterable[Fact]) -> Iterable[Fact]:
    return sorted(tuple(column for column in row if not column.startswith(RETOLD)) for row in rows)
