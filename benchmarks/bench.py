"""``python -m benchmarks.bench``: quotes per second and processor time per quote, from socket to committed rows, beside a lean reference.

An exchange in its own process offers all it can to ``ingestd`` and to ``benchmarks.lean`` in turn (A B A B), each time into a fresh store.
Both read with the same library and write the same rows in the same statements; what each run left behind must be the same, and what the
exchange's own model says. Absolute rates belong to this machine: the ratio and the processor time travel.
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import median, quantiles
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.measure import SYSTEMS, WARM, Outcome, System, run, store
from ingestd.testing.digest import facts
from ingestd.testing.exchange import wire
from ingestd.testing.exchange.compare import differences
from ingestd.testing.exchange.model import Row, expected
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.script import Script
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import SCHEMA, SOURCE

STORES: Final = ("sqlite", "postgresql")
PACE: Final = 5_000
"""Quotes per second for latency."""
DAY: Final = 86_400_000_000


class Load(Struct):
    """What the exchange says: prices in deltas, and in images after the first."""

    options: Options
    deltas: int
    images: int

    @property
    def quotes(self) -> int:
        """All of them."""
        return self.deltas + self.images


class Line(Struct):
    """A line of the table: medians over the rounds, the range of the rate, µs of processor per quote."""

    store: str
    system: System
    rate: float
    slowest: float
    fastest: float
    process: float
    server: float
    resident: float

    @property
    def total(self) -> float:
        """Of both."""
        return self.process + self.server


class Latency(Struct):
    """At ``PACE``: milliseconds from receipt until a row could be read, and µs of processor per quote."""

    store: str
    system: System
    p50: float
    p99: float
    process: float
    server: float


def counted(options: Options) -> Load:
    """Go through what the exchange will say."""
    script = Script(options)
    deltas = images = 0
    while script.n < options.limit:
        statement = script.step()
        if isinstance(statement, wire.Delta):
            deltas += len(statement.quotes)
        elif isinstance(statement, wire.MarketImage):
            images += len(statement.market.quotes)
        elif isinstance(statement, wire.Image):
            images += sum(len(market.quotes) for market in statement.markets)
    return Load(options, deltas, images)


async def flat_out(load: Load, rounds: int, server: PostgresServer) -> list[Line]:
    """As fast as it goes, both systems in turn."""
    runs: dict[tuple[str, System], list[Outcome]] = {(kind, system): [] for kind in STORES for system in SYSTEMS}
    wanted = expected(Script(load.options), load.options.limit, source=SOURCE)
    for turn in range(rounds):
        for (kind, system), done in runs.items():
            async with store(kind, server) as place:
                done.append(await run(system, place, msgspec.structs.asdict(load.options), len(wanted["odds_history"])))
                say(f"round {turn + 1}  {kind:10}  {system:7}  {load.quotes / done[-1].used.seconds:9,.0f} quotes/s")
                if not turn:
                    await judge(f"{system} on {kind}", place.url, wanted)
    sums = {tuple(outcome.sums) for done in runs.values() for outcome in done}
    assert len(sums) == 1, f"runs left different facts: {sums}"
    history, odds = next(iter(sums))[0], next(iter(sums))[6]
    say(f"every run left {history:,} rows of odds_history and {odds:,} of odds; the first of each, what the exchange's own model says")
    return [line(kind, system, done, load.quotes) for (kind, system), done in runs.items()]


async def paced(load: Load, server: PostgresServer) -> list[Latency]:
    """At a rate that both can hold."""
    found = []
    wanted = expected(Script(load.options), load.options.limit, source=SOURCE)
    for kind in STORES:
        for system in SYSTEMS:
            async with store(kind, server) as place:
                done = await run(system, place, msgspec.structs.asdict(load.options), len(wanted["odds_history"]))
                await judge(f"{system} on {kind}", place.url, wanted)
            cuts = quantiles(done.waits, n=100)
            each = 1e6 / PACE / done.used.seconds
            found.append(Latency(kind, system, cuts[49] / 1e3, cuts[98] / 1e3, done.used.process * each, done.used.server * each))
    return found


async def judge(who: str, url: str, wanted: Mapping[str, set[Row]]) -> None:
    """Raises AssertionError where a store holds other facts than it must."""
    different = differences(wanted, await facts(url, SCHEMA))
    assert not different, f"{who} left other facts than the exchange's model: {different}"


def line(kind: str, system: System, done: Sequence[Outcome], quotes: int) -> Line:
    """What a series of runs comes to."""
    rates = [quotes / outcome.used.seconds for outcome in done]
    process = median(outcome.used.process for outcome in done) * 1e6 / quotes
    server = median(outcome.used.server for outcome in done) * 1e6 / quotes
    return Line(kind, system, median(rates), min(rates), max(rates), process, server, max(outcome.used.resident for outcome in done))


def ratios(lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    """Ours by lean, for each store: rate, and processor time."""
    found = {}
    for ours, lean in zip(lines[::2], lines[1::2], strict=True):
        found[ours.store] = {"rate": round(ours.rate / lean.rate, 3), "cpu": round(ours.total / lean.total, 3)}
    return found


def table(lines: Sequence[Line]) -> Iterator[str]:
    """For people."""
    yield f"{'':20}{'quotes/s':>10}{'(lowest - highest)':>22}{'CPU µs/quote':>15}{'+ database':>12}{'together':>10}{'peak MiB':>10}"
    for one in lines:
        span = f"({one.slowest:,.0f} - {one.fastest:,.0f})"
        yield (
            f"{one.store:11}{one.system:9}{one.rate:10,.0f}{span:>22}{one.process:15.1f}{one.server:12.1f}{one.total:10.1f}"
            f"{one.resident:10.0f}"
        )
    for kind, ratio in ratios(lines).items():
        yield f"{kind:11}ingestd / lean: {ratio['rate']:.2f} of the rate, {ratio['cpu']:.2f} times the processor time"


def waiting(found: Sequence[Latency]) -> Iterator[str]:
    """For people."""
    yield f"At {PACE:,} quotes/s: ms from receipt until a row can be read"
    for one in found:
        cpu = f"{one.process:6.1f} + {one.server:.1f}"
        yield f"{one.store:11}{one.system:9} p50 {one.p50:6.1f}   p99 {one.p99:6.1f}   CPU µs/quote {cpu}"


def say(text: str) -> None:
    """At once, also into a pipe."""
    print(text, flush=True)


async def main(statements: int, rounds: int, events: int, seconds: float) -> None:
    """Everything, and then the tables."""
    # a day ago: the exchange's own time must lie behind ours, and within what a book remembers
    t0 = time.time_ns() // 1_000 - DAY
    load = counted(Options(events=events, limit=statements, rate=0, t0=t0))
    say(f"{load.options.events} events, {statements:,} statements: {load.deltas:,} quotes in deltas, {load.images:,} in images")
    with contextlib.closing(PostgresServer()) as server:
        lines = await flat_out(load, rounds, server)
        few = counted(Options(events=events, limit=int((seconds + WARM) * PACE * statements / load.deltas), rate=PACE, t0=t0))
        latencies = await paced(few, server) if seconds else []
    say("\n" + "\n".join([*table(lines), "", *(waiting(latencies) if latencies else ())]))
    say(msgspec.json.encode({"load": load, "lines": lines, "ratios": ratios(lines), "latency": latencies}).decode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--statements", type=int, default=20_000, help="that the exchange makes in each run, four quotes each, about")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each system on each store")
    parser.add_argument("--events", type=int, default=40, help="on offer at a time")
    parser.add_argument("--paced", type=float, default=3.0, metavar="SECONDS", help="of each run at a fixed rate; 0: none")
    given = parser.parse_args()
    asyncio.run(main(given.statements, given.rounds, given.events, given.paced))
