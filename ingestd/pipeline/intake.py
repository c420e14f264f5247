"""The one way into the journal: bounded in records and bytes, fair between sources, durable in groups."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ingestd.errors import JournalFull
from ingestd.interfaces import Clock, Durable, Journal, Telemetry
from ingestd.model import Frame

MAX_RECORDS: Final = 20_000
MAX_BYTES: Final = 64 << 20
GROUP_RECORDS: Final = 1_000
GROUP_BYTES: Final = 4 << 20
"""One fsync serves a group; larger ones gain nothing and make their first frame wait."""
GATHER: Final = 0.002
"""Seconds between the beginnings of two appends: without it a steady trickle pays an fsync per frame."""
RETRY_FULL: Final = 1.0
PATIENCE: Final = 5.0
"""Seconds that closing waits for room in a full journal."""


Chunk = tuple[Sequence[Frame], int, Durable | None, float]
"""Frames of one source as they were handed over, their weight, who waits for a receipt, and when that was, on the monotonic clock.

The queue is touched once per read, not once per frame.
"""


class Group(Struct):
    """What is appended at once."""

    frames: list[Frame]
    weight: int
    sources: Counter[str]
    receipts: list[tuple[Durable, Sequence[Frame]]]
    since: float


class Intake:
    """Collectors hand frames over, one task appends whatever has gathered.

    What was handed over is kept, whatever happens to the task that did it. A collector that finds no room waits *after* handing over, so
    the queue holds at most its bounds and the last read of each source; waiting collectors go on one by one, in the order in which
    they came, so that a loud source takes no more turns than a quiet one.
    """

    def __init__(
        self, journal: Journal, clock: Clock, telemetry: Telemetry, max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._telemetry = telemetry
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._queue: deque[Chunk] = deque()
        self._more = asyncio.Event()
        self._line: deque[asyncio.Future[None]] = deque()
        self._flushes: deque[tuple[int, asyncio.Future[int]]] = deque()
        self._accepted = 0
        self._settled = 0
        self._fulls = 0
        self._give_up_at: float | None = None
        self.queued_records = 0
        """Frames handed over and not yet durable."""
        self.queued_bytes = 0
        self.waiting: Counter[str] = Counter()
        """The queued frames by source."""
        self.paused_since: int | None = None
        """Since when (UTC µs) the journal takes nothing; None while it does."""
        self.busy_since = 0
        """Since when (UTC µs) a group is being made durable; 0: none is."""
        self.dropped: Counter[str] = Counter()
        """Frames by source that never became durable, because the journal was still full at the end."""

    @property
    def accepted(self) -> int:
        """Frames handed over so far."""
        return self._accepted

    @property
    def lost(self) -> int:
        """Frames that were handed over and are not durable: at the end, they never will be."""
        return self.queued_records + self.dropped.total()

    def accept(self, frames: Sequence[Frame], durable: Durable | None = None) -> bool:
        """Take frames of one source, without waiting; False: read no further before ``room`` returns. ``durable`` is told later."""
        if self._give_up_at is not None:
            msg = "frames handed over after the intake was closed"
            raise RuntimeError(msg)
        count = len(frames)
        weight = sum([frame.weight for frame in frames])
        now = self._clock.monotonic()
        if count <= GROUP_RECORDS and weight <= GROUP_BYTES:
            self._queue.append((frames, weight, durable, now))
        else:
            self._queue.extend((part, part_weight, durable, now) for part, part_weight in _split(frames, weight))
        self.waiting[frames[0].source] += count
        self.queued_records += count
        self.queued_bytes += weight
        self._accepted += count
        self._more.set()
        return self._has_room()

    async def room(self) -> bool:
        """Wait for room, in turn. Returns whether a full journal was what one had to wait for."""
        if self._has_room():
            return False
        fulls = self._fulls - (self.paused_since is not None)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        finally:
            self._line.remove(turn)
            self._call_next()
        return self._fulls > fulls

    async def put(self, frames: Sequence[Frame]) -> bool:
        """``accept``, then wait for ``room`` if there is none. A cancelled ``put`` has handed over all the same."""
        return False if self.accept(frames) else await self.room()

    def place(self) -> "asyncio.Future[int]":
        """Where in the journal everything handed over so far lies at or before; known once that is durable."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._flushes.append((self._accepted, done))
        self._call_settled()
        return done

    async def flush(self) -> None:
        """Wait until everything handed over so far is durable."""
        await self.place()

    async def run(self) -> None:
        """Append until closed. Raises what the journal raises, JournalFull excepted: that is waited out."""
        began = self._clock.monotonic() - GATHER
        while await self._waiting():
            rest = began + GATHER - self._clock.monotonic()
            if rest > 0 and self.queued_records < GROUP_RECORDS:
                await self._clock.sleep(rest)
            began = self._clock.monotonic()
            group = self._group()
            self.busy_since = self._clock.now()
            # behind one that was dropped nothing is appended: a token must not lead past what is not there
            if not self.dropped and await self._append(group.frames):
                self._telemetry.add("queue_wait_seconds", self._clock.monotonic() - group.since, stage="journal")
                for durable, frames in group.receipts:
                    durable(frames)
            else:
                self.dropped.update(group.sources)
            self.busy_since = 0
            self._release(group)

    async def close(self, patience: float = PATIENCE) -> None:
        """Let ``run`` end once all is durable. If the journal is still full after ``patience`` seconds, the rest is dropped and counted."""
        self._give_up_at = self._clock.monotonic() + patience
        self._more.set()
        await self.flush()

    async def _waiting(self) -> bool:
        while not self._queue:
            if self._give_up_at is not None:
                return False
            self._more.clear()
            await self._more.wait()
        return True

    def _group(self) -> Group:
        queue = self._queue
        group = Group([], 0, Counter(), [], queue[0][3])
        gathered = group.frames
        while queue and (not gathered or (len(gathered) + len(queue[0][0]) <= GROUP_RECORDS and group.weight + queue[0][1] <= GROUP_BYTES)):
            frames, weight, durable, _ = queue.popleft()
            gathered.extend(frames)
            group.weight += weight
            group.sources[frames[0].source] += len(frames)
            if durable is not None:
                group.receipts.append((durable, frames))
        return group

    async def _append(self, group: list[Frame]) -> bool:
        while True:
            try:
                await self._journal.append(group)
            except JournalFull as full:
                if self._give_up_at is not None and self._clock.monotonic() >= self._give_up_at:
                    self._telemetry.fact("intake.dropped", frames=len(group), reason="journal_full", detail=str(full))
                    return False
                if self.paused_since is None:
                    self.paused_since = self._clock.now()
                    self._fulls += 1
                    self._telemetry.fact("journal.full", detail=str(full))
                await self._clock.sleep(RETRY_FULL)
                continue
            if self.paused_since is not None:
                self._telemetry.fact("journal.room", seconds=(self._clock.now() - self.paused_since) / 1e6)
                self.paused_since = None
            return True

    def _release(self, group: Group) -> None:
        count = len(group.frames)
        self.queued_records -= count
        self.queued_bytes -= group.weight
        self.waiting.subtract(group.sources)
        self._settled += count
        self._call_settled()
        self._call_next()

    def _call_settled(self) -> None:
        while self._flushes and self._flushes[0][0] <= self._settled:
            _, done = self._flushes.popleft()
            if not done.done():
                done.set_result(self._journal.last())

    def _has_room(self) -> bool:
        return self.queued_records < self._max_records and self.queued_bytes < self._max_bytes

    def _call_next(self) -> None:
        # only the first is called, and calls the next when it leaves: everybody's turn comes, one read each
        if self._line and not self._line[0].done() and self._has_room():
            self._line[0].set_result(None)


def _split(frames: Sequence[Frame], weight: int) -> list[tuple[Sequence[Frame], int]]:
    if len(frames) == 1 or (len(frames) <= GROUP_RECORDS and weight <= GROUP_BYTES):
        return [(frames, weight)]
    half = len(frames) // 2
    first = sum(frame.weight for frame in frames[:half])
    return _split(frames[:half], first) + _split(frames[half:], weight - first)
