"""Single frames and passages of a journal, while another process may be writing."""

from pathlib import Path

import pytest

from ingestd.errors import ConfigError
from ingestd.journal.passage import Archive, Passage, frame_at, frames_around
from ingestd.model import Frame
from tests.unit.journal.conftest import AT, Journals


def frame(source: str, second: int, *, epoch: bool = False) -> Frame:
    """Received then."""
    return Frame(source, "data", AT + second, b"x", epoch=epoch)


async def test_epochs_and_frames(tmp_path: Path) -> None:
    """Of the one source; a position that is not there has none."""
    async with Journals(tmp_path).entered() as journal:
        await journal.append([frame("a", 1, epoch=True), frame("b", 2, epoch=True), frame("a", 3), frame("a", 4, epoch=True)])
        archive = Archive(journal.path, "a")
        first = archive.first
        await journal.append([frame("a", 5)])
        assert [archive.epoch_of(first + place) - first for place in range(4)] == [0, 0, 0, 3]
        assert (archive.epoch_of(first - 1), archive.epoch_of(first + 4)) == (0, 0)
        assert [archive.epoch_at(AT + second) - first for second in (0, 1, 3, 4, 9)] == [0, 0, 0, 3, 3]
        found = archive.frame(first + 1)
        assert found is not None
        assert found.source == "b"
        assert archive.frame(first + 4) is None
        assert frame_at(journal.path, first + 4) is not None
        assert frame_at(journal.path, first + 5) is None
        assert [one.received_at - AT for one in frames_around(journal.path, first + 2, 1)] == [2, 3, 4]


async def test_a_passage_ends_when_it_is_enough(tmp_path: Path) -> None:
    """Else at the tail that the archive knows."""
    async with Journals(tmp_path).entered() as journal:
        await journal.append([frame("a", 1, epoch=True), frame("b", 2), frame("a", 3)])
        archive = Archive(journal.path, "a")
        await journal.append([frame("a", 4)])
        for enough, seconds in ((False, [1, 3]), (True, [])):
            passage = Passage(archive, archive.first, lambda enough=enough: enough)  # type: ignore[misc] # a default of its own
            blocks = [block async for block in passage.read(archive.first - 1)]
            assert [one.received_at - AT for block in blocks for one in block.frames] == seconds
            assert (await passage.epoch_at("a", 9), passage.last()) == (archive.first, archive.last)


def test_where_there_is_no_journal(tmp_path: Path) -> None:
    """It is said, and nothing is made there."""
    for ask in (lambda: Archive(tmp_path, "a"), lambda: frame_at(tmp_path, 1), lambda: frames_around(tmp_path, 1, 1)):
        with pytest.raises(ConfigError, match="holds no journal"):
            ask()
    assert list(tmp_path.iterdir()) == []
