"""``make health``: how long a daemon under full load takes to say how it is, beside a bare aiohttp server on the same machine.

An exchange offers all that is read, the daemon records it, and this process asks each page every tenth of a second, whether the answer
before has come or not. The bare server is asked as often in the same seconds: what it takes is the machine's doing.
"""

import argparse
import asyncio
import contextlib
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Final

import aiohttp
from msgspec import Struct

from benchmarks.measure import store
from ingestd.testing.exchange.process import control, started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import DaemonProcess, daemon, following, until

STORES: Final = ("sqlite", "postgresql")
PAGES: Final = ("/health", "/health/live", "/health/ready", "/health/startup", "/status", "/metrics")
BOUNDED: Final = PAGES[:-1]
"""What must answer within ``LONGEST``; a scrape is allowed more."""
EVERY: Final = 0.1
"""Seconds between two questions to one page."""
LONGEST: Final = 100.0
"""Milliseconds that any answer may take."""
WITHIN: Final = 10.0
WARM: Final = 3.0
"""Seconds of full load before the first question."""
FULL: Final[dict[str, object]] = {"rate": 0, "events": 40, "window": 1 << 20, "clock": "wall"}


class Line(Struct):
    """A page under load: milliseconds, of it and of the bare server."""

    store: str
    page: str
    asked: int
    p50: float
    p99: float
    longest: float
    bare: tuple[float, float, float]

    @property
    def well(self) -> bool:
        """Whether no answer took too long."""
        return self.page not in BOUNDED or self.longest < LONGEST


async def measured(kind: str, server: PostgresServer, seconds: float) -> list[Line]:
    """One daemon on one store for so long."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ingestd-health-")))
        place = await stack.enter_async_context(store(kind, server))
        exchange = await stack.enter_async_context(started(FULL))
        process = await stack.enter_async_context(daemon(folder, following(place.url, exchange.url)))
        bare = await stack.enter_async_context(_bare())
        await process.start()
        await until(lambda: _ready(process), "the daemon is ready", WITHIN)
        await asyncio.sleep(WARM)
        before, rows = (await control(exchange.url, "status")).quotes, await _rows(process)
        taken = await probed({"": bare, **{page: process.url + page for page in PAGES}}, seconds)
        offered = (await control(exchange.url, "status")).quotes - before
        say(f"{kind}: {offered / seconds:,.0f} quotes/s read, {(await _rows(process) - rows) / seconds:,.0f} rows/s written")
        await process.kill()
    machine = cuts(taken[""])
    return [Line(kind, page, len(taken[page]), *cuts(taken[page]), machine) for page in PAGES]


async def probed(places: dict[str, str], seconds: float) -> dict[str, list[float]]:
    """Ask every place (by its name) every ``EVERY``: how long each answer took, in ms. Raises aiohttp.ClientError, TimeoutError."""
    taken: dict[str, list[float]] = {name: [] for name in places}
    timeout = aiohttp.ClientTimeout(total=WITHIN)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:

        async def ask(name: str, url: str) -> None:
            began = time.perf_counter()
            async with session.get(url) as answer:
                await answer.read()
            taken[name].append((time.perf_counter() - began) * 1e3)

        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for name, url in places.items():
                group.create_task(ask(name, url))
                await asyncio.sleep(EVERY / len(places))
    return taken


def cuts(taken: Sequence[float]) -> tuple[float, float, float]:
    """Median, 99th percentile, longest."""
    hundredths = quantiles(taken, n=100)
    return hundredths[49], hundredths[98], max(taken)


def table(lines: Sequence[Line]) -> Iterator[str]:
    """For people."""
    yield f"{'ms':28}{'asked':>6}{'p50':>8}{'p99':>8}{'max':>8}{'bare p50':>11}{'p99':>8}{'max':>8}{'ratio p50':>12}{'p99':>7}{'max':>7}"
    for one in lines:
        ours = (one.p50, one.p99, one.longest)
        ratio = [mine / other for mine, other in zip(ours, one.bare, strict=True)]
        yield (
            f"{one.store:11}{one.page:17}{one.asked:6}{one.p50:8.1f}{one.p99:8.1f}{one.longest:8.1f}"
            f"{one.bare[0]:11.1f}{one.bare[1]:8.1f}{one.bare[2]:8.1f}{ratio[0]:12.1f}{ratio[1]:7.1f}{ratio[2]:7.1f}"
            + ("" if one.well else f"  WRONG: over {LONGEST:g} ms")
        )


def say(text: str) -> None:
    """At once, also into a pipe."""
    print(text, flush=True)


@contextlib.asynccontextmanager
async def _bare() -> AsyncIterator[str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.bare", stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/"
    finally:
        process.stdin.close()
        await process.wait()


async def _ready(process: DaemonProcess) -> bool:
    return (await process.page("/health/ready"))[0] == 200


async def _rows(process: DaemonProcess) -> float:
    return (await process.metrics()).get('sink_records_total{table="odds_history"}', 0.0)


async def main(seconds: float, stores: Sequence[str]) -> bool:
    """Everything, and then the table; whether no answer took too long."""
    # a pause of this process would be taken for one of the daemon's
    gc.disable()
    with contextlib.closing(PostgresServer()) as server:
        lines = [line for kind in stores for line in await measured(kind, server, seconds)]
    say("\n".join(["", *table(lines)]))
    return all(line.well for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.health", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of questions to each daemon (60)")
    parser.add_argument("--store", action="append", choices=STORES, help="only this store")
    given = parser.parse_args()
    sys.exit(0 if asyncio.run(main(given.seconds, given.store or STORES)) else 1)
