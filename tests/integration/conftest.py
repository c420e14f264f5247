"""A folder of its own for every test, and the ways in which recordings reach a store."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from ingestd.settings import Settings
from ingestd.store import statements
from ingestd.store.connect import reader_engine, target
from ingestd.store.warm import reading
from ingestd.testing.harness import Running
from ingestd.testing.harness import running as at_work
from ingestd.testing.rig.daemon import SCHEMA
from ingestd.testing.rig.evidence import ask
from tests.conftest import Answer, Command
from tests.integration.terminal import OpenTerminal, Terminal


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where nothing is: no configuration, no data."""
    monkeypatch.chdir(tmp_path)


def loaded(command: Command, feed: str, files: Sequence[Path], url: str, *more: str) -> dict[str, int]:
    """``ingestd load`` that must go well: what it counted."""
    answer: Answer = command("load", feed, *files, "--store", url, "--json", *more)
    assert (answer.code, answer.err) == (0, "")
    return msgspec.json.decode(answer.out, type=dict[str, int])


@asynccontextmanager
async def running(settings: Mapping[str, object], folder: Path) -> AsyncIterator[Running]:
    """A daemon with these settings, drained at the end; its journal in ``folder``."""
    given = {"journal": {"path": str(folder / "journal")}, "http": {"port": 0}, "log": {"level": "error", "format": "json"}, **settings}
    async with at_work(Settings.model_validate(given)) as one:
        yield one


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


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[OpenTerminal]:
    """Opens terminals, closed at the end."""
    opened: list[Terminal] = []

    def open_one(folder: Path, environ: dict[str, str], *words: str, columns: int = 120) -> Terminal:
        opened.append(Terminal(folder, environ, *words, columns=columns))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
