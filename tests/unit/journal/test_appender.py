"""Room on the disk, and disks that fail."""

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.clock import SystemClock
from ingestd.errors import JournalFull
from ingestd.journal import appender, segment
from ingestd.journal.codec import Row
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal, disk_free
from ingestd.journal.segment import SegmentWriter
from ingestd.journal.state import State, load, save
from ingestd.model import Frame
from tests.unit.journal.conftest import Journals, small_disk


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

    async def test_reserve_of_thedisk(self, journals: Journals) -> None:
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

    @pytest.mark.parametrize("free", [disk_free, lambda _: 1 << 40])
    async def test_a_tiny_disk(self, journals: Journals, tmp_path: Path, free: Callable[[Path], int]) -> None:
        """A real disk without room, foreseen or not: refused with nothing half-written, and it goes on when there is room."""
        async with small_disk(tmp_path / "disk", "2m") as disk:
            async with journals.entered(disk / "journal", free=free) as journal:
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

    async def test_disk_error_moves_to_a_new_segment(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """EIO on commit: the handle is given up, its doubtful positions never used or read, the group is durable elsewhere."""
        real = SegmentWriter.append
        broken = []

        def append(self: SegmentWriter, rows: list[Row]) -> None:
            real(self, rows)
            if rows[0].first == 11:
                broken.append(self)
                raise _io_error()

        async with journals.entered() as journal:
            sent = await journals.fill(journal, 2, 5)
            monkeypatch.setattr(SegmentWriter, "append", append)
            sent += await journals.fill(journal, 2, 5)
            assert (journal.errors(), journal.written() > 0) == ({"io": 1}, True)
            here = await journals.read_all(journal)
            path = journals.killed(journal)
        async with journals.entered(path) as journal:
            again = await journals.read_all(journal)
            tail = await journal.tail_of("a")
        assert len(broken) == 1
        assert [frame.offset for frame in sent] == [*range(1, 11), *range(16, 26)]
        assert here == again == (sent, [])
        assert tail.ordinal == 20

    async def test_disk_error_while_settling(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """EIO when the log is moved into the file: the log stays readable, and is settled at the next opening."""
        monkeypatch.setattr(SegmentWriter, "settle", _failing)
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 3, 5)
            here = await journals.read_all(journal)
            logs = [path.name for path in journal.path.glob("*-wal")]
        async with journals.entered() as journal:
            again = await journals.read_all(journal)
            left = list(journal.path.glob("*-wal"))
        assert here == again == (sent, [])
        assert (len(logs), left) == (3, [])

    async def test_somebody_looks_at_the_segment_to_be_finished(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stranger with an open transaction (a backup, a person with sqlite3) keeps nothing from going on, and loses nothing."""
        monkeypatch.setattr(segment, "_BUSY_SECONDS", 0.05)
        async with journals.entered(limits=JournalLimits(reserve=0, segment_bytes=1_000)) as journal:
            sent = await journals.fill(journal, 1, 50)
            with closing(sqlite3.connect(next(journal.path.glob("*.segment")), isolation_level=None)) as stranger:
                stranger.execute("BEGIN")
                stranger.execute("SELECT count(*) FROM blocks").fetchall()
                sent += await journals.fill(journal, 2, 50)
            here = await journals.read_all(journal)
        async with journals.entered() as journal:
            again = await journals.read_all(journal)
        assert here == again == (sent, [])

    async def test_disk_error_at_rotation(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same when a segment is finished."""
        monkeypatch.setattr(SegmentWriter, "finish", _failing)
        async with journals.entered(limits=JournalLimits(reserve=0, segment_bytes=1_000)) as journal:
            sent = await journals.fill(journal, 5, 50)
            here = await journals.read_all(journal)
        async with journals.entered() as journal:
            again = await journals.read_all(journal)
        assert here == again == (sent, [])

    async def test_a_disk_that_fails_for_good(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """A second segment that fails as well is no matter for retries: the error goes up."""
        async with journals.entered() as journal:
            sent = await journals.fill(journal, 1, 5)
            with monkeypatch.context() as broken:
                broken.setattr(SegmentWriter, "append", _failing)
                with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
                    await journals.fill(journal, 1, 5)
            sent += await journals.fill(journal, 1, 5)
            found = await journals.read_all(journal)
        assert found == (sent, [])

    async def test_a_segment_that_cannot_be_listed(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """The disk is full when a new segment is to be entered in journal.json: nothing is left of it, and later it works."""

        def full(directory: Path, state: State) -> None:
            if state.extents:
                raise OSError(errno.ENOSPC, "No space left on device")
            save(directory, state)

        async with journals.entered() as journal:
            with monkeypatch.context() as broken:
                broken.setattr(appender, "save", full)
                with pytest.raises(JournalFull, match="No space left"):
                    await journals.fill(journal, 1, 5)
            left = list(journal.path.glob("*.segment*"))
            sent = await journals.fill(journal, 1, 5)
            found = await journals.read_all(journal)
        assert left == []
        assert found == (sent, [])

    async def test_positions_are_reserved_before_they_are_used(self, journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
        """No position is in use that journal.json does not know of, also when a block of them is used up."""
        monkeypatch.setattr(appender, "RESERVE", 10)
        async with journals.entered() as journal:
            ahead = []
            for _ in range(20):
                last = await journal.append([journals.make() for _ in range(7)])
                state = load(journal.path)
                assert state is not None
                ahead.append(state.reserved - last)
        assert min(ahead) > 0
        assert len(set(ahead)) > 1

    async def test_a_reader_behind_what_was_deleted(self, journals: Journals) -> None:
        """A reader that stands in a deleted segment goes on with the oldest one left; that is no loss."""
        limits = JournalLimits(reserve=0, limit=200_000, segment_bytes=20_000)
        async with journals.entered(limits=limits) as journal:
            reading = journal.read(0)
            await journals.fill(journal, 1, 300)
            await anext(reading)
            sent = await journals.fill(journal, 3, 300)
            await journal.keep_from(1_000)
            while journal.first() < 500:
                sent += await journals.fill(journal, 1, 300)
            rest = await anext(reading)
            await reading.aclose()
        assert rest.lost is None
        assert rest.frames[0].offset == journal.first()


def _io_error() -> Exception:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    return error


def _failing(*_: object) -> None:
    raise _io_error()
