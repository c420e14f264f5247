"""Every feed over its emulator, by the real daemon: it records, resumes, survives, knows what it missed, accounts for all of it.

Nothing is left behind.
"""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from ingestd.sources import FEEDS
from ingestd.testing.emulator import FAULTS, Emulator, Fault
from ingestd.testing.harness import SOURCE, Trial
from ingestd.testing.leaks import left_behind, traces
from tests.conformance.conftest import trial

AT_ONCE: Final = 4
"""Daemons side by side: most of a trial is waiting for silence to be noticed."""
MOST: Final = 16
"""Boundaries tried with each fault; of a longer script, as many spread over it."""
GREETING: Final = {"simulated": 1, "kalshi": 6}
"""Messages that a session begins with; no protocol says what becomes of it when data overtake them, so coverage is not judged then."""
MISSING: Final = frozenset(("no_base", "sequence"))
"""Categories that say that something before is missing, not that this is wrong."""

every_feed = pytest.mark.parametrize("feed", FEEDS)


@every_feed
async def test_records(feed: str, tmp_path: Path, empty: Path) -> None:
    """Undisturbed, the store ends as the provider stands; every record is accounted for and none is refused."""
    before = traces()
    async with trial(feed, tmp_path, empty) as (emulator, tried):
        async with tried.life() as one:
            await emulator.play()
            await tried.agreed(one)
        assert (await tried.unbalanced(), await tried.refused(), await tried.miscovered()) == ([], [], [])
    assert await left_behind(before) == []


@every_feed
async def test_resumes_after_a_cut(feed: str, tmp_path: Path, empty: Path) -> None:
    """The link breaks in mid-script: the daemon goes on, what it does not know is told, and the end is the same."""
    async with trial(feed, tmp_path, empty) as (emulator, tried):
        emulator.arm(emulator.boundaries // 2, "reset")
        async with tried.life() as one:
            await emulator.play()
            await tried.agreed(one, disturbed=True)
        assert (await tried.unbalanced(), await tried.refused(), await tried.miscovered()) == ([], [], [])


@every_feed
async def test_resumes_after_a_restart(feed: str, tmp_path: Path, empty: Path) -> None:
    """The daemon ends in mid-script and begins again: the second life goes on where the first ended, by a token or by an image."""
    async with trial(feed, tmp_path, empty) as (emulator, tried), asyncio.TaskGroup() as group:
        playing = group.create_task(emulator.play())
        async with tried.life() as one:
            await one.read(SOURCE, emulator.boundaries // 2)
        first = len(tried.frames())
        async with tried.life() as one:
            await playing
            await tried.agreed(one, disturbed=True)
        assert (await tried.unbalanced(), await tried.refused()) == ([], [])
        opened = next(frame for frame in tried.frames()[first:] if frame.kind == "opened")
        assert opened.epoch or opened.meta.get("resumed") in {"replay", "conflated"}


@pytest.mark.parametrize("fault", FAULTS)
@every_feed
@pytest.mark.timeout(180)
async def test_survives(feed: str, fault: Fault, tmp_path: Path, empty: Path) -> None:
    """Whatever happens to any one message: see ``problems``."""
    before = traces()
    async with trial(feed, tmp_path / "none", empty) as (emulator, _):
        boundaries = chosen(emulator)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one_of(boundary: int) -> list[str]:
        async with turns, trial(feed, tmp_path / str(boundary), empty) as (emulator, tried):
            return await problems(feed, emulator, tried, boundary, fault)

    async with asyncio.TaskGroup() as group:
        tasks = {boundary: group.create_task(one_of(boundary)) for boundary in boundaries}
    assert {boundary: told for boundary, task in tasks.items() if (told := task.result())} == {}
    assert await left_behind(before) == []


def chosen(emulator: Emulator) -> list[int]:
    """The boundaries to try."""
    count = min(MOST, emulator.boundaries)
    return [round(k * (emulator.boundaries - 1) / max(1, count - 1)) for k in range(count)]


async def problems(feed: str, emulator: Emulator, tried: Trial, boundary: int, fault: Fault) -> list[str]:
    """What is wrong after a fault.

    The store differs, the source is not live, its coverage is not what the emulator did, records are unaccounted for, good ones refused.
    """
    emulator.arm(boundary, fault)
    told: list[str] = []
    async with tried.life() as one:
        try:
            await emulator.play()
            await tried.agreed(one, disturbed=True)
        except TimeoutError as error:
            told.append(str(error) or "play: nobody came to the end")
    refused = [row for row in await tried.refused() if row[1] not in MISSING]
    unread = {row[-1] for row in refused}
    if any(row[0] != "decode" for row in refused) or len(unread) > (fault == "garbage"):
        told.append(f"refused: {refused}")
    if not (fault == "reorder" and boundary < GREETING.get(feed, 0)):
        told += await tried.miscovered()
    return told + await tried.unbalanced()
