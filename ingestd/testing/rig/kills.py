"""The daemon killed at random moments while an exchange offers all it can, each time with frames in flight; then the facts are judged."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from msgspec import Struct

from ingestd.testing.exchange.process import Status, control, started
from ingestd.testing.rig.daemon import SOURCE, DaemonProcess, daemon, following, until
from ingestd.testing.rig.evidence import Verdict, abandoned, journal_tail, judge, loaded

LONGEST: Final = 1.0
"""Seconds that a life lasts at most, from the moment when the daemon answers."""
BURST: Final = 3_000
"""Statements (four quotes each, about) that the exchange has for each life, as fast as they are read: about what a life can load."""
BATCH: Final = {"rows": 1_000}
"""Small, for many commits in a short life."""
REST: Final = 400
"""Statements that are still to come when the last kill is done."""
UNPACED: Final[dict[str, object]] = {"rate": 0, "events": 20, "window": 100_000_000, "clock": "virtual"}
SAMPLE: Final = 0.05
ATTEMPTS: Final = 3
"""Lives for each kill that counts, at most."""


class Kill(Struct):
    """One ``kill -9``: seconds that the daemon answered for, the journal's end and the store's checkpoint, frames between them."""

    lived: float
    journalled: int
    loaded: int
    offered: int

    @property
    def in_flight(self) -> int:
        """Frames that were durable and not in the store."""
        return self.journalled - self.loaded


class Tally(Struct):
    """What came of a series of kills. ``offered``: quotes per second while somebody was connected."""

    kills: list[Kill]
    empty: int
    offered: float
    statements: int
    verdict: Verdict


class Meter:
    """Measures what an exchange offers while a client is connected, by asking; what lasts less than a sample counts nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.quotes = 0
        self.seconds = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        before: tuple[float, Status] | None = None
        while True:
            status = await control(self._url, "status")
            now = time.monotonic()
            if before is not None and before[1].clients and status.clients:
                self.quotes += status.quotes - before[1].quotes
                self.seconds += now - before[0]
            before = now, status
            await asyncio.sleep(SAMPLE)


async def kills(url: str, folder: Path, count: int, seed: int, say: Callable[[str], None]) -> Tally:
    """Kill it ``count`` times, each time with frames in flight, and judge. Raises RuntimeError where too few kills hit any."""
    random = Random(seed)
    done: list[Kill] = []
    empty = 0
    settings = {**UNPACED, "seed": seed, "limit": BURST}
    async with started(settings) as exchange, daemon(folder, {**following(url, exchange.url), "batch": BATCH}) as process:
        meter = Meter(exchange.url)
        await at_work(process, url)
        # from here on everything must be resumed
        await process.kill()
        async with asyncio.TaskGroup() as group:
            measuring = group.create_task(meter.run())
            while len(done) < count:
                kill = await _one(process, url, exchange.url, random.uniform(0.0, LONGEST))
                if kill.in_flight > 0:
                    done.append(kill)
                    say(_told(len(done), kill))
                else:
                    empty += 1
                    say(f"not counted: nothing was in flight after {kill.lived:.2f} s")
                if empty > ATTEMPTS * count:
                    raise RuntimeError(f"{empty} kills hit nothing in flight")
            measuring.cancel()
        status = await _finish(process, exchange.url)
        verdict = await judge(url, process.journal, status)
    return Tally(done, empty, meter.quotes / meter.seconds if meter.seconds else 0.0, status.n, verdict)


async def at_work(process: DaemonProcess, url: str) -> None:
    """Started, and prices are coming in."""

    async def begun() -> bool:
        return (await loaded(url)).frames > 0

    await process.start()
    await until(begun, "the first frames are in the store")


async def finished(process: DaemonProcess, exchange: str, n: int, within: float = 300.0) -> Status:
    """Let the exchange end at statement ``n`` (or where it stands, if that is later) and the daemon load all of it."""
    limit = max(n, (await control(exchange, "status")).n)
    await control(exchange, "limit", limit)

    async def said() -> bool:
        status = await control(exchange, "status")
        return status.n >= limit and journal_tail(process.journal).token == f"{status.run}:{status.n}"

    async def taken() -> bool:
        metrics = await process.metrics()
        label = f'{{source="{SOURCE}"}}'
        return metrics.get(f"frames_loaded_total{label}", 0) >= journal_tail(process.journal).ordinal

    await until(said, "the journal has all that the exchange said", within)
    await until(taken, "the store has all that the journal has", within)
    return await control(exchange, "status")


async def _one(process: DaemonProcess, url: str, exchange: str, life: float) -> Kill:
    await process.start()
    await control(exchange, "limit", (await control(exchange, "status")).n + BURST)
    await asyncio.sleep(life)
    await process.kill()
    await until(lambda: abandoned(url), "the dead daemon's session has ended")
    status = await control(exchange, "status")
    return Kill(life, journal_tail(process.journal).ordinal, (await loaded(url)).frames, status.quotes)


async def _finish(process: DaemonProcess, exchange: str) -> Status:
    await process.start()
    status = await finished(process, exchange, (await control(exchange, "status")).n + REST)
    code = await process.stop()
    if code:
        raise RuntimeError(f"the daemon ended with {code}: {process.lines()[-3:]}")
    return status


def _told(number: int, kill: Kill) -> str:
    return (
        f"kill {number:3}  after {kill.lived:4.2f} s  journalled {kill.journalled:7,}  in the store {kill.loaded:7,}  "
        f"in flight {kill.in_flight:6,} frames  offered so far {kill.offered:9,} quotes"
    )
