"""``make crash``: kills and outages under load on each store; every fact is compared with the exchange's own model."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.evidence import Verdict
from ingestd.testing.rig.kills import Tally, kills
from ingestd.testing.rig.outage import Away, frozen, locked, outage, stopped

LEAST = 5_000
"""Quotes per second that the exchange must offer for the kills to count."""

WAYS = {"sqlite": ("locked",), "postgresql": ("stopped", "killed", "frozen")}
"""How each store is taken away; a frozen one is given up after a minute, so it takes more than that."""


@asynccontextmanager
async def store(kind: str, folder: Path) -> AsyncIterator[tuple[str, dict[str, Away]]]:
    """The URL of an empty store, and the ways to take it away."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    if kind == "sqlite":
        path = folder / "store.db"
        yield f"sqlite:///{path}", {"locked": partial(locked, path)}
        return
    server = PostgresServer()
    try:
        yield (
            server.dsn(),
            {"stopped": partial(stopped, server), "killed": partial(stopped, server, killed=True), "frozen": partial(frozen, server)},
        )
    finally:
        server.close()


async def killed(kind: str, folder: Path, count: int, seed: int) -> bool:
    """Kills on one store; returns whether all was well."""
    print(f"\n{kind}: {count} kills, seed {seed}", flush=True)
    async with store(kind, folder) as (url, _):
        tally = await kills(url, folder, count, seed, say)
    print(summary(tally))
    return judged(tally.verdict, [f"the exchange offered {tally.offered:,.0f} quotes/s only"] if tally.offered < LEAST else [])


async def robbed(kind: str, folder: Path, seconds: float) -> bool:
    """Outages of one store; returns whether all was well."""
    well = True
    for name in WAYS[kind]:
        print(f"\n{kind} {name} for {seconds:g} s under load", flush=True)
        place = folder / name
        async with store(kind, place) as (url, ways):
            seen = await outage(url, place, ways[name], seconds)
        print(f"  {seen.told()}")
        well &= judged(seen.verdict, seen.problems())
    return well


def summary(tally: Tally) -> str:
    """The kills in a few figures."""
    flights = sorted(kill.in_flight for kill in tally.kills)
    return (
        f"  {len(tally.kills)} kills with {flights[0]:,} to {flights[-1]:,} frames in flight (median {flights[len(flights) // 2]:,}), "
        f"{tally.empty} more hit nothing; offered {tally.offered:,.0f} quotes/s, {tally.statements:,} statements; "
        f"lost {tally.verdict.lost}, doubled {tally.verdict.doubled} of {tally.verdict.facts:,} facts"
    )


def judged(verdict: Verdict, problems: list[str]) -> bool:
    """Print what is wrong, if anything; returns whether nothing is."""
    wrong = [*(f"{name}: {difference}" for name, difference in verdict.differences.items()), *verdict.unbalanced, *problems]
    print("  accounts balance, facts equal the model" if not wrong else "\n".join(f"  WRONG {line}" for line in wrong))
    return not wrong


def say(line: str) -> None:
    """One line at once, also into a pipe."""
    print(f"  {line}", flush=True)


async def run(arguments: argparse.Namespace) -> bool:
    """Everything that was asked for."""
    well = True
    with tempfile.TemporaryDirectory(prefix="ingestd-crash-") as folder:
        for kind in arguments.store or ("sqlite", "postgresql"):
            if arguments.kills:
                well &= await killed(kind, Path(folder) / kind / "kills", arguments.kills, arguments.seed)
            if arguments.seconds:
                well &= await robbed(kind, Path(folder) / kind / "outage", arguments.seconds)
    return well


def main() -> None:
    """Exit code 1 when anything was lost, came twice, or did not balance."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills on each store (100; 0: none)")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the store is away each time (120; 0: no outages)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and of the exchange (1)")
    parser.add_argument("--store", action="append", choices=("sqlite", "postgresql"), help="only this store")
    sys.exit(0 if asyncio.run(run(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
