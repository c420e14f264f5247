"""Entering a journal: locks, and whatever may have happened to its files."""

import asyncio
import os
import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, JournalFull
from ingestd.journal.limits import JournalLimits
from ingestd.journal.segment import SegmentWriter, connect
from tests.unit.journal.conftest import Journals, small_disk

CHILD = """
import asyncio, sys
from pathlib import Path
from ingestd.clock import SystemClock
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import Frame

async def main():
    limits = JournalLimits(reserve=0, segment_bytes=100_000)
    journal = await LocalJournal.open(Path(sys.argv[1]), clock=SystemClock(), limits=limits)
    number = 0
    while True:
        frames = [Frame("a", "data", number + index, b"%d" % (number + index)) for index in range(20)]
        last = await journal.append(frames)
        number += 20
        print(last, number, flush=True)

asyncio.run(main())
"""


class TestEntering:
    """Who may, and where."""

    async def test_one_process_at_a_time(self, journals: Journals, tmp_path: Path) -> None:
        """Another process is told who holds the journal, in one line."""
        probe = CHILD.replace(
            "asyncio.run(main())", "try: asyncio.run(main())\nexcept Exception as error: print(type(error).__name__, error)"
        )
        async with journals.entered() as journal:
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", probe, str(journal.path), stdout=asyncio.subprocess.PIPE)
            output, _ = await process.communicate()
        path = tmp_path / "journal"
        expected = f"InUse journal {path} is in use by process {os.getpid()}: stop it, or give this one another journal.path\n"
        assert output.decode() == expected

    async def test_an_unusable_path_is_one_clear_line(self, journals: Journals, tmp_path: Path) -> None:
        """A path that is a file is told as such."""
        (tmp_path / "file").touch()
        with pytest.raises(ConfigError, match=r"journal\.path .*/file cannot be used: File exists\. Give a directory"):
            async with journals.entered(tmp_path / "file"):
                pass

    async def test_a_lock_that_cannot_be_taken(self, journals: Journals, tmp_path: Path) -> None:
        """What stands in the way of the lock is told the same way."""
        (tmp_path / "journal" / "lock").mkdir(parents=True)
        with pytest.raises(ConfigError, match=r"journal\.path .* cannot be used: Is a directory\."):
            async with journals.entered():
                pass

    async def test_no_room_for_a_new_journal(self, journals: Journals, tmp_path: Path) -> None:
        """Where not even its small files find room, one line says so, and nothing of the attempt is held."""
        async with small_disk(tmp_path / "disk", "64k") as disk:
            with pytest.raises(OSError, match="No space"):
                (disk / "ballast").write_bytes(bytes(1 << 20))
            with pytest.raises(JournalFull, match="cannot be opened, the disk is full"):
                async with journals.entered(disk / "journal"):
                    pass
            (disk / "ballast").unlink()
            async with journals.entered(disk / "journal") as journal:
                assert journal.last() == 0

    async def test_a_full_disk_at_the_start(self, journals: Journals, tmp_path: Path) -> None:
        """After a crash on a full disk the journal opens, can be read, refuses appends, and takes them again when there is room."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 50, 20)
            image = journals.killed(journal)
        async with small_disk(tmp_path / "disk", "1m") as disk:
            shutil.copytree(image, disk / "journal")
            ballast = disk / "ballast"
            with pytest.raises(OSError, match="No space"):
                ballast.write_bytes(bytes(1 << 20))
            async with journals.entered(disk / "journal") as journal:
                with pytest.raises(JournalFull):
                    await journals.fill(journal, 1, 5)
                full = await journals.read_all(journal)
            async with journals.entered(disk / "journal") as journal:
                full_again = await journals.read_all(journal)
                ballast.unlink()
                new = await journals.fill(journal, 1, 5)
            async with journals.entered(disk / "journal") as journal:
                found = await journals.read_all(journal)
                left = list(journal.path.glob("*-wal"))
        assert full == full_again == (sent, [])
        assert found == ([*sent, *new], [])
        assert left == []


class TestLostTail:
    """Positions never repeat, and what was acknowledged is missed."""

    async def test_last_segment_deleted(self, journals: Journals) -> None:
        """With the newest file gone, its frames are named as lost, and new positions lie behind them."""
        async with journals.entered() as journal:
            kept = await journals.fill(journal, 2, 5)
        async with journals.entered() as journal:
            gone = await journals.fill(journal, 2, 5)
        (journal.path / f"{gone[0].offset:020d}.segment").unlink()
        async with journals.entered() as journal:
            new = await journals.fill(journal, 1, 5)
            frames, lost = await journals.read_all(journal)
        assert frames == [*kept, *new]
        assert lost == [(gone[0].offset, gone[-1].offset)]
        assert new[0].offset > gone[-1].offset

    async def test_last_segment_deleted_after_a_crash(self, journals: Journals) -> None:
        """Also when the process had no time to write down how far it had come."""
        async with journals.entered() as journal:
            gone = await journals.fill(journal, 2, 5)
            path = journals.killed(journal)
        for file in path.glob("*.segment*"):
            file.unlink()
        async with journals.entered(path) as journal:
            new = await journals.fill(journal, 1, 5)
            frames, lost = await journals.read_all(journal)
        assert frames == new
        assert lost == [(1, gone[-1].offset)]

    @pytest.mark.parametrize("keep", [0, 100, 5_000])
    async def test_log_cut_short(self, journals: Journals, keep: int) -> None:
        """SQLite forgets in silence what is missing from its log; the journal does not."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 30, 3)
            path = journals.killed(journal)
        os.truncate(next(path.glob("*-wal")), keep)
        async with journals.entered(path) as journal:
            frames, lost = await journals.read_all(journal)
            new = await journals.fill(journal, 1, 1)
        assert frames == sent[: len(frames)]
        assert lost == [(len(frames) + 1, len(sent))]
        assert new[0].offset > sent[-1].offset

    async def test_state_file_lost(self, journals: Journals, tmp_path: Path) -> None:
        """Without, or with a broken, journal.json the segments tell everything: name, frames, and no position is used again."""
        async with journals.entered() as journal:
            uid = journal.uid
            sent = await journals.fill(journal, 5, 5)
        for content in (None, b"", b"{}", b"\xff\xfe"):
            path = tmp_path / "copy"
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(journal.path, path)
            (path / "journal.json").unlink()
            if not content:
                (path / "acknowledged").unlink()
            if content is not None:
                (path / "journal.json").write_bytes(content)
            async with journals.entered(path) as copy:
                frames, lost = await journals.read_all(copy)
                new = await journals.fill(copy, 1, 1)
                assert (copy.uid, frames, lost) == (uid, sent, [])
                assert new[0].offset > 1 << 20
                assert new[0].ordinal == 26


class TestLeftovers:
    """Files that no opening expects."""

    async def test_a_segment_never_used_goes(self, journals: Journals) -> None:
        """A process killed between making a segment and using it leaves an empty one: it is removed, and nothing is lost."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 1, 3)
        SegmentWriter(journal.path / f"{5_000_000:020d}.segment", journal.uid).finish()
        async with journals.entered() as journal:
            found = await journals.read_all(journal)
        assert found == (sent, [])
        assert [path.name for path in journal.path.glob("*5000000*")] == []

    async def test_what_is_no_segment_is_set_aside(self, journals: Journals) -> None:
        """A file that cannot be read at all is kept under another name, and no position up to its own is used again."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 1, 3)
        (journal.path / f"{5_000_000:020d}.segment").write_bytes(b"nonsense" * 1_000)
        async with journals.entered() as journal:
            found = await journals.read_all(journal)
            new = await journals.fill(journal, 1, 1)
        assert found == (sent, [])
        assert [path.name for path in journal.path.glob("*5000000*")] == [f"{5_000_000:020d}.segment.damaged"]
        assert new[0].offset == 5_000_001

    async def test_what_was_set_aside_goes_with_its_time(self, journals: Journals) -> None:
        """Files set aside are kept as long as what was written after them, no longer: they take room too."""
        limits = JournalLimits(reserve=0, limit=100_000, segment_bytes=10_000)
        async with journals.entered(limits=limits) as journal:
            await journals.fill(journal, 1, 50)
        early, late = (journal.path / f"{first:020d}.segment.damaged" for first in (1, 5_000_000))
        early.touch()
        late.touch()
        async with journals.entered(limits=limits) as journal:
            await journal.keep_from(1 << 30)
            kept = early.exists()
            while journal.first() < 1 << 20:
                await journals.fill(journal, 1, 50)
        assert (kept, early.exists(), late.exists()) == (True, False, True)

    async def test_what_retention_had_no_time_to_delete_goes(self, journals: Journals) -> None:
        """A segment before the oldest one listed was given up before the crash."""
        limits = JournalLimits(reserve=0, limit=150_000, segment_bytes=10_000)
        async with journals.entered(limits=limits) as journal:
            await journals.fill(journal, 10, 50)
            old = (journal.path / f"{1:020d}.segment").read_bytes()
            await journal.keep_from(450)
            while journal.first() == 1:
                await journals.fill(journal, 1, 50)
            first = journal.first()
        (journal.path / f"{1:020d}.segment").write_bytes(old)
        async with journals.entered(limits=limits) as journal:
            assert journal.first() == first
            assert not (journal.path / f"{1:020d}.segment").exists()

    async def test_a_segment_that_was_not_listed_is_taken_in(self, journals: Journals) -> None:
        """With an older journal.json put back, what was written since is still there."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 1, 3)
        older = (journal.path / "journal.json").read_bytes()
        async with journals.entered() as journal:
            sent += await journals.fill(journal, 1, 3)
        (journal.path / "journal.json").write_bytes(older)
        async with journals.entered() as journal:
            found = await journals.read_all(journal)
            new = await journals.fill(journal, 1, 1)
        assert found == (sent, [])
        assert new[0].offset > sent[-1].offset

    async def test_damage_where_nothing_is_listed(self, journals: Journals) -> None:
        """Without journal.json, a damaged segment in the middle loses whatever its successor leaves open."""
        async with journals.entered() as journal:
            first = await journals.fill(journal, 1, 3)
        async with journals.entered() as journal:
            last = await journals.fill(journal, 1, 3)
        (journal.path / f"{first[0].offset:020d}.segment").write_bytes(b"x" * 8_192)
        (journal.path / "journal.json").unlink()
        async with journals.entered() as journal:
            found = await journals.read_all(journal)
        assert found == (last, [(1, last[0].offset - 1)])

    async def test_rows_missing_from_a_sound_file(self, journals: Journals) -> None:
        """A segment that SQLite finds in order may still lack rows: of whom they were, nobody knows."""
        async with journals.entered() as journal:
            for source in ("a", "b", "a"):
                await journals.fill(journal, 1, 2, source)
            path = journals.killed(journal)
        with closing(connect(path / f"{1:020d}.segment", "mode=rw")) as connection:
            connection.execute("DELETE FROM blocks WHERE first = 3")
        async with journals.entered(path) as journal:
            found = await journals.read_all(journal)
            damage = [(lost.first, lost.last, lost.sources) for lost in journal.damage]
        assert len(found[0]) == 4
        assert damage == [(3, 4, ())]
