"""The journal as a whole: order, durability, positions, followers, damage, room."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, InUse, JournalFull
from ingestd.journal import segment
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.journal.segment import SegmentWriter
from ingestd.model import Block, Frame

Entered = Callable[..., AbstractAsyncContextManager[LocalJournal]]
Blocks = Callable[..., AsyncIterator[Block]]
Make = Callable[..., Frame]
Killed = Callable[[LocalJournal], Path]

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


async def fill(journal: LocalJournal, journals: Journals, groups: int, size: int, source: str = "a") -> list[Frame]:
    """Append equal groups; returns all their frames."""
    frames = [[journals.make(source) for _ in range(size)] for _ in range(groups)]
    for group in frames:
        await journal.append(group)
    return [frame for group in frames for frame in group]


async def read_all(journals: Journals, journal: LocalJournal, after: int = 0) -> tuple[list[Frame], list[tuple[int, int]]]:
    """All frames and all lost stretches."""
    frames: list[Frame] = []
    lost: list[tuple[int, int]] = []
    async for block in journals.blocks(journal, after):
        frames += block.frames
        if block.lost:
            lost.append((block.lost.first, block.lost.last))
    return frames, lost


class TestOrder:
    """What goes in comes out, in order, with its place."""

    async def test_frames_come_back_as_they_were(self, journals: Journals) -> None:
        """Every field of every frame survives, groups large and small, also through a restart."""
        async with journals.entered() as journal:
            whole = Frame("b", "opened", 5, b"\x00\xff", token="t", epoch=True, meta={"url": "wss://x", "lone": "é"})
            sent = [*await journals.fill(journal, 3, 1), whole, *[journals.make() for _ in range(9_000)]]
            last = await journal.append(sent[3:])
            here = await journals.read_all(journal)
        async with journals.entered() as journal:
            again = await journals.read_all(journal)
        assert here == (sent, [])
        assert again == (sent, [])
        assert last == sent[-1].offset

    async def test_positions_and_ordinals(self, journals: Journals) -> None:
        """Positions count frames, ordinals the frames of each source, from 1 and on over a restart; positions skip ahead."""
        async with journals.entered() as journal:
            empty = (journal.first(), journal.last(), journal.size() > 0)
            frames = [journals.make("a"), journals.make("b"), journals.make("a")]
            await journal.append(frames)
            ends = (journal.first(), journal.last())
        async with journals.entered() as journal:
            more = [journals.make("b"), journals.make("a")]
            await journal.append(more)
        assert empty == (0, 0, True)
        assert ends == (1, 3)
        assert [(frame.offset, frame.ordinal) for frame in frames] == [(1, 1), (2, 1), (3, 2)]
        assert [frame.ordinal for frame in more] == [2, 3]
        assert more[0].offset > 1 << 20

    async def test_reads_from_the_middle(self, journals: Journals) -> None:
        """Reading may begin at any position, also inside a group and in the hole between two openings."""
        async with journals.entered() as journal:
            frames = await journals.fill(journal, 5, 4)
        async with journals.entered() as journal:
            frames += await journals.fill(journal, 5, 4)
            found = {after: (await journals.read_all(journal, after))[0] for after in (0, 1, 6, 19, 20, 500_000, frames[25].offset)}
        assert found == {after: [frame for frame in frames if frame.offset > after] for after in found}

    async def test_blocks_gather_small_groups(self, journals: Journals) -> None:
        """A trickle of single frames is read in blocks of some size, a large group in parts."""
        async with journals.entered() as journal:
            await journals.fill(journal, 600, 1)
            await journal.append([journals.make() for _ in range(10_000)])
            sizes = [len(block.frames) async for block in journals.blocks(journal)]
        assert sizes[:2] == [256, 256]
        assert max(sizes) <= 4_096 + 256
        assert sum(sizes) == 10_600

    async def test_an_empty_group_is_nothing(self, journals: Journals) -> None:
        """Appending nothing changes nothing."""
        async with journals.entered() as journal:
            await journal.append([journals.make()])
            last = await journal.append([])
        assert last == 1


class TestFollowing:
    """Readers at the tail."""

    async def test_follows_while_others_append(self, journals: Journals) -> None:
        """A reader sees each frame once, in order, across segments, and ends when the journal is sealed."""
        async with journals.entered(limits=JournalLimits(reserve=0, segment_bytes=20_000)) as journal:
            seen: list[int] = []

            async def follow() -> None:
                async for block in journal.read(0):
                    seen.extend(frame.offset for frame in block.frames)

            async with asyncio.TaskGroup() as group:
                group.create_task(follow())
                frames = []
                for number in range(200):
                    frames += await journals.fill(journal, 1, number % 7 + 1)
                    await asyncio.sleep(0)
                journal.seal()
            segments = len(list(journal.path.glob("*.segment")))
        assert seen == [frame.offset for frame in frames]
        assert segments > 1

    async def test_seal_ends_a_reader_that_waits(self, journals: Journals) -> None:
        """A reader that waits at the tail ends at the seal, and nothing can be appended behind it."""
        async with journals.entered() as journal:
            await journals.fill(journal, 1, 3)
            reading = asyncio.create_task(_collect(journal))
            await asyncio.sleep(0.05)
            waiting = not reading.done()
            journal.seal()
            frames = await asyncio.wait_for(reading, 5)
            with pytest.raises(RuntimeError, match="sealed"):
                await journal.append([journals.make()])
        assert waiting
        assert len(frames) == 3

    async def test_a_reader_may_be_cancelled(self, journals: Journals) -> None:
        """A cancelled reader harms neither the journal nor other readers."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 300, 10)
            for pause in (0, 0.0005, 0.001, 0.005):
                reading = asyncio.create_task(_collect(journal))
                await asyncio.sleep(pause)
                reading.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reading
            frames, _ = await journals.read_all(journal)
        assert frames == sent

    async def test_cancel_of_an_append_writes_it_whole(self, journals: Journals) -> None:
        """Cancelling the caller never cuts a transaction: the group is there, counted, and the next one follows it."""
        async with journals.entered() as journal:
            first = [journals.make() for _ in range(2_000)]
            appending = asyncio.create_task(journal.append(first))
            await asyncio.sleep(0)
            appending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await appending
            second = [journals.make() for _ in range(3)]
            last = await journal.append(second)
            frames, _ = await journals.read_all(journal)
        assert frames == [*first, *second]
        assert [frame.ordinal for frame in frames] == list(range(1, 2_004))
        assert last == 2_003


class TestProcesses:
    """Other processes, and the death of this one."""

    async def test_every_acknowledged_frame_survives_kill(self, journals: Journals, tmp_path: Path) -> None:
        """A process killed with SIGKILL in the midst of appending has lost nothing of what it said was durable."""
        path = tmp_path / "journal"
        for delay in (0.3, 0.15):
            child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220, S603
            assert child.stdout is not None
            lines = [child.stdout.readline()]
            await asyncio.sleep(delay)
            child.send_signal(signal.SIGKILL)
            lines += child.stdout.readlines()
            child.wait()
            child.stdout.close()
            last, number = map(int, [line for line in lines if line.endswith("\n")][-1].split())
            async with journals.entered(path) as journal:
                frames, lost = await journals.read_all(journal)
                tail = await journal.tail_of("a")
            mine = [frame for frame in frames if frame.offset >= last - number + 1]
            assert lost == []
            assert [int(frame.payload) for frame in mine[:number]] == list(range(number))
            assert (mine[number - 1].offset, tail.ordinal) == (last, len(frames))

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

    async def test_the_same_process_is_no_exception(self, journals: Journals) -> None:
        """Opening it twice in one process is refused too, and possible again after a close."""
        async with journals.entered():
            with pytest.raises(InUse):
                async with journals.entered():
                    pass
        async with journals.entered() as journal:
            assert journal.last() == 0

    async def test_an_unusable_path_is_one_clear_line(self, journals: Journals, tmp_path: Path) -> None:
        """A path that is a file is told as such."""
        (tmp_path / "file").touch()
        with pytest.raises(ConfigError, match="journal.path .*/file cannot be used: File exists. Give a directory"):
            async with journals.entered(tmp_path / "file"):
                pass

    async def test_nobody_else_may_look(self, journals: Journals) -> None:
        """Directory 0700, files 0600, also the logs of a journal at work."""
        async with journals.entered() as journal:
            await journals.fill(journal, 1, 3)
            modes = {stat.S_IMODE(path.stat().st_mode) for path in journal.path.iterdir()}
            assert modes == {0o600}
            assert stat.S_IMODE(journal.path.stat().st_mode) == 0o700


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
            (path / "acknowledged").unlink()
            if content is not None:
                (path / "journal.json").write_bytes(content)
            async with journals.entered(path) as copy:
                frames, lost = await journals.read_all(copy)
                new = await journals.fill(copy, 1, 1)
                assert (copy.uid, frames, lost) == (uid, sent, [])
                assert new[0].offset > 1 << 20
                assert new[0].ordinal == 26


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
        offsets = sorted({*range(0, 112, 6), *heads, *range(200, size, 331)})
        lost = [await self.flipped(journals, path, file.name, offset, sent) for offset in offsets]
        assert any(lost)
        assert not all(lost)
        assert max(lost) <= 40 + 33

    async def test_flips_after_a_crash(self, journals: Journals) -> None:
        """The same for the log that a killed process leaves, and for the journal's own small files."""
        path, sent = await self.crashed(journals)
        for file in sorted(path.iterdir()):
            size = file.stat().st_size
            step = max(size // 40, 1)
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
            row = [block async for block in journals.blocks(journal)][0].frames[2].payload
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

    async def test_disk_error_moves_to_a_new_segment(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """EIO on commit: the handle is given up, its doubtful positions never used or read, the group is durable elsewhere."""
        real = SegmentWriter.append
        broken = []

        def append(self: SegmentWriter, rows: list[segment.Row]) -> None:
            real(self, rows)
            if rows[0].first == 11:
                broken.append(self)
                raise _io_error()

        async with journals.entered() as journal:
            sent = await journals.fill(journal, 2, 5)
            monkeypatch.setattr(SegmentWriter, "append", append)
            sent += await journals.fill(journal, 2, 5)
            here = await journals.read_all(journal)
            path = journals.killed(journal)
        async with journals.entered(path) as journal:
            again = await journals.read_all(journal)
            tail = await journal.tail_of("a")
        assert len(broken) == 1
        assert [frame.offset for frame in sent] == [*range(1, 11), *range(16, 26)]
        assert here == again == (sent, [])
        assert tail.ordinal == 20


class TestRoom:
    """The limit, the reserve, and full disks."""

    LIMITS = JournalLimits(reserve=0, limit=400_000, segment_bytes=50_000, retain=1 << 50)

    async def until_full(self, journals: Journals, journal: LocalJournal) -> list[Frame]:
        """Append until it is refused."""
        frames: list[Frame] = []
        while True:
            group = [journals.make(size=1_000) for _ in range(10)]
            try:
                await journal.append(group)
            except JournalFull:
                return frames
            frames += group

    async def test_limit_and_recovery(self, journals: Journals) -> None:
        """At the limit appends are refused with nothing written, and succeed by themselves once frames may go."""
        async with journals.entered(limits=self.LIMITS) as journal:
            sent = await self.until_full(journals, journal)
            size = journal.size()
            group = [journals.make(size=1_000) for _ in range(20)]
            with pytest.raises(JournalFull, match=r"\d+ bytes of at most 400000 are used, and nothing from position 0 on may go yet"):
                await journal.append(group)
            last = journal.last()
            await journal.keep_from(sent[150].offset)
            await journal.append(group)
            first = journal.first()
            frames, lost = await journals.read_all(journal)
        assert 300_000 < size <= 400_000
        assert last == sent[-1].offset
        assert [frame.ordinal for frame in group] == list(range(len(sent) + 1, len(sent) + 21))
        assert 1 < first <= sent[150].offset
        assert frames == [frame for frame in [*sent, *group] if frame.offset >= first]
        assert lost == []

    async def test_even_the_segment_at_hand_gives_way(self, journals: Journals) -> None:
        """A journal that is read to its end always has room, however small it is."""
        async with journals.entered(limits=JournalLimits(reserve=0, limit=100_000)) as journal:
            for _ in range(50):
                last = await journal.append([journals.make(size=1_000) for _ in range(10)])
                await journal.keep_from(last + 1)
            size = journal.size()
        assert size <= 100_000

    async def test_reserve_of_the_disk(self, journals: Journals) -> None:
        """What is reserved of the disk is left alone; when others give room back, appending goes on."""
        left = 2_000_000
        async with journals.entered(limits=JournalLimits(reserve=1_000_000), free=lambda _: left) as journal:
            await journals.fill(journal, 1, 5)
            left = 1_000_100
            with pytest.raises(JournalFull, match="1000100 bytes of disk are free, of which 1000000 are reserved"):
                await journals.fill(journal, 1, 5)
            left = 2_000_000
            await journals.fill(journal, 1, 5)
            assert journal.last() == 10

    async def test_age(self, journals: Journals) -> None:
        """Old frames go at rotation, unless somebody needs them; young ones stay."""
        limits = JournalLimits(reserve=0, segment_bytes=10_000, retain=3_600_000_000)
        now = SystemClock().now()
        async with journals.entered(limits=limits) as journal:
            old = [journals.make(size=1_000, at=now - 7_200_000_000) for _ in range(60)]
            young = [journals.make(size=1_000, at=now) for _ in range(60)]
            for frame in old:
                await journal.append([frame])
            kept = journal.first()
            await journal.keep_from(1 << 40)
            for frame in young:
                await journal.append([frame])
            first = journal.first()
        assert kept == 1
        assert old[-15].offset < first <= young[0].offset

    async def test_a_tiny_disk(self, journals: Journals, tmp_path: Path) -> None:
        """A real disk without room: refused with nothing half-written, every frame is there, and it goes on when there is room."""
        async with _disk(tmp_path / "disk", "2m") as disk:
            async with journals.entered(disk / "journal") as journal:
                sent = await self.until_full(journals, journal)
                with pytest.raises(JournalFull):
                    await journal.append([journals.make(size=300_000)])
                full = await journals.read_all(journal)
                await journal.keep_from(1 << 40)
                sent += await journals.fill(journal, 1, 5)
                first = journal.first()
                frames, lost = await journals.read_all(journal)
            async with journals.entered(disk / "journal") as journal:
                again, lost_again = await journals.read_all(journal)
        assert len(sent) > 500
        assert full == (sent[:-5], [])
        assert frames == again == [frame for frame in sent if frame.offset >= first]
        assert lost == lost_again == []

    async def test_a_full_disk_at_the_start(self, journals: Journals, tmp_path: Path) -> None:
        """A journal that cannot be opened for lack of room says so, and opens unharmed when there is some."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 50, 20)
            image = journals.killed(journal)
        async with _disk(tmp_path / "disk", "1m") as disk:
            shutil.copytree(image, disk / "journal")
            ballast = disk / "ballast"
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(bytes(4_096))
            with pytest.raises(JournalFull, match="cannot be opened, the disk is full"):
                async with journals.entered(disk / "journal"):
                    pass
            ballast.unlink()
            async with journals.entered(disk / "journal") as journal:
                found = await journals.read_all(journal)
        assert found == (sent, [])


class TestTails:
    """What the frames of a source say of its present."""

    async def both(self, journals: Journals, frames: list[list[Frame]], source: str) -> list[object]:
        """The tail as kept while appending, and as found after a restart: token, epoch, bytes since, ordinal."""
        tails = []
        async with journals.entered() as journal:
            for group in frames:
                await journal.append(group)
            tails.append(await journal.tail_of(source))
        async with journals.entered() as journal:
            tails.append(await journal.tail_of(source))
        assert tails[0] == tails[1]
        return [tails[0].token, tails[0].epoch, tails[0].epoch_bytes, tails[0].ordinal]

    async def test_several_sources(self, journals: Journals) -> None:
        """Each source has its own; the newest token counts, wherever it stands."""
        opened = journals.make("a", "opened", epoch=True, size=0)
        groups = [
            [opened, journals.make("b", "opened", epoch=True, token="b0", size=10)],
            [journals.make("a", token="a1", size=7), journals.make("b", size=5)],
            [journals.make("b", token="b1", size=5), journals.make("a", size=3)],
            [journals.make("a", "closed", size=0)],
        ]
        async with journals.entered() as journal:
            for group in groups:
                await journal.append(group)
        async with journals.entered() as journal:
            a, b, c = [await journal.tail_of(source) for source in "abc"]
            epochs = [await journal.epoch_at("a", position) for position in (0, 1, 99)]
        assert (a.token, a.epoch, a.epoch_at, a.epoch_bytes, a.ordinal) == ("a1", 1, opened.received_at, 10, 4)
        assert (b.token, b.epoch, b.epoch_bytes, b.ordinal) == ("b1", 2, 20, 3)
        assert a.received_at == groups[-1][0].received_at
        assert (c.token, c.epoch, c.ordinal, c.received_at) == ("", 0, 0, 0)
        assert epochs == [0, 1, 1]

    async def test_an_epoch_without_token_forgets_the_old_one(self, journals: Journals) -> None:
        """A fresh session must not resume with the token of the one before."""
        groups = [
            [journals.make("a", "opened", epoch=True, token="old")],
            [journals.make(token="older")],
            [journals.make("a", "opened", epoch=True, size=4), journals.make(size=2)],
        ]
        assert await self.both(journals, groups, "a") == ["", 3, 6, 4]

    async def test_then_a_token_comes(self, journals: Journals) -> None:
        """From then on it may."""
        groups = [[journals.make(token="old")], [journals.make("a", "opened", epoch=True, size=4)], [journals.make(size=1), journals.make(token="new", size=2)]]
        assert await self.both(journals, groups, "a") == ["new", 2, 7, 4]

    async def test_an_epoch_with_its_token_in_one_group(self, journals: Journals) -> None:
        """Order inside a group counts: a token before the epoch is of the past."""
        groups = [[journals.make(token="old"), journals.make(epoch=True, size=3), journals.make(size=1), journals.make(epoch=True, token="t", size=5), journals.make(size=1)]]
        assert await self.both(journals, groups, "a") == ["t", 4, 6, 5]

    async def test_epoch_of_a_position(self, journals: Journals) -> None:
        """The epoch that holds a position, also when several begin in one group, over restarts and other sources."""
        async with journals.entered(limits=JournalLimits(reserve=0, segment_bytes=1)) as journal:
            for group in (
                [journals.make()],
                [journals.make(epoch=True), journals.make(), journals.make(epoch=True), journals.make()],
                [journals.make("b", epoch=True)],
                [journals.make()],
                [journals.make(epoch=True)],
            ):
                await journal.append(group)
        async with journals.entered() as journal:
            epochs = [await journal.epoch_at("a", position) for position in (1, 2, 3, 4, 5, 6, 7, 8, 1 << 30)]
        assert epochs == [0, 2, 2, 4, 4, 4, 4, 8, 8]

    async def test_nothing_is_resumed_over_a_loss(self, journals: Journals) -> None:
        """A lost stretch inside the epoch takes the token; one before it does not; a new epoch gives it back."""
        async with journals.entered() as journal:
            await journal.append([journals.make("a", "opened", epoch=True, token="1")])
        async with journals.entered() as journal:
            gone = await journal.append([journals.make(token="2")])
        async with journals.entered() as journal:
            await journal.append([journals.make(token="3"), journals.make("b", "opened", epoch=True, token="b")])
        (journal.path / f"{gone:020d}.segment").unlink()
        async with journals.entered() as journal:
            tokens = [(await journal.tail_of(source)).token for source in ("a", "b")]
            await journal.append([journals.make("a", "opened", epoch=True, token="4")])
            later = (await journal.tail_of("a")).token
        assert tokens == ["", "b"]
        assert later == "4"


async def _collect(journal: LocalJournal) -> list[Frame]:
    return [frame async for block in journal.read(0) for frame in block.frames]


@asynccontextmanager
async def _disk(path: Path, size: str) -> AsyncIterator[Path]:
    """A real file system of a given size."""
    path.mkdir()
    if await _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)):
        pytest.skip("mounting a tmpfs needs root")
    try:
        yield path
    finally:
        busy = await _run("umount", str(path))
        if busy:
            await _run("umount", "--lazy", str(path))
    assert busy == 0


async def _run(*words: str) -> int:
    try:
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    except FileNotFoundError:
        return -1
    return await process.wait()


def _io_error() -> Exception:
    error = segment.sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = segment.sqlite3.SQLITE_IOERR_FSYNC
    return error
