"""A part of a journal: from an epoch on, of one source, while another process may be writing."""

from pathlib import Path

import pytest

from ingestd.errors import ConfigError
from ingestd.journal.excerpt import Excerpt
from ingestd.model import Frame
from tests.unit.journal.conftest import AT, Journals

FOR_EVER = 1 << 62


def frame(source: str, second: int, *, epoch: bool = False) -> Frame:
    """Received then."""
    return Frame(source, "data", AT + second, b"x", epoch=epoch)


async def read(excerpt: Excerpt) -> list[int]:
    """When each of its frames was received, behind ``AT``."""
    return [frame.received_at - AT async for block in excerpt.read(excerpt.begin - 1) for frame in block.frames]


async def test_from_the_epoch_in_force_to_the_end(tmp_path: Path) -> None:
    """Frames of others are left out; what comes later does not belong to it."""
    async with Journals(tmp_path).entered() as journal:
        await journal.append([frame("a", 1), frame("a", 2, epoch=True), frame("b", 2, epoch=True), frame("a", 3)])
        await journal.append([frame("b", 4), frame("a", 5, epoch=True), frame("a", 6), frame("a", 7)])
        whole = Excerpt(journal.path, "a", 0, FOR_EVER)
        part = Excerpt(journal.path, "a", AT + 4, AT + 7)
        later = Excerpt(journal.path, "a", AT + 6, FOR_EVER)
        await journal.append([frame("a", 8)])
        assert (whole.uid, whole.first and whole.first.ordinal) == (journal.uid, 2)
        assert await read(whole) == [2, 3, 5, 6, 7]
        assert await read(part) == [2, 3, 5, 6]
        assert await read(later) == [5, 6, 7]
        assert await whole.epoch_at("a", 0) == whole.begin


async def test_a_source_without_an_image_has_none(tmp_path: Path) -> None:
    """Nobody could make anything of its frames."""
    async with Journals(tmp_path).entered() as journal:
        await journal.append([frame("a", 1)])
        found = Excerpt(journal.path, "a", 0, FOR_EVER)
        assert (found.begin, found.first) == (0, None)


def test_where_there_is_no_journal(tmp_path: Path) -> None:
    """It is said."""
    with pytest.raises(ConfigError, match="holds no journal"):
        Excerpt(tmp_path, "a", 0, FOR_EVER)
