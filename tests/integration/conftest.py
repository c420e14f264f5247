"""A folder of its own for every test, and the ways in which recordings reach a store."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from ingestd.app import Daemon
from ingestd.app.watch import pages
from ingestd.clock import SystemClock
from ingestd.settings import Settings
from ingestd.store import statements
from ingestd.store.connect import reader_engine, target
from ingestd.store.warm import reading
from ingestd.telemetry import build_reporter
from ingestd.testing.rig.daemon import SCHEMA, until
from ingestd.testing.rig.evidence import ask
from tests.conftest import Answer, Command


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where nothing is: no configuration, no data."""
    monkeypatch.chdir(tmp_path)


def loaded(command: Command, feed: str, files: Sequence[Path], url: str, *more: str) -> dict[str, int]:
    """``ingestd load`` that must go well: what it counted."""
    answer: Answer = command("load", feed, *files, "--store", url, "--json", *more)
    assert (answer.code, answer.err) == (0, "")
    return msgspec.json.decode(answer.out, type=dict[str, int])


class Running:
    """A daemon at work in this process."""

    def __init__(self, daemon: Daemon, stop: asyncio.Event) -> None:
        self.daemon = daemon
        self._stop = stop

    async def loaded(self, within: float = 10.0) -> None:
        """Wait until all that was read so far is in the store."""

        async def all_there() -> bool:
            return self.daemon.intake.queued_records == 0 and self.daemon.writer.status.position >= self.daemon.journal.last()

        await until(all_there, "all that was read is in the store", within)

    async def read(self, source: str, frames: int, within: float = 10.0) -> None:
        """Wait until so many frames of a source were read, and are in the store."""

        async def enough() -> bool:
            return self.daemon.collectors[source].status.read >= frames

        await until(enough, f"{frames} frames of {source}", within)
        await self.loaded()

    async def page(self, path: str) -> tuple[int, str]:
        """What it answers."""
        status, _, body = pages(self.daemon)[path]("")
        return status, body.decode()

    def stop(self) -> None:
        """Ask it to drain."""
        self._stop.set()


@asynccontextmanager
async def running(settings: Mapping[str, object], folder: Path) -> AsyncIterator[Running]:
    """A daemon with these settings, drained at the end; its journal in ``folder``."""
    clock = SystemClock()
    given = {"journal": {"path": str(folder / "journal")}, "http": {"port": 0}, "log": {"level": "error", "format": "json"}, **settings}
    chosen = Settings.model_validate(given)
    daemon = await Daemon.compose(chosen, build_reporter(chosen.log, clock, terminal=False), clock)
    stop = asyncio.Event()
    task = asyncio.create_task(daemon.run(stop))
    try:
        yield Running(daemon, stop)
    finally:
        stop.set()
        clean = await task
    assert clean


async def table(url: str, name: str) -> list[dict[str, object]]:
    """All rows of a table, whatever the database: times as UTC µs."""
    source = statements.table(name)
    engine = reader_engine(target(url, SCHEMA))
    try:
        async with reading(engine) as db:
            return [dict(row) for row in (await db.execute(select(source).order_by(*source.primary_key))).mappings()]
    finally:
        await engine.dispose()


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    """What a store answers, asked from where no loop runs."""
    return asyncio.run(ask(url, statement))
