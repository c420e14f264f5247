"""``python -m benchmarks.scrape``: what a look at /metrics costs a daemon of a thousand sources, beside plain prometheus_client.

The daemon is real and does not run: everything that a scrape reads is there, by the road that a scrape takes. The reference holds the same
series as labelled objects of the library, and renders them with the library's own function. Both pages are read back and must agree.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families as parse

from ingestd.telemetry.exposition import Family
from ingestd.telemetry.metrics import PREFIX
from ingestd.testing.rig.crowd import crowd

TICK: Final = 0.001
"""Seconds between two looks at whether the loop comes back."""


class Cost(Struct):
    """Of one page: seconds by the clock, of the processor, and the longest that the loop was away."""

    wall: float
    processor: float
    blocked: float


async def cost(page: Callable[[], Awaitable[bytes]]) -> Cost:
    """Ask for it once, while somebody else wants the loop all the time."""
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            worst = max(worst, time.perf_counter() - before - TICK)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(10 * TICK)
    worst = 0.0
    wall, processor = time.perf_counter(), time.process_time()
    await page()
    done = Cost(time.perf_counter() - wall, time.process_time() - processor, 0.0)
    # the tick that was kept waiting by the page still has to say so
    await asyncio.sleep(2 * TICK)
    ticking.cancel()
    return Cost(done.wall, done.processor, worst)


def plain(families: Iterable[Family]) -> CollectorRegistry:
    """The same series, as the library has them."""
    registry = CollectorRegistry()
    for family in families:
        if family.kind == "histogram":
            histogram = Histogram(family.name, family.help, family.labels, buckets=family.bounds, registry=registry)
            for key, seen in family.seen.items():
                of = histogram.labels(*key) if key else histogram
                for bound, count in zip((*family.bounds, 2 * family.bounds[-1]), seen.counts, strict=True):
                    for _ in range(count):
                        of.observe(bound)
            continue
        metric = (Counter if family.kind == "counter" else Gauge)(family.name, family.help, family.labels, registry=registry)
        for key, value in family.series.items():
            (metric.labels(*key) if key else metric).inc(value)
    return registry


def samples(body: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What stands on a page of the daemon itself, sums of histograms and creation times left out."""
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in parse(body.decode())
        for one in family.samples
        if one.name.startswith(PREFIX) and not one.name.endswith(("_sum", "_created"))
    }


def told(name: str, costs: list[Cost]) -> Iterator[str]:
    """A line for people: medians, and the longest of all."""
    wall, processor = median(one.wall for one in costs), median(one.processor for one in costs)
    blocked, worst = median(one.blocked for one in costs), max(one.blocked for one in costs)
    yield f"{name:18}{wall * 1e3:10.0f}{processor * 1e3:12.0f}{blocked * 1e3:14.1f}{worst * 1e3:10.1f}"


async def main(sources: int, rounds: int) -> None:
    """Both in turn, and the table."""
    with tempfile.TemporaryDirectory() as folder:
        async with crowd(Path(folder), sources, seed=1) as daemon:
            metrics = daemon.reporter.metrics
            registry = plain(metrics.families(metrics.moment()))

            async def ours() -> bytes:
                return (await metrics.page(""))[2]

            async def reference() -> bytes:
                return generate_latest(registry)

            body = await ours()
            found, wanted = samples(body), samples(await reference())
            different = {name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)}
            # what differs by the moment: free bytes of a disk, tasks
            assert len(different) < 10, sorted(different)[:20]
            costs: dict[str, list[Cost]] = {"ingestd": [], "prometheus_client": []}
            for _ in range(rounds):
                costs["ingestd"].append(await cost(ours))
                costs["prometheus_client"].append(await cost(reference))
    print(f"{sources:,} sources, {len(found):,} series, {len(body) / 2**20:.1f} MiB")
    print(f"{'ms':18}{'wall':>10}{'processor':>12}{'loop blocked':>14}{'worst':>10}")
    print("\n".join(line for name, done in costs.items() for line in told(name, done)))
    ratio = {
        name: round(
            median(getattr(one, name) for one in costs["ingestd"]) / median(getattr(one, name) for one in costs["prometheus_client"]), 3
        )
        for name in Cost.__struct_fields__
    }
    print(msgspec.json.encode({"series": len(found), "bytes": len(body), "ratio": ratio}).decode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scrape", description=__doc__)
    parser.add_argument("--sources", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=7, help="pages of each kind")
    given = parser.parse_args()
    asyncio.run(main(given.sources, given.rounds))
