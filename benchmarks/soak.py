"""``make soak``: the daemon for long, or through the same again and again; descriptors, threads, tasks and memory must stay as they are."""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import linear_regression
from typing import Final

import msgspec
import psutil
from msgspec import Struct

from benchmarks.crash import say, store
from ingestd.testing.exchange.process import Started, control, started
from ingestd.testing.rig.daemon import DaemonProcess, daemon, until

PATIENT: Final = 300
"""Seconds for what the store does not have yet at the end."""
Source = dict[str, str | float]
STORES: Final = ("sqlite", "postgresql")
MIB: Final = 1 << 20
HOUR: Final = 3_600.0
MATCH: Final = 2 * HOUR
"""Seconds that an event lives under load."""
ENDLESS: Final = 1 << 30
"""Statements about an event that never ends: closed prices, which are kept for an hour, would hide what else grows."""
SLOPE: Final = 1.0
"""MiB that may come on top within an hour, or within a thousand rounds."""
WARM: Final = 1_500_000
"""Rows after which the 64 MiB of pages that SQLite keeps are taken."""
EVERY: Final = 10.0
"""Seconds between two looks at a daemon that runs for long."""
SOURCES: Final = 25
"""Sources that all lose their connection at once."""
STALE: Final = 4
"""Of so many cuts one finds nothing to resume from, and brings a gap and an image."""


class Look(Struct, frozen=True):
    """A daemon, seen from outside: rounds or seconds so far, file descriptors, threads, tasks, bytes of memory."""

    at: float
    files: int
    threads: int
    tasks: int
    resident: int


async def look(process: DaemonProcess, at: float) -> Look:
    """As it is now."""
    page = await process.metrics()
    seen = psutil.Process(process.pid)
    with seen.oneshot():
        return Look(at, seen.num_fds(), seen.num_threads(), round(summed(page, "tasks")), seen.memory_info().rss)


def summed(page: dict[str, float], name: str) -> float:
    """All series of a metric."""
    return sum(value for series, value in page.items() if series.partition("{")[0] == name)


async def reconnects(url: str, folder: Path, rounds: int) -> bool:
    """Connections that are lost and made again, so many of them; returns whether it stays as it was."""
    looks: list[Look] = []
    names = [f"source-{number:02}" for number in range(SOURCES)]
    async with (
        exchange(rate=100, events=4, life=ENDLESS) as place,
        recording(url, folder, [source(name, place.url) for name in names], "benchmarks.hasty") as process,
    ):
        await warmed(process)
        for cut in count(1):
            page = await all_live(process, SOURCES)
            connects = summed(page, "source_connect_attempts_total")
            looks.append(await look(process, connects))
            if connects >= rounds:
                break
            if not cut % STALE:
                await control(place.url, "drop_window")
            await control(place.url, "cut")
            await until(more(process, "source_connect_attempts_total", connects + SOURCES), "every source tries again")
    return judged(looks, "connections", 1_000)


async def reloads(url: str, folder: Path, rounds: int) -> bool:
    """Configurations taken over while it runs: a source more, a source changed, a file that cannot be read, a source less."""
    looks: list[Look] = []
    async with exchange(rate=4_000, events=4, life=ENDLESS) as place:
        first, second, changed = (source(name, place.url, limit) for name, limit in (("first", 30), ("second", 30), ("second", 40)))
        steps = ([first, second], [first, changed], None, [first])
        async with recording(url, folder, [first]) as process:
            await warmed(process)
            for number in range(rounds):
                sources = steps[number % len(steps)]
                text = b"{" if sources is None else msgspec.json.encode({**process.settings, "sources": sources})
                await asyncio.to_thread(process.config.write_bytes, text)
                process.send(signal.SIGHUP)
                await until(more(process, "config_reloads_total", number + 1), "the configuration is looked at")
                if number % len(steps) == len(steps) - 1:
                    page = await all_live(process, 1)
                    # what is read behind a reload waits until the loader is there: looked at before, memory would be that of a backlog
                    await until(more(process, "journal_checkpoint_position", page["journal_last_position"]), "the store has it")
                    looks.append(await look(process, number + 1))
    return judged(looks, "reloads", 1_000)


async def hour(url: str, folder: Path, minutes: float, rate: float) -> bool:
    """Under load for so long; the first sixth is for getting warm."""
    looks: list[Look] = []
    async with (
        exchange(rate=rate, events=40, life=round(rate * MATCH / 40)) as place,
        recording(url, folder, [source("exchange", place.url)]) as process,
    ):
        began = time.monotonic()
        while (at := time.monotonic() - began) < minutes * 60:
            looks.append(await look(process, at))
            if not len(looks) % 30:
                rows = summed(await process.metrics(), "sink_records_total")
                say(f"{at / 60:.0f} min: {shown(looks[-1])}, {rows:,.0f} rows")
            await asyncio.sleep(EVERY)
        page = await process.metrics()
        behind = page["journal_last_position"] - page["journal_checkpoint_position"]
        say(f"{(await control(place.url, 'status')).quotes / at:,.0f} quotes/s offered, {behind:,.0f} frames behind at the end")
    return judged([one for one in looks if one.at > minutes * 10], "seconds", HOUR)


@asynccontextmanager
async def exchange(**options: float) -> AsyncIterator[Started]:
    """One that keeps little for those who come back."""
    async with started({**options, "clock": "wall", "window": 20_000}) as place:
        yield place


def source(name: str, exchange_url: str, silence_limit: float = 30) -> Source:
    """One that follows the exchange."""
    return {"name": name, "feed": "simulated", "url": exchange_url, "silence_limit": silence_limit}


@asynccontextmanager
async def recording(url: str, folder: Path, sources: Sequence[Source], program: str = "ingestd") -> AsyncIterator[DaemonProcess]:
    """A daemon at work; at the end it must stop with everything in the store."""
    journal = {"path": str(folder / "journal"), "retain": 60, "limit": "2GiB"}
    settings = {"store": {"url": url}, "journal": journal, "shutdown": {"deadline": PATIENT}, "sources": sources}
    async with daemon(folder, settings, program) as process:
        await process.start()
        yield process
        code = await process.stop(within=2 * PATIENT)
        if code:
            raise RuntimeError(f"it ended with {code}: {process.lines()[-3:]}")


async def warmed(process: DaemonProcess) -> None:
    """Wait until caches are full."""
    await until(more(process, "sink_records_total", WARM), f"{WARM:,} rows are written", HOUR)


async def all_live(process: DaemonProcess, sources: int) -> dict[str, float]:
    """Wait until so many sources are live, and no other is there; returns the page that says so."""
    page: dict[str, float] = {}

    async def live() -> bool:
        page.update(await process.metrics())
        return summed(page, "source_connected") == sources

    await until(live, f"{sources} sources are live")
    return page


def more(process: DaemonProcess, name: str, least: float) -> Callable[[], Awaitable[bool]]:
    """Whether a counter has come so far."""

    async def reached() -> bool:
        return summed(await process.metrics(), name) >= least

    return reached


def judged(looks: Sequence[Look], unit: str, per: float) -> bool:
    """Print how the second half went; returns whether nothing grew in it."""
    half = [one for one in looks if one.at >= looks[-1].at / 2]
    slope = linear_regression([one.at for one in half], [one.resident / MIB for one in half]).slope * per
    print(f"  first  {shown(looks[0])}\n  middle {shown(half[0])}\n  last   {shown(half[-1])}")
    print(f"  memory {slope:+.2f} MiB per {per:,.0f} {unit} over the second half, {len(half)} looks")
    grown = [*growing(half), *(["memory"] if slope > SLOPE else [])]
    print(f"  WRONG: growing: {', '.join(grown)}" if grown else "  descriptors, threads, tasks and memory are flat")
    return not grown


def growing(looks: Sequence[Look]) -> Iterator[str]:
    """Of what there is always more in the later half of these looks than there was at some time in the earlier one.

    By the least of each: a look may meet a question that passes, but what leaks is there from then on.
    """
    early, late = looks[: len(looks) // 2], looks[len(looks) // 2 :]
    for name in ("files", "threads", "tasks"):
        before, after = (min(getattr(one, name) for one in part) for part in (early, late))
        if after > before:
            yield f"{name} ({before} to {after})"


def shown(one: Look) -> str:
    """One line of figures."""
    return f"{one.files} descriptors, {one.threads} threads, {one.tasks} tasks, {one.resident / MIB:.1f} MiB"


async def run(arguments: argparse.Namespace) -> bool:
    """Everything that was asked for."""
    well = True
    with tempfile.TemporaryDirectory(prefix="ingestd-soak-") as folder:
        for kind in arguments.store or STORES:
            for name in arguments.what:
                print(f"\n{kind}: {name}", flush=True)
                async with store(kind, Path(folder) / kind / name) as (url, _):
                    place = Path(folder) / kind / name / "daemon"
                    if name == "hour":
                        well &= await hour(url, place, arguments.minutes, arguments.rate)
                    elif name == "reconnects":
                        well &= await reconnects(url, place, arguments.reconnects)
                    else:
                        well &= await reloads(url, place, arguments.reloads)
    return well


def main() -> None:
    """Exit code 1 when anything grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("what", nargs="+", choices=("reconnects", "reloads", "hour"))
    parser.add_argument("--reconnects", type=int, default=10_000, help="connections to be lost (10000)")
    parser.add_argument("--reloads", type=int, default=1_000, help="configurations to be taken over (1000)")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long an hour is (60)")
    parser.add_argument("--rate", type=float, default=2_500.0, help="quotes per second in that hour (2500)")
    parser.add_argument("--store", action="append", choices=STORES, help="only this store")
    sys.exit(0 if asyncio.run(run(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
