"""Ids of deliveries: kept over restarts, bounded in time and number, begun anew where they were damaged."""

from pathlib import Path

import pytest

from ingestd.errors import Refused
from ingestd.sources.transports.webhook.memory import NAME, remembering

SECOND = 1_000_000


async def known(folder: Path, names: str, most: int = 100) -> str:
    """Those of these ids that are remembered."""
    async with remembering(folder, 10, most) as memory:
        return "".join([name for name in names if await memory.knows(name)])


async def test_it_outlives_the_process(tmp_path: Path) -> None:
    """Twice is once; the folder is ours alone."""
    folder = tmp_path / "a" / "b"
    async with remembering(folder, 10, 100) as memory:
        await memory.remember(["x", "y"], 0)
        await memory.remember(["y", "z"], 1)
        await memory.remember([], 2)
    assert await known(folder, "wxyz") == "xyz"
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_it_forgets_behind_the_horizon(tmp_path: Path) -> None:
    """By the time at which an id was first seen, to the microsecond."""
    async with remembering(tmp_path, 10, 100) as memory:
        await memory.remember(["x"], 5 * SECOND)
        await memory.remember(["y", "x"], 15 * SECOND)
        assert await memory.knows("x")
        await memory.remember([], 15 * SECOND + 1)
        assert not await memory.knows("x")
        assert await memory.knows("y")


async def test_it_is_bounded(tmp_path: Path) -> None:
    """The oldest go first, also where some came twice."""
    async with remembering(tmp_path, 10, 3) as memory:
        for name in "abbcdde":
            await memory.remember([name], 0)
    assert await known(tmp_path, "abcde", 3) == "cde"


async def test_a_damaged_one_is_begun_anew(tmp_path: Path) -> None:
    """It can cost a second frame, never the source."""
    (tmp_path / NAME).write_bytes(b"no database, but long enough to be looked at as one" * 100)
    assert await known(tmp_path, "x") == ""


async def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """A person has to look."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="make the folder writable"):
        await known(tmp_path / "file", "x")
