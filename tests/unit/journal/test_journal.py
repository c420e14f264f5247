"""Journals as older versions left them: one of each format there was, kept in ``tests/recorded/journal`` and never written anew."""

import shutil
from pathlib import Path

import pytest

from ingestd.journal.state import FORMAT, NAME, OLDEST, load
from ingestd.model import SourceTail
from tests.unit.journal.conftest import AT, Journals

KEPT = Path(__file__).parents[2] / "recorded" / "journal"


def test_every_format_that_is_read_is_kept() -> None:
    """A new one comes with a journal of its own."""
    assert {path.name for path in KEPT.iterdir()} == {f"format_{number}" for number in range(OLDEST, FORMAT + 1)}


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "its state is lost"])
@pytest.mark.parametrize("kept", sorted(KEPT.iterdir()), ids=lambda kept: kept.name)
async def test_what_an_older_version_wrote_is_read(journals: Journals, tmp_path: Path, kept: Path, lost: bool) -> None:
    """Frame by frame; new ones go behind, and the journal is then of the format of today."""
    folder = tmp_path / "journal"
    shutil.copytree(kept, folder)
    if lost:
        (folder / NAME).unlink()
    async with journals.entered() as journal:
        blocks = [block async for block in journals.blocks(journal)]
        tail = await journal.tail_of("a")
        new = (await journals.fill(journal, 1, 1))[0]
    frames = [frame for block in blocks for frame in block.frames]
    assert [block.lost for block in blocks if block.lost] == []
    assert [(one.payload, one.meta) for one in frames if one.source == "b"] == [
        (b"%d %d" % (life, group), {"key": "é"}) for life in range(2) for group in range(3)
    ]
    assert [one.offset for one in frames if one.epoch] == [1, 23, 45, 1_048_599, 1_048_621, 1_048_643]
    assert (frames[-1].payload, frames[-1].token, frames[-1].ordinal) == (b"price 19", "1:19", 126)
    assert tail == SourceTail(
        token="1:19", epoch=1_048_643, epoch_at=AT + 1_002_000, epoch_bytes=150, received_at=AT + 1_002_021, ordinal=126
    )
    assert (new.offset > frames[-1].offset, new.ordinal) == (True, 127)
    state = load(folder)
    assert state is not None
    assert state.format == FORMAT
