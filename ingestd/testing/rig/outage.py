"""The store taken away under load and given back: nothing may be lost, memory stays bounded, the lag goes, health says so."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from ingestd.testing.exchange.process import started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import Verdict, judge, loaded
from ingestd.testing.rig.kills import finished

PACE: Final = 3_000.0
"""Quotes per second that the exchange offers, before, during and after."""
WARM: Final = 4.0
"""Seconds of plain work before memory is measured for the first time."""
SAMPLE: Final = 0.25
MIB: Final = 1 << 20
CAUGHT_UP: Final = 500
"""Frames in flight that count as none while the exchange goes on."""
MOST_GROWTH: Final = 64.0
"""MiB that memory may rise while the store is away: frames decoded ahead, and the queue before the journal."""
CACHE: Final = 64.0
"""MiB that it may rise more while the daemon catches up: SQLite's cache of pages fills as its file grows, outage or not."""
REACH: Final = 20.0
"""Seconds in which the store is tried again after it came back, and a frozen one has been given up."""
CATCH_UP: Final = 0.33
"""Part of the time without a store that the daemon may take to catch up with what came meanwhile."""

Away = Callable[[], AbstractAsyncContextManager[None]]
"""Takes the store away for as long as its context lasts."""


class Sample(Struct):
    """How the daemon was at one moment: status codes of the pages, MiB resident and in the journal, positions."""

    health: int
    live: int
    ready: int
    resident: float
    journal: float
    journalled: float
    committed: float

    @property
    def in_flight(self) -> float:
        """Frames that are durable and not in the store."""
        return self.journalled - self.committed


class Outage(Struct):
    """What was seen ``before``, ``during`` and ``after`` the store was away for ``seconds``. Memory in MiB, times in seconds."""

    before: list[Sample]
    during: list[Sample]
    after: list[Sample]
    seconds: float
    caught_up: float
    offered: float
    verdict: Verdict

    @property
    def growth(self) -> float:
        """How far memory rose above what it was before, while the store was away."""
        return _peak(self.during) - _peak(self.before)

    @property
    def late_growth(self) -> float:
        """How far it had risen when all was caught up."""
        return _peak(self.after) - _peak(self.before)

    def problems(self) -> list[str]:
        """What was not as it must be, beside the facts."""
        last = self.during[-1]
        pages = {(one.live, one.ready) for one in self.during}
        committed = [one.committed for one in self.during]
        checks = {
            "/health did not say that the store was away, or writing went on": (last.health, committed[-1])
            == (503, committed[len(committed) // 2]),
            f"/health/live and /health/ready said {pages}": pages == {(200, 200)},
            "the journal did not grow": last.journalled > self.during[0].journalled and last.journal > self.before[0].journal,
            f"memory grew by {self.growth:.0f} MiB": self.growth < MOST_GROWTH,
            f"memory grew by {self.late_growth:.0f} MiB in the end": self.late_growth < MOST_GROWTH + CACHE,
            f"it took {self.caught_up:.1f} s to catch up": self.caught_up < REACH + CATCH_UP * self.seconds,
        }
        return [problem for problem, well in checks.items() if not well]

    def told(self) -> str:
        """For people."""
        first, last = self.during[0], self.during[-1]
        return (
            f"offered {self.offered:,.0f} quotes/s; resident {_peak(self.before):.0f} MiB before, "
            f"{self.growth:+.0f} MiB meanwhile, {self.late_growth:+.0f} MiB until caught up; "
            f"journal {first.journal:.1f} to {last.journal:.1f} MiB; "
            f"{last.in_flight:,.0f} frames in flight at the end of it, caught up after {self.caught_up:.1f} s; "
            f"lost {self.verdict.lost}, doubled {self.verdict.doubled} of {self.verdict.facts:,} facts"
        )


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Nobody else can write to a SQLite file."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30.0, check_same_thread=False)) as db:
        await asyncio.to_thread(db.execute, "BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            db.execute("ROLLBACK")


@asynccontextmanager
async def stopped(server: PostgresServer, *, killed: bool = False) -> AsyncIterator[None]:
    """No PostgreSQL: shut down in order, or killed."""
    await asyncio.to_thread(server.kill if killed else server.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


@asynccontextmanager
async def frozen(server: PostgresServer) -> AsyncIterator[None]:
    """PostgreSQL accepts everything and answers nothing; what was sent may be committed later."""
    server.pause()
    try:
        yield
    finally:
        server.unpause()


async def outage(url: str, folder: Path, away: Away, seconds: float, pace: float = PACE) -> Outage:
    """Take the store away for so long while the exchange goes on, wait until all is well again, end everything and judge."""
    async with started({"rate": pace, "window": 100_000_000}) as exchange, daemon(folder, following(url, exchange.url)) as process:
        began = time.monotonic()
        await process.start()
        await until(lambda: _begun(url), "the first frames are in the store")
        before = await _watch(process, WARM)
        async with away():
            during = await _watch(process, seconds)
        after: list[Sample] = []

        async def well() -> bool:
            after.append(await sample(process))
            return after[-1].health == 200 and after[-1].in_flight < CAUGHT_UP  # noqa: PLR2004 - HTTP

        caught_up = await until(well, "the store has caught up", within=60.0 + seconds)
        status = await finished(process, exchange.url, 0)
        offered = status.quotes / (time.monotonic() - began)
        code = await process.stop()
        if code:
            raise RuntimeError(f"the daemon ended with {code}: {process.lines()[-3:]}")
        return Outage(before, during, after, seconds, caught_up, offered, await judge(url, process.journal, status))


async def sample(process: DaemonProcess) -> Sample:
    """Ask the daemon how it is."""
    health, live, ready = [(await process.page(path))[0] for path in ("/health", "/health/live", "/health/ready")]
    metrics = await process.metrics()
    return Sample(
        health=health,
        live=live,
        ready=ready,
        resident=metrics.get("process_resident_memory_bytes", 0.0) / MIB,
        journal=metrics["journal_bytes"] / MIB,
        journalled=metrics["journal_last_position"],
        committed=metrics["journal_checkpoint_position"],
    )


def _peak(samples: list[Sample]) -> float:
    return max(one.resident for one in samples)


async def _begun(url: str) -> bool:
    return (await loaded(url)).frames > 0


async def _watch(process: DaemonProcess, seconds: float) -> list[Sample]:
    samples: list[Sample] = []
    until_then = time.monotonic() + seconds
    while time.monotonic() < until_then:
        samples.append(await sample(process))
        await asyncio.sleep(SAMPLE)
    return samples
