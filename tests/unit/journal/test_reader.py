"""Reading what is damaged."""

import os
import shutil
from pathlib import Path
from random import Random

import pytest

from ingestd.journal import segment
from ingestd.journal.reader import Reader
from ingestd.journal.state import Extent, load
from ingestd.model import Frame, Lost
from tests.unit.journal.conftest import Journals


class TestDamage:
    """Wrong bytes cost what they hit, and are named."""

    async def flipped(self, journals: Journals, path: Path, file: str, offset: int, sent: list[Frame]) -> int:
        """Flip one byte in a copy, check that nothing is wrong in silence, return the number of frames lost."""
        copy = path.with_name("flipped")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(path, copy)
        with (copy / file).open("r+b") as target:
            target.seek(offset)
            byte = target.read(1)[0]
            target.seek(offset)
            target.write(bytes([byte ^ Random(offset).randrange(1, 256)]))
        async with journals.entered(copy) as journal:
            frames, lost = await journals.read_all(journal)
            missing = {position for first, last in lost for position in range(first, last + 1)}
            assert frames == [frame for frame in sent if frame.offset not in missing]
            named = {position for each in journal.damage for position in range(each.first, each.last + 1)}
            assert missing == named
            tail = await journal.tail_of("a")
            assert tail.token == ("" if missing else sent[-1].token)
        return len(missing)

    async def crashed(self, journals: Journals) -> tuple[Path, list[Frame]]:
        """A killed journal with rows of all sizes in its log."""
        async with journals.entered() as journal:
            sent = [journals.make("a", "opened", epoch=True, token="1")]
            await journal.append(sent)
            for number in range(60):
                group = [journals.make(size=60) for _ in range(3)] if number % 20 else [journals.make(size=300) for _ in range(40)]
                group[-1].token = f"t{number}"
                await journal.append(group)
                sent += group
            return journals.killed(journal), sent

    async def test_flips_in_a_finished_segment(self, journals: Journals) -> None:
        """A byte flipped anywhere in a segment: opening never fails, what is gone is named, and it is no more than a page."""
        path, sent = await self.crashed(journals)
        async with journals.entered(path):
            pass
        file = next(path.glob("*.segment"))
        size = file.stat().st_size
        heads = [page + at for page in range(0, size, 4_096) for at in (0, 3, 6, 9, 13)]
        offsets = sorted({*range(0, 112, 6), *heads, *range(200, size, 431)})
        lost = [await self.flipped(journals, path, file.name, offset, sent) for offset in offsets]
        assert any(lost)
        assert not all(lost)
        assert max(lost) <= 40 + 12 * 3

    async def test_flips_after_a_crash(self, journals: Journals) -> None:
        """The same for the log that a killed process leaves, and for the journal's own small files."""
        path, sent = await self.crashed(journals)
        for file in sorted(path.iterdir()):
            size = file.stat().st_size
            step = max(size // 25, 1)
            for offset in range(0, size, step):
                await self.flipped(journals, path, file.name, offset, sent)

    @pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.7, 0.99])
    async def test_truncated_segment(self, journals: Journals, part: float) -> None:
        """A torn segment: what stands before the tear is readable, the rest is named, its neighbour is untouched."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 300, 5)
        async with journals.entered() as journal:
            after = await journals.fill(journal, 3, 5)
        torn = journal.path / f"{1:020d}.segment"
        os.truncate(torn, int(torn.stat().st_size * part))
        async with journals.entered() as journal:
            frames, lost = await journals.read_all(journal)
        missing = {position for first, last in lost for position in range(first, last + 1)}
        assert missing
        assert frames == [frame for frame in [*sent, *after] if frame.offset not in missing]
        assert (len(frames) > 15) == (part >= 0.3)

    async def test_lost_names_the_sources(self, journals: Journals) -> None:
        """A row whose summary is readable says whose frames are lost: only these sources lose their token."""
        async with journals.entered() as journal:
            for source in ("a", "b"):
                await journal.append([journals.make(source, "opened", epoch=True, token=source)])
                await journal.append([journals.make(source, size=20_000, token=source) for _ in range(2)])
        file = next(journal.path.glob("*.segment"))
        content = file.read_bytes()
        async with journals.entered() as journal:
            row = (await journals.read_all(journal))[0][2].payload
        at = content.index(row[100:130])
        file.write_bytes(content[:at] + b"x" + content[at + 1 :])
        async with journals.entered() as journal:
            tokens = [(await journal.tail_of(source)).token for source in ("a", "b")]
            damage = journal.damage
        assert [(lost.first, lost.last, lost.sources) for lost in damage] == [(2, 3, ("a",))]
        assert damage[0].reason == f"{file.name}: data and checksum differ"
        assert tokens == ["", "b"]

    async def test_damage_in_the_segment_being_written(self, journals: Journals) -> None:
        """It is finished at once, what can be read of it is read, and appending goes on in a new one."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 400, 5)
            log = segment.log_of(next(journal.path.glob("*.segment")))
            log.write_bytes(log.read_bytes().replace(sent[777].payload, bytes(40)))
            frames, lost = await journals.read_all(journal)
            new = await journals.fill(journal, 2, 5)
            frames_after, _ = await journals.read_all(journal)
        missing = {position for first, last in lost for position in range(first, last + 1)}
        assert missing == {776, 777, 778, 779, 780}
        assert frames == [frame for frame in sent if frame.offset not in missing]
        assert frames_after == [*frames, *new]

    @pytest.mark.parametrize("ask", ["tail_of", "epoch_at", "read"])
    async def test_damaged_summaries_in_the_segment_being_written(self, journals: Journals, ask: str) -> None:
        """Whoever comes upon it first, it is finished; what was lost is named, and nobody is kept from appending."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 5, 5, "provider-x")
            log = segment.log_of(next(journal.path.glob("*.segment")))
            log.write_bytes(log.read_bytes().replace(b"provider-x", b"provider-y"))
            if ask == "tail_of":
                assert (await journal.tail_of("other")).ordinal == 0
            elif ask == "epoch_at":
                assert await journal.epoch_at("provider-x", 25) == 0
            else:
                assert await journals.read_all(journal) == ([], [(1, 25)])
            new = await journals.fill(journal, 1, 5, "provider-x")
            found = await journals.read_all(journal)
        assert found == (new, [(1, 25)])
        assert [frame.ordinal for frame in (sent[-1], new[0])] == [25, 26]
        assert len(list(journal.path.glob("*.segment"))) == 2


async def test_a_segment_deleted_while_it_is_read_is_no_loss(journals: Journals) -> None:
    """Retention may take a segment between the look at the list and the look at the file."""
    async with journals.entered() as journal:
        await journals.fill(journal, 1, 5)
    state = load(journal.path)
    assert state is not None
    kept, gone = Extent(first=6, last=7), state.extents[0]
    answers = [(gone, kept), (kept,), (kept,)]
    segment.remove(journal.path / gone.name)
    reader = Reader(journal.path, lambda: answers.pop(0))
    pieces = list(reader.pieces(0, 7))
    reader.close()
    assert pieces == [Lost(6, 7, (), f"{kept.name}: the file is not there")]
