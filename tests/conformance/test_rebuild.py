"""The journal alone rebuilds what a daemon knew: the same facts, intervals of coverage included, in either database (I3)."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from ingestd.batch import FIRST
from ingestd.clock import SystemClock
from ingestd.sources import FEEDS
from ingestd.store import open_store
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


@pytest.mark.parametrize("feed", FEEDS)
async def test_a_replay_after_old_history_went(feed: str, tmp_path: Path, empty: Path) -> None:
    """From before the border or from behind it: of younger rows it makes what it makes where all are there; what came back goes again."""
    async with trial(feed, tmp_path / "live", empty) as (emulator, tried):
        emulator.arm(emulator.boundaries // 2, "reset")
        async with tried.life() as one:
            await emulator.play()
            await tried.agreed(one, disturbed=True)
        times = [frame.received_at for frame in tried.frames()]
        border = times[len(times) // 2]
        whole = twin(tmp_path / "live" / "store.db")
        await prune(tried.store, border)
        for since in (times[2 * len(times) // 3], times[0]):
            for url in (tried.store, whole):
                await tried.replay(url, since)
            assert younger(await history(tried.store), border) == younger(await history(whole), border)
        everything, later = await history(whole), SystemClock().now()
        for url in (tried.store, whole):
            await prune(url, later)
        assert await history(tried.store) == await history(whole) < everything


def twin(path: Path) -> str:
    """A store of the same rows; in both they count as stored when their frames came: that was a moment later, in so short a life."""
    other = path.with_name("whole.db")
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(other)) as copy:
        db.execute("UPDATE odds_history SET committed_at = received_at")
        db.commit()
        db.backup(copy)
    return f"sqlite:///{other}"


async def prune(url: str, border: int) -> None:
    """Old history goes, to the end."""
    store = open_store(url, SCHEMA, SystemClock())
    await store.prepare()
    after: int | None = FIRST
    while after is not None:
        after = (await store.prune("odds_history", border, after)).rest
    await store.close()


async def history(url: str) -> set[Fact]:
    """Every row."""
    return set((await facts(url, SCHEMA))["odds_history"])


def younger(rows: set[Fact], border: int) -> set[Fact]:
    """Those since the border."""
    return {row for row in rows if any(column.startswith("changed_at=") and int(column.partition("=")[2]) >= border for column in row)}


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
