"""A disk that fails, and one that forgets: what cannot be written goes elsewhere, what cannot be read is named, and all goes on."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import psutil

from ingestd.testing.exchange.process import Started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import ask, judge
from ingestd.testing.rig.kills import at_work, finished
from ingestd.testing.rig.outage import locked

KIB: Final = 1 << 10


@contextmanager
def short_files(process: DaemonProcess) -> Iterator[None]:
    """No file of the process can grow beyond 256 KiB: the system says EFBIG, as of a disk that fails there."""
    limits = psutil.Process(process.pid)
    before = limits.rlimit(psutil.RLIMIT_FSIZE)
    limits.rlimit(psutil.RLIMIT_FSIZE, (256 * KIB, before[1]))
    try:
        yield
    finally:
        limits.rlimit(psutil.RLIMIT_FSIZE, before)


async def test_a_disk_that_fails(tmp_path: Path, own_postgres: PostgresServer, exchange: Started) -> None:
    """What the journal cannot write in one file it writes in the next: nothing is lost, and it is counted."""
    url = own_postgres.dsn()
    async with daemon(tmp_path, following(url, exchange.url)) as process:
        await at_work(process, url)

        async def failed() -> bool:
            return (await process.metrics())['journal_errors_total{reason="io"}'] > 1

        with short_files(process):
            await until(failed, "the disk has failed twice", 60)
        status = await finished(process, exchange.url, 0)
        assert await process.stop() == 0
        verdict = await judge(url, process.journal, status)
        assert (verdict.differences, verdict.unbalanced) == ({}, [])


async def test_frames_that_are_damaged_before_they_are_stored(tmp_path: Path, exchange: Started) -> None:
    """They are named, in the log and on the page; the source has a gap for them, and goes on from a fresh image."""
    store = tmp_path / "store.db"
    url = f"sqlite:///{store}"
    async with daemon(tmp_path, following(url, exchange.url)) as process:
        await at_work(process, url)
        async with locked(store):
            await asyncio.sleep(1)
            await process.kill()
        damage(process.journal)
        await process.start()

        async def seen() -> bool:
            return (await process.metrics())["journal_damage_total"] == 1

        await until(seen, "the page counts it")

        async def whole() -> bool:
            gaps = await ask(
                url, "SELECT repaired_by FROM coverage WHERE state = 'gap' AND ended_at IS NOT NULL AND reason = 'journal_lost'"
            )
            return ("image",) in gaps

        await until(whole, "an image has filled the gap")
        assert process.said("journal.damaged")
        assert await process.stop() == 0


def damage(journal: Path) -> None:
    """The last block but one of the last segment is zeros."""
    with closing(sqlite3.connect(max(journal.glob("*.segment")))) as db:
        db.execute(
            "UPDATE blocks SET data = zeroblob(length(data)) WHERE first = "
            "(SELECT max(first) FROM blocks WHERE first < (SELECT max(first) FROM blocks))"
        )
        db.commit()
