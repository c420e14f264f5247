"""One run of one system against one fresh store: how long, how much processor time, how much memory, and what it left behind."""

import asyncio
import sqlite3
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import psutil
from msgspec import Struct

from ingestd.batch import POSITION_BITS
from ingestd.store import upgrade
from ingestd.store.connect import connect_postgres, number, target
from ingestd.testing.exchange.process import control, started
from ingestd.testing.postgres import PostgresServer
from ingestd.testing.rig.daemon import SCHEMA, daemon, following
from ingestd.testing.rig.evidence import ask

System = Literal["ingestd", "lean"]
SYSTEMS: Final[tuple[System, ...]] = ("ingestd", "lean")
SAMPLE: Final = 0.003
"""Seconds between two looks at the checkpoint."""
STILL: Final = 0.5
"""Seconds without a commit after which to ask whether a run is over."""
STUCK: Final = 60.0
WARM: Final = 1.0
"""Seconds at the beginning of a paced run that are left out."""
QUIET: Final = 600.0
"""Seconds without heartbeats: none shall come between the last price and the end."""
MIB: Final = 1 << 20
_POSITION: Final = "SELECT max(position) FROM checkpoints"
_SUMS: Final = (
    "SELECT count(*), sum(seq), sum(round(price * 100)), count(line), count(size), count(distinct selection_id) FROM odds_history",
    "SELECT count(*), sum(seq), sum(round(price * 100)), count(line), count(size) FROM odds",
    *(f"SELECT count(*) FROM {table}" for table in ("selections", "markets", "events", "event_links", "results", "bookmakers")),  # noqa: S608
)
"""What two stores with the same facts agree on."""

Position = Callable[[], Awaitable[int]]


class Place(Struct):
    """A fresh store; ``server`` where it is PostgreSQL's."""

    url: str
    server: PostgresServer | None


class Used(Struct):
    """What a stretch of work took: seconds; seconds of processor, of the system itself and of the database's processes; MiB at the most."""

    seconds: float
    process: float
    server: float
    resident: float


class Outcome(Struct):
    """A run: what it took, what it left behind, and how long each row of history waited (µs from receipt until it could be read)."""

    used: Used
    sums: list[int]
    waits: list[int]


class Watch:
    """Follows the checkpoint of a system at work."""

    def __init__(self, pid: int, position: Position, server: psutil.Process | None, watcher: int) -> None:
        self._process = psutil.Process(pid)
        self._position = position
        self._server = server
        self._watcher = watcher
        self._last = 0
        self._changed_at = time.monotonic()
        self._spent = 0.0
        self.resident = 0.0
        self.seen: list[tuple[int, int]] = []
        """Positions, each with the time (µs UTC) when it was first seen."""

    async def begun(self) -> None:
        """Wait until something was committed."""
        while not self._last:
            await self._wait()

    async def still(self) -> None:
        """Wait until nothing has been committed for a while."""
        while time.monotonic() - self._changed_at < STILL:
            await self._wait()

    async def measured(self, begin: Callable[[], Awaitable[object]], over: Callable[[], Awaitable[bool]]) -> Used:
        """From ``begin`` to the last commit before it was ``over``."""
        server, spent = self._of_server(), _spent(self._process)
        self.resident = 0.0
        began = self._changed_at = time.monotonic()
        await begin()
        await self.still()
        while not await over():
            await self._wait()
            await self.still()
        return Used(self._changed_at - began, self._spent - spent, self._of_server() - server, self.resident / MIB)

    async def _wait(self) -> None:
        """Raises TimeoutError where nothing is committed for far too long, psutil.Error where the system has died."""
        await self._look()
        if time.monotonic() - self._changed_at > STUCK:
            raise TimeoutError(f"stuck at position {self._last}")
        await asyncio.sleep(SAMPLE)

    async def _look(self) -> None:
        position = await self._position()
        self.resident = max(self.resident, self._process.memory_info().rss)
        if position != self._last:
            self._last, self._changed_at = position, time.monotonic()
            self.seen.append((position, time.time_ns() // 1_000))
            self._spent = _spent(self._process)

    def _of_server(self) -> float:
        """All of PostgreSQL, the processes that ended included, but for the one that serves this watch."""
        if self._server is None:
            return 0.0
        gone = self._server.cpu_times()
        there = [self._server, *(child for child in self._server.children() if child.pid != self._watcher)]
        return float(gone.children_user + gone.children_system + sum(map(_spent, there)))


async def run(system: System, place: Place, options: Mapping[str, object], rows: int) -> Outcome:
    """Let a system follow an exchange with these options to its end: until it has written so many rows of history.

    Unpaced, it has the first image before the clock starts. Raises TimeoutError where the rows do not come.
    """
    history = _SUMS[0]

    async def over() -> bool:
        return (await ask(place.url, history))[0][0] == rows

    paced = bool(options["rate"])
    await upgrade(place.url, SCHEMA)
    with tempfile.TemporaryDirectory(prefix="ingestd-bench-") as folder:
        async with started({**options, "heartbeat": QUIET, "window": 1 << 30}) as exchange:
            if not paced:
                await control(exchange.url, "stall")
            async with _system(system, Path(folder), place.url, exchange.url) as pid, _watch(place, pid) as watch:
                await watch.begun()
                await (asyncio.sleep(WARM) if paced else watch.still())
                watch.seen.clear()
                used = await watch.measured(begin=lambda: control(exchange.url, "status" if paced else "resume"), over=over)
    return Outcome(used, await _sums(place.url), await _waits(place.url, watch.seen) if paced else [])


@asynccontextmanager
async def store(kind: str, server: PostgresServer) -> AsyncIterator[Place]:
    """A store that nobody has used."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="ingestd-bench-") as folder:
            yield Place(f"sqlite:///{folder}/store.db", None)
        return
    name = f"bench_{time.monotonic_ns()}"
    await _as_owner(server, f"CREATE DATABASE {name}", "CHECKPOINT")
    yield Place(server.dsn(name), server)
    await _as_owner(server, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _system(system: System, folder: Path, url: str, exchange: str) -> AsyncIterator[int]:
    if system == "ingestd":
        async with daemon(folder, following(url, exchange, silence_limit=QUIET)) as process:
            await process.start()
            yield process.pid
            code = await process.stop()
            assert code == 0, process.lines()[-3:]
        return
    lean = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.lean", exchange, url)
    try:
        yield lean.pid
    finally:
        if lean.returncode is None:
            lean.kill()
        await lean.wait()


@asynccontextmanager
async def _watch(place: Place, pid: int) -> AsyncIterator[Watch]:
    if place.server is None:
        file = sqlite3.connect(f"file:{place.url.removeprefix('sqlite:///')}?mode=ro", uri=True)

        async def read() -> int:
            return int(file.execute(_POSITION).fetchone()[0] or 0)

        yield Watch(pid, read, None, 0)
        file.close()
        return
    db = await connect_postgres(target(place.url, SCHEMA))

    async def fetch() -> int:
        return number(await db.fetchval(_POSITION) or 0)

    yield Watch(pid, fetch, psutil.Process(place.server.pid), db.get_server_pid())
    await db.close()


async def _sums(url: str) -> list[int]:
    return [int(str(value).partition(".")[0]) for said in _SUMS for row in await ask(url, said) for value in row]


async def _waits(url: str, seen: list[tuple[int, int]]) -> list[int]:
    """For each row of history that came later than the first seen commit: from receipt until its position was seen committed."""
    received = "received_at" if url.startswith("sqlite") else "CAST(extract(epoch FROM received_at) * 1000000 AS int8)"
    rows = await ask(url, f"SELECT {received}, journal_offset FROM odds_history")  # noqa: S608 - ours
    positions = [position for position, _ in seen]
    waits = []
    for row in rows:
        received_at, position = number(row[0]), number(row[1]) & (1 << POSITION_BITS) - 1
        if position > positions[0]:
            waits.append(seen[bisect_left(positions, position)][1] - received_at)
    return waits


async def _as_owner(server: PostgresServer, *statements: str) -> None:
    db = await connect_postgres(target(server.dsn(), SCHEMA))
    for statement in statements:
        await db.execute(statement)
    await db.close()


def _spent(process: psutil.Process) -> float:
    """Seconds of processor so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
