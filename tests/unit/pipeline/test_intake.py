"""The hand-over to the journal: bounded, fair, durable in groups, patient with a full disk, and it forgets nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from ingestd.errors import JournalFull
from ingestd.model import Frame, SourceTail
from ingestd.pipeline.intake import Intake
from ingestd.testing.clock import VirtualClock


class Telemetry:
    """Remembers the facts."""

    def __init__(self) -> None:
        self.facts: list[str] = []
        self.waits: list[float] = []

    def fact(self, action: str, /, **_labels: str | float) -> None:
        self.facts.append(action)

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        assert (name, labels) == ("queue_wait_seconds", {"stage": "journal"})
        self.waits.append(value)


class SlowJournal:
    """Takes ``pause`` seconds per group; full while ``full``."""

    uid = "memory"

    def __init__(self, clock: VirtualClock, pause: float = 0.01) -> None:
        self.clock = clock
        self.pause = pause
        self.full = False
        self.groups: list[list[Frame]] = []
        self.tries = 0

    async def append(self, frames: Sequence[Frame]) -> int:
        self.tries += 1
        if self.full:
            message = "journal at 1,000 of 1,000 bytes"
            raise JournalFull(message)
        await self.clock.sleep(self.pause)
        self.groups.append(list(frames))
        return len(self.groups)

    async def tail_of(self, source: str) -> SourceTail:
        return SourceTail(token=source)

    def read(self, after: int) -> AsyncIterator[object]:
        raise NotImplementedError

    def first(self) -> int:
        return 0

    def last(self) -> int:
        return len(self.frames)

    def size(self) -> int:
        return 0

    async def keep_from(self, position: int) -> None: ...
    def seal(self) -> None: ...
    async def close(self) -> None: ...

    @property
    def frames(self) -> list[Frame]:
        return [frame for group in self.groups for frame in group]


class Bench:
    """An intake at work over a slow journal."""

    def __init__(self, max_records: int = 100, max_bytes: int = 1 << 20) -> None:
        self.clock = VirtualClock()
        self.telemetry = Telemetry()
        self.journal = SlowJournal(self.clock)
        self.intake = Intake(self.journal, self.clock, self.telemetry, max_records, max_bytes)  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.intake.run())
            yield
            await self.intake.close()
            await task


@pytest.fixture
def bench() -> Bench:
    """A small intake: 100 records, 1 MiB."""
    return Bench()


def frames(count: int, source: str = "a", size: int = 10) -> list[Frame]:
    """Data frames of one source, numbered by their times."""
    return [Frame(source, "data", index, bytes(size)) for index in range(count)]


async def test_everything_arrives_in_order_and_flush_waits_for_it(bench: Bench) -> None:
    """What was put is durable after ``flush``, in the order in which it was put."""
    sent = frames(90)
    async with bench.running():
        for frame in sent:
            await bench.intake.put([frame])
        await bench.intake.flush()
        assert bench.journal.frames == sent
    assert (bench.intake.queued_records, bench.intake.queued_bytes) == (0, 0)


async def test_since_when_a_group_is_on_its_way(bench: Bench) -> None:
    """Health sees by it that a disk hangs; nothing is on its way once all is durable."""
    async with bench.running():
        began = bench.clock.now()
        bench.intake.accept(frames(1))
        await bench.clock.sleep(0.005)
        assert began <= bench.intake.busy_since <= bench.clock.now()
        await bench.intake.flush()
        assert bench.intake.busy_since == 0


async def test_a_receipt_comes_once_the_journal_has_the_frames(bench: Bench) -> None:
    """Not before, for each frame once, and also where a read goes in several groups."""
    told: list[Frame] = []
    sent = frames(2_500)
    async with bench.running():
        bench.intake.accept(sent, told.extend)
        bench.intake.accept(frames(1, "other"))
        await bench.clock.sleep(0.005)
        assert told == []
        await bench.clock.sleep(0.012)
        assert 0 < len(told) < 2_500
        await bench.intake.flush()
    assert told == sent


async def test_no_receipt_for_what_was_dropped(bench: Bench) -> None:
    """A journal that is full to the end: nobody is told that it has what it has not."""
    told: list[Frame] = []
    bench.journal.full = True
    async with bench.running():
        bench.intake.accept(frames(1), told.extend)
    assert (told, bench.intake.dropped["a"]) == ([], 1)


async def test_nothing_is_appended_behind_what_was_dropped() -> None:
    """Room that comes too late: a token in the journal would lead past frames that are not there."""
    bench = Bench(max_records=100_000)
    append = bench.journal.append

    async def full_until_dropped(frames: Sequence[Frame]) -> int:
        bench.journal.full = not bench.intake.dropped
        return await append(frames)

    bench.journal.append = full_until_dropped  # type: ignore[method-assign]
    async with bench.running():
        bench.intake.accept(frames(1_500))
    assert (bench.journal.frames, bench.intake.dropped["a"]) == ([], 1_500)


async def test_what_gathers_during_an_append_goes_as_one_group(bench: Bench) -> None:
    """One fsync serves everything that came while the last one ran."""
    async with bench.running():
        bench.intake.accept(frames(1))
        await bench.clock.sleep(0.005)
        for _ in range(20):
            bench.intake.accept(frames(2))

    assert [len(group) for group in bench.journal.groups] == [1, 40]


async def test_a_trickle_shares_its_fsyncs() -> None:
    """Frames that come one by one, faster than the gathering time, do not pay an fsync each."""
    bench = Bench()
    bench.journal.pause = 0.0001
    async with bench.running():
        for frame in frames(100):
            await bench.intake.put([frame])
            await bench.clock.sleep(0.0005)

    assert len(bench.journal.groups) <= 30


async def test_groups_are_bounded() -> None:
    """However much waits, no group exceeds 1,000 frames or 4 MiB, unless a single frame does."""
    bench = Bench(max_records=100_000, max_bytes=1 << 30)
    async with bench.running():
        bench.intake.accept(frames(2_500))
        bench.intake.accept(frames(20, size=1 << 20))
        bench.intake.accept(frames(1, size=6 << 20))

    assert max(len(group) for group in bench.journal.groups) <= 1_000
    assert max(sum(frame.weight for frame in group) for group in bench.journal.groups if len(group) > 1) <= 4 << 20
    assert len(bench.journal.frames) == 2_521


@pytest.mark.parametrize(("max_records", "max_bytes", "size"), [(50, 1 << 30, 10), (1 << 30, 50 * 1_000, 840)])
async def test_a_collector_waits_while_there_is_no_room(max_records: int, max_bytes: int, size: int) -> None:
    """The queue never holds more than its bound and the one read that crossed it, in records and in bytes."""
    bench = Bench(max_records, max_bytes)
    most = 0
    async with bench.running():
        for _ in range(100):
            await bench.intake.put(frames(7, size=size))
            most = max(most, bench.intake.queued_records)

    assert 50 - 7 <= most < 50 + 7
    assert len(bench.journal.frames) == 700


async def test_a_read_larger_than_all_room_is_taken(bench: Bench) -> None:
    """A single oversized read is admitted, whole, and the next waits for it."""
    async with bench.running():
        await bench.intake.put(frames(500))
        assert bench.intake.queued_records < 100
        await bench.intake.flush()
        assert len(bench.journal.frames) == 500


async def test_a_quiet_source_gets_its_turn_beside_a_loud_one() -> None:
    """Collectors that wait go on in the order in which they came: the loud one has no more turns than the quiet one."""
    bench = Bench(max_records=10)
    turns: list[str] = []

    async def collector(source: str) -> None:
        for _ in range(20):
            await bench.intake.put(frames(10, source))
            turns.append(source)

    async with bench.running(), asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(collector("loud"))
        group.create_task(collector("quiet"))

    assert [turns[index : index + 4].count("quiet") for index in range(0, 80, 4)] == [1] * 20


async def test_a_cancelled_put_has_handed_over(bench: Bench) -> None:
    """Cancelled at any moment of its wait, a put loses no frame and holds nobody else up."""
    bench.journal.pause = 1.0
    async with bench.running():
        bench.intake.accept(frames(100))
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(bench.intake.put(frames(3))) for _ in range(5)]
            await bench.clock.sleep(0.1)
            for task in waiting[::2]:
                task.cancel()
            await bench.clock.sleep(0)

    assert len(bench.journal.frames) == 115


async def test_a_full_journal_pauses_and_goes_on_by_itself(bench: Bench) -> None:
    """Said once when it starts and once when it ends; retried every second; the group in hand is kept; who waited is told why."""
    bench.journal.full = True
    async with bench.running():
        began = bench.clock.now()
        bench.intake.accept(frames(150))
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(bench.intake.room())
            await bench.clock.sleep(10.5)
            assert 0 <= (bench.intake.paused_since or 0) - began < 5_000
            assert bench.journal.tries == 11
            assert not reader.done()
            bench.journal.full = False
        assert reader.result() is True
        assert bench.intake.paused_since is None
        assert len(bench.journal.frames) == 150
    assert bench.telemetry.facts == ["journal.full", "journal.room"]


async def test_waiting_for_a_slow_journal_is_no_pause(bench: Bench) -> None:
    """Ordinary back-pressure is not reported as a full journal."""
    async with bench.running():
        assert await bench.intake.put(frames(150)) is False


async def test_closing_over_a_full_journal_gives_up_and_counts() -> None:
    """A disk that stays full cannot keep the daemon from ending; what is lost is counted by source."""
    bench = Bench()
    bench.journal.full = True
    async with bench.running():
        bench.intake.accept(frames(3, "a"))
        bench.intake.accept(frames(2, "b"))

    assert bench.intake.dropped == {"a": 3, "b": 2}
    assert bench.journal.tries == 6
    assert bench.telemetry.facts == ["journal.full", "intake.dropped"]


async def test_nothing_is_taken_after_closing(bench: Bench) -> None:
    """A frame handed over when nobody appends any more would vanish: that is a bug, and says so."""
    async with bench.running():
        await bench.intake.close()
        with pytest.raises(RuntimeError, match="closed"):
            bench.intake.accept(frames(1))


async def test_where_everything_lies_is_known_once_it_is_durable(bench: Bench) -> None:
    """For what was handed over before; where nothing is on its way, at once."""
    bench.journal.full = True
    async with bench.running():
        at_once = bench.intake.place()
        bench.intake.accept(frames(3))
        place = bench.intake.place()
        assert (at_once.done(), place.done()) == (True, False)
        bench.journal.full = False
        await bench.intake.flush()
        assert (at_once.result(), place.result()) == (0, bench.journal.last())


async def test_what_waits_is_counted_by_source(bench: Bench) -> None:
    """From the hand-over until it is durable, or dropped: queued is the sum; and how long the first of each group waited is told."""
    async with bench.running():
        bench.intake.accept(frames(3))
        bench.intake.accept(frames(2, "b"))
        bench.intake.accept(frames(1_500))
        assert bench.intake.waiting == {"a": 1_503, "b": 2}
        await bench.clock.sleep(0.011)
        assert (bench.intake.waiting["a"], bench.intake.waiting.total()) == (750, bench.intake.queued_records)
        await bench.intake.flush()
        assert bench.intake.waiting.total() == 0
        bench.journal.full = True
        bench.intake.accept(frames(4, "b"))
    assert (bench.intake.waiting.total(), bench.intake.dropped) == (0, {"b": 4})
    assert bench.telemetry.waits == pytest.approx([0.01, 0.02], abs=0.005)
