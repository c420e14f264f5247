"""The real daemon in this process: at work on given settings, or on one source of an emulator, life after life in one folder."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ingestd.app import ALWAYS, Daemon, Replays, Retries, Tried
from ingestd.app.watch import pages
from ingestd.clock import SystemClock
from ingestd.model import Frame
from ingestd.settings import Settings
from ingestd.store import open_store
from ingestd.store.quarantine import Which
from ingestd.store.queries import Queries
from ingestd.telemetry import build_reporter
from ingestd.testing.emulator import Emulator
from ingestd.testing.knowledge import Found, expected, unlike
from ingestd.testing.rig.daemon import SCHEMA, until
from ingestd.testing.rig.evidence import accounts, ask, journal_frames, journal_tail, loaded
from ingestd.testing.stands import differences, shown
from ingestd.web.server import METRICS

SOURCE: Final = "tried"
POLL: Final = 0.03
_OPEN: Final = "SELECT scope_kind, scope_id, state, reason FROM coverage WHERE ended_at IS NULL AND state <> 'complete'"
_COVERAGE: Final = (
    "SELECT trim(scope_kind || ' ' || scope_id), began_at, ended_at, state, reason, repaired_by FROM coverage ORDER BY scope_id, began_at"
)
_REFUSED: Final = "SELECT stage, category, reason, path, journal_offset FROM quarantine ORDER BY journal_offset"


class Running:
    """A daemon at work."""

    def __init__(self, daemon: Daemon, stop: asyncio.Event) -> None:
        self.daemon = daemon
        self._stop = stop

    async def loaded(self, within: float = 10.0) -> None:
        """Wait until all that was read so far is in the store. Raises TimeoutError."""

        async def all_there() -> bool:
            return self.daemon.intake.queued_records == 0 and self.daemon.writer.status.position >= self.daemon.journal.last()

        await until(all_there, "all that was read is in the store", within)

    async def read(self, source: str, frames: int, within: float = 10.0) -> None:
        """Wait until so many frames of a source were read, and are in the store. Raises TimeoutError."""

        async def enough() -> bool:
            return self.daemon.collectors[source].status.read >= frames

        await until(enough, f"{frames} frames of {source}", within)
        await self.loaded()

    async def page(self, path: str) -> tuple[int, str]:
        """Status and body of what it answers."""
        found = await self.daemon.reporter.metrics.page("") if path == METRICS else pages(self.daemon)[path]("")
        status, _, body = found
        return status, body.decode()

    def stop(self) -> None:
        """Ask it to drain."""
        self._stop.set()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """A daemon with these settings, drained at the end. Raises RuntimeError where it left something, and whatever broke it."""
    clock = SystemClock()
    reporter = build_reporter(settings.log, clock, terminal=False)
    daemon = await Daemon.compose(settings, reporter, clock)
    stop = asyncio.Event()
    task = asyncio.create_task(daemon.run(stop), name="daemon")
    try:
        yield Running(daemon, stop)
    finally:
        stop.set()
        try:
            clean = await task
        finally:
            await reporter.close()
    if not clean:
        raise RuntimeError("the daemon ended before the store had everything")


class Trial:
    """One source, ``SOURCE``, of an emulator that listens, recorded into SQLite. ``life`` may be had again and again."""

    def __init__(self, folder: Path, feed: str, emulator: Emulator) -> None:
        self.store = f"sqlite:///{folder / 'store.db'}"
        self.journal = folder / "journal"
        self._emulator = emulator
        self._left = 0
        """When the last life was told to end, µs UTC: what the emulator says after that, nobody need hear."""
        self._settings = Settings.model_validate(
            {
                "store": {"url": self.store},
                "journal": {"path": self.journal, "segment": "1MiB", "limit": "64MiB", "reserve": 0},
                "http": {"port": 0},
                "log": {"level": "error", "format": "json"},
                "sources": [{"name": SOURCE, "feed": feed, **emulator.options()}],
            }
        )

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Running]:
        """A daemon on the source."""
        async with running(self._settings) as one:
            try:
                yield one
            finally:
                self._left = time.time_ns() // 1_000

    async def agreed(self, one: Running, *, disturbed: bool = False, within: float = 10.0) -> None:
        """Wait until the source is live, nothing is missing and every price stands as the emulator says. Raises TimeoutError: what differs.

        ``disturbed``: see ``stands.differences``.
        """
        ends = time.monotonic() + within
        while told := await self._disagreement(one.daemon, disturbed=disturbed):
            if time.monotonic() > ends:
                raise TimeoutError(f"not within {within:g} s; " + "; ".join(told))
            await asyncio.sleep(POLL)

    async def replay(self, url: str, since: int = ALWAYS[0], until: int = ALWAYS[1]) -> Mapping[str, int]:
        """Replay the source's part of the journal between two times (UTC µs) into a store; returns the counts of the run."""
        clock = SystemClock()
        store = open_store(url, SCHEMA, clock)
        try:
            await store.prepare()
            reporter = build_reporter(self._settings.log, clock, terminal=False)
            return (await Replays(self._settings, store, reporter, clock).replay(SOURCE, since, until)).counts
        finally:
            await store.close()

    async def retry(self, url: str) -> list[Tried]:
        """Try again whatever is open in a store's quarantine."""
        clock = SystemClock()
        store = open_store(url, SCHEMA, clock)
        reporter = build_reporter(self._settings.log, clock, terminal=False)
        try:
            await store.prepare()
            async with Queries(url, SCHEMA) as queries:
                retries = Retries(self._settings, store, queries, reporter, clock)
                return [one async for one in retries.retry(await queries.records(Which(), 1_000_000), force=True)]
        finally:
            await store.close()

    async def unbalanced(self) -> list[str]:
        """Sums of I6 that do not come out, once no daemon lives."""
        return accounts(await loaded(self.store, SOURCE), journal_tail(self.journal, SOURCE))

    async def refused(self) -> list[tuple[object, ...]]:
        """Everything in quarantine: stage, category, reason, path, journal offset."""
        return await ask(self.store, _REFUSED)

    async def coverage(self) -> list[Found]:
        """Every interval of the source, once no daemon lives."""
        return [Found(*row) for row in await ask(self.store, _COVERAGE)]  # type: ignore[arg-type] # as the table has them

    async def miscovered(self) -> list[str]:
        """How the coverage differs from what the emulator's own deeds make it, once no daemon lives."""
        heard = (deed for deed in self._emulator.deeds.done if deed.at <= self._left)
        return unlike(expected(heard, self._emulator.protocol), await self.coverage(), [frame.received_at for frame in self.frames()])

    def frames(self) -> list[Frame]:
        """Everything in the journal."""
        return journal_frames(self.journal)

    async def _disagreement(self, daemon: Daemon, *, disturbed: bool) -> list[str]:
        status, lane = daemon.collectors[SOURCE].status, daemon.lanes.get(SOURCE)
        if status.state != "live" or lane is None or not lane.coverage.whole:
            return [f"the source is {status.state} {status.reason}, whole: {lane is not None and lane.coverage.whole}"]
        told = differences(self._emulator.truth(), await shown(self.store, SOURCE), disturbed=disturbed)
        return told or [f"{kind} {name} is {state} {reason}" for kind, name, state, reason in await ask(self.store, _OPEN)]
