"""A folder of its own for every test, and the ways in which recordings reach a store."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ingestd.testing.rig.evidence import ask
from tests.conftest import Answer, Command

Ask = Callable[[str], Awaitable[list[tuple[object, ...]]]]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where nothing is: no configuration, no data."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def rows(store_url: str) -> AsyncIterator[Ask]:
    """Reads tables and views by SQL that both databases know."""

    async def read(statement: str) -> list[tuple[object, ...]]:
        return await ask(store_url, statement)

    yield read


def loaded(command: Command, feed: str, files: Sequence[Path], url: str, *more: str) -> dict[str, int]:
    """``ingestd load`` that must go well: what it counted."""
    answer: Answer = command("load", feed, *files, "--store", url, "--json", *more)
    assert (answer.code, answer.err) == (0, "")
    return msgspec.json.decode(answer.out, type=dict[str, int])
