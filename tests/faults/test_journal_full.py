"""A journal that may not grow: reading pauses, which is recorded, and goes on by itself once the store is back."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ingestd.pipeline.intake import MAX_RECORDS
from ingestd.testing.exchange.process import Started, started
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import ask, judge
from ingestd.testing.rig.kills import at_work, finished
from ingestd.testing.rig.outage import locked, sample
from tests.faults.conftest import whole_after_all

MIB = 1 << 20
LIMITED = {"limit": 2 * MIB, "segment": MIB}


@pytest.fixture
async def exchange() -> AsyncIterator[Started]:
    """One that fills journal and queue in a few seconds, and waits for those who do not read."""
    async with started({"rate": 20_000, "window": 100_000_000}) as process:
        yield process


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    problem = called("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk))
    if problem:
        pytest.skip(f"nothing can be mounted here: {problem}")
    yield disk
    assert called("umount", "--lazy", str(disk)) == ""


def called(program: str, *arguments: str) -> str:
    """What a program of the system complains of; nothing where it does not."""
    found = shutil.which(program)
    if found is None:
        return f"no {program}"
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.stderr.strip() or f"{program} failed" if done.returncode else ""


async def fill_and_free(process: DaemonProcess, store: Path, exchange: Started, *, kill: bool = False) -> None:
    """Lock the store until the journal is full, let go, and wait until all is well and everything is loaded; then stop.

    ``kill``: when it is full, ``kill -9`` and start again.
    """
    url = f"sqlite:///{store}"
    await process.start()

    async def begun() -> bool:
        return (await ask(url, "SELECT count(*) FROM odds"))[0][0] != 0

    async def paused() -> bool:
        return await waiting(process) >= MAX_RECORDS

    async def well() -> bool:
        one = await sample(process)
        return (one.health, one.ready) == (200, 200)

    await until(lambda: _there(store), "there is a store")
    await until(begun, "the first prices are in the store")
    async with locked(store):
        await until(paused, "nothing more is read", within=40)
        there = await waiting(process)
        during = await sample(process)
        assert (during.health, during.ready, during.live) == (503, 503, 200)
        assert json.loads((await process.page("/health"))[1])["checks"]["journal"]["status"] == "fail"
        assert await waiting(process) == there
        if kill:
            await process.kill()
            await process.start()
    await until(well, "reading goes on by itself", within=20)
    status = await finished(process, exchange.url, 0)
    assert await process.stop() == 0
    verdict = await judge(url, process.journal, status)
    assert (verdict.differences, verdict.unbalanced) == ({}, [])


async def waiting(process: DaemonProcess) -> float:
    """Frames that were read and are not durable."""
    return (await process.metrics())['queue_records{stage="journal"}']


async def _there(store: Path) -> bool:
    return await asyncio.to_thread(store.exists)


async def pauses(url: str) -> list[tuple[object, ...]]:
    """Gaps for the journal's sake: how they were repaired, and whether they ended behind their beginning."""
    return await ask(url, "SELECT repaired_by, ended_at > began_at FROM coverage WHERE state = 'gap' AND reason = 'journal_full'")


async def test_a_journal_at_its_limit(tmp_path: Path, exchange: Started) -> None:
    """It keeps its limit, says that it is full, records the gap, and nothing is lost."""
    store = tmp_path / "store.db"
    journal = {"path": str(tmp_path / "journal"), **LIMITED}
    async with daemon(tmp_path, {**following(f"sqlite:///{store}", exchange.url), "journal": journal}) as process:
        await fill_and_free(process, store, exchange)
        assert sum(file.stat().st_size for file in process.journal.iterdir()) <= LIMITED["limit"]
    found = await pauses(f"sqlite:///{store}")
    assert found
    assert {tuple(map(str, row)) for row in found} == {("late", "1")}


@pytest.mark.parametrize("reserve", [0, MIB], ids=["full to the last byte", "with a reserve"])
async def test_a_journal_on_a_tiny_disk(tmp_path: Path, tiny_disk: Path, exchange: Started, reserve: int) -> None:
    """The same where the disk itself is the limit."""
    store = tmp_path / "store.db"
    journal = {"path": str(tiny_disk / "journal"), "reserve": reserve}
    async with daemon(tmp_path, {**following(f"sqlite:///{store}", exchange.url), "journal": journal}) as process:
        process.journal = tiny_disk / "journal"
        await fill_and_free(process, store, exchange)
    assert await pauses(f"sqlite:///{store}")


async def test_killed_on_a_full_disk(tmp_path: Path, tiny_disk: Path, exchange: Started) -> None:
    """It starts again on what the reserve leaves, reads on from there, and loses nothing."""
    store = tmp_path / "store.db"
    journal = {"path": str(tiny_disk / "journal"), "reserve": MIB}
    async with daemon(tmp_path, {**following(f"sqlite:///{store}", exchange.url), "journal": journal}) as process:
        process.journal = tiny_disk / "journal"
        await fill_and_free(process, store, exchange, kill=True)


async def test_stopped_while_it_is_full(tmp_path: Path, exchange: Started) -> None:
    """What was read and found no room is dropped, said and counted; the provider has it still, and the next start fetches it."""
    store = tmp_path / "store.db"
    url = f"sqlite:///{store}"
    settings = {**following(url, exchange.url), "journal": {"path": str(tmp_path / "journal"), **LIMITED}, "shutdown": {"deadline": 3}}
    async with daemon(tmp_path, settings) as process:
        await at_work(process, url)

        async def paused() -> bool:
            return await waiting(process) >= MAX_RECORDS

        async with locked(store):
            await until(paused, "nothing more is read", within=40)
            assert await process.stop() == 1
        account = process.figures("daemon.stopped")
        assert process.said("intake.dropped")
        assert account["read"] - account["journalled"] >= MAX_RECORDS
        await whole_after_all(process, url, exchange)
