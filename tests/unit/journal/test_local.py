"""The journal as a whole: order, followers, cancellation, sealing, other processes."""

import asyncio
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ingestd.errors import InUse
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import Frame
from ingestd.testing.leaks import traces
from tests.unit.journal.conftest import Journals

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

    async def test_a_reader_waits_for_what_was_begun_before_the_seal(self, journals: Journals) -> None:
        """An append in flight when the journal is sealed still reaches the readers."""
        async with journals.entered() as journal:
            frames = [journals.make() for _ in range(3_000)]
            async with asyncio.TaskGroup() as group:
                group.create_task(journal.append(frames))
                await asyncio.sleep(0)
                journal.seal()
                found = await _collect(journal)
        assert found == frames

    async def test_reads_to_the_end_after_close(self, journals: Journals) -> None:
        """A reader that is still busy when the journal closes loses nothing."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 50, 20)
            reading = journal.read(0)
            frames = (await anext(reading)).frames
        frames += [frame async for block in reading for frame in block.frames]
        assert frames == sent

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

    async def test_nobody_holds_on_to_a_finished_segment(self, journals: Journals) -> None:
        """Whoever asked or read leaves no handle behind: what is open does not grow with segments, nor with questions."""
        async with journals.entered() as journal:
            await journals.fill(journal, 3, 3)
        async with journals.entered(limits=JournalLimits(reserve=0, segment_bytes=20_000)) as journal:
            held = []
            for number in range(5):
                await journals.fill(journal, 100, 10)
                for source in ("a", f"unknown {number}"):
                    await journal.tail_of(source)
                    await journal.epoch_at(source, journal.last())
                await journals.read_all(journal)
                await journals.fill(journal, 100, 10)
                held.append(sorted(Path(trace).name for trace in traces() if ".segment" in trace))
            newest = [max(journal.path.glob("*.segment")).name.partition(".")[0] in name for name in held[-1]]
        assert newest == [True] * 3
        assert {len(names) for names in held} == {3}


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

    async def test_the_same_process_is_no_exception(self, journals: Journals) -> None:
        """Opening it twice in one process is refused too, and possible again after a close."""
        async with journals.entered():
            with pytest.raises(InUse):
                async with journals.entered():
                    pass
        async with journals.entered() as journal:
            assert journal.last() == 0

    async def test_nobody_else_may_look(self, journals: Journals) -> None:
        """Directory 0700, files 0600, also the logs of a journal at work."""
        async with journals.entered() as journal:
            await journals.fill(journal, 1, 3)
            modes = {stat.S_IMODE(path.stat().st_mode) for path in journal.path.iterdir()}
            assert modes == {0o600}
            assert stat.S_IMODE(journal.path.stat().st_mode) == 0o700


async def _collect(journal: LocalJournal) -> list[Frame]:
    return [frame async for block in journal.read(0) for frame in block.frames]
