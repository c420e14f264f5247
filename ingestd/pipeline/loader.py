"""Journal to store: reads frames, decodes ahead while a commit runs, decides after it, commits; one loop for every run."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from msgspec import Struct

from ingestd.batch import Batch, store_offset
from ingestd.interfaces import Clock, Journal, Renew, Telemetry
from ingestd.model import SECOND, Block, Decoded, Frame, Run, Scope
from ingestd.pipeline.lane import CollectorView, Lane
from ingestd.pipeline.writer import Writer

SLICE: Final = 256
"""Frames decoded before others get the loop."""
AHEAD_BYTES: Final = 32 * 1024 * 1024
"""Bytes of frames decoded and not yet committed, at most (one block more may come in)."""
TICK: Final = 1.0
"""Seconds after which a change of a source's state is written though no frame came."""
DEADLY: Final = 3
"""Starts in a row that died on a frame before it is quarantined undecoded."""
ASK_AGAIN: Final = 15.0
"""Seconds before a fresh image that did not come is asked for again."""
BUGS: Final = 3
"""Frames in a row on which a decoder has a bug before its source is parked."""


class Deathmark(Protocol):
    """Remembers, across a death of the process, which frame was being worked on."""

    position: int
    deaths: int

    def mark(self, position: int) -> None: ...
    def clear(self) -> None: ...


class Limits(Struct, frozen=True, kw_only=True):
    """When a batch is full (rows of history), and the least time between two commits, in seconds."""

    rows: int = 5_000
    pace: float = 0.01


class Hooks(Struct, frozen=True, kw_only=True):
    """How the loader reaches back: a fresh image, parking a source, and what collectors say of themselves."""

    renew: Renew
    park: Callable[[str, str], None]
    view: Callable[[str], CollectorView]
    silence_limit: Callable[[str], int]


class Entry(Struct):
    """A frame decoded ahead. ``lane`` None: nobody is configured for its source."""

    lane: Lane | None
    frame: Frame
    decoded: list[Decoded]

    @property
    def weight(self) -> int:
        """Bytes to count against the bound: the frame, and an allowance for each update."""
        return self.frame.weight + 250 * len(self.decoded)


class Loader:
    """The loop of one run. ``hooks`` None: a finite run, whose source has no row of its own and whose journal is sealed."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        run: Run,
        journal: Journal,
        journal_id: int,
        lanes: Mapping[str, Lane],
        writer: Writer,
        clock: Clock,
        telemetry: Telemetry,
        deathmark: Deathmark,
        *,
        limits: Limits,
        hooks: Hooks | None = None,
        odds_after: int | None = None,
    ) -> None:
        self._run = run
        self._journal = journal
        self._journal_id = journal_id
        self._lanes = lanes
        self._writer = writer
        self._clock = clock
        self._telemetry = telemetry
        self._deathmark = deathmark
        self._limits = limits
        self._hooks = hooks
        self._odds_after = odds_after
        self._ready: deque[Entry] = deque()
        self._ready_bytes = 0
        self._oldest = 0
        self._ended = False
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._views: dict[str, CollectorView] = {}
        self._asked: dict[tuple[str, Scope], float] = {}

    async def run(self, position: int) -> None:
        """Go on behind ``position`` until the journal is sealed and read; returns when all of it is committed."""
        self._position = position
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._decode(position))
                group.create_task(self._commit())
        finally:
            self._deathmark.clear()

    async def _decode(self, position: int) -> None:
        """Read from the oldest epoch in use: what lies behind ``position`` goes on, what lies before rebuilds decoders only."""
        start = position
        for lane in self._lanes.values():
            lane.epoch = lane.applied_epoch = await self._journal.epoch_at(lane.source, position)
            if 0 < lane.epoch <= start:
                start = lane.epoch - 1
        async for block in self._journal.read(start):
            await self._decode_block(block, position)
        self._ended = True
        self._more.set()

    async def _decode_block(self, block: Block, position: int) -> None:
        lost = block.lost
        if lost is not None and lost.last > position:
            self._telemetry.fact("journal.damaged", first=lost.first, last=lost.last, reason=lost.reason)
        for begin in range(0, len(block.frames), SLICE):
            for frame in block.frames[begin : begin + SLICE]:
                if frame.offset > position:
                    entry = Entry(self._lanes.get(frame.source), frame, self._decoded(frame))
                    self._ready.append(entry)
                    self._ready_bytes += entry.weight
                else:
                    lane = self._lanes.get(frame.source)
                    if lane is not None and frame.offset >= lane.epoch:
                        lane.rebuild(frame)
            self._deathmark.clear()
            self._more.set()
            await self._clock.sleep(0)
            while len(self._ready) > 4 * self._limits.rows or self._ready_bytes > AHEAD_BYTES:
                self._room.clear()
                await self._room.wait()

    def _decoded(self, frame: Frame) -> list[Decoded]:
        lane = self._lanes.get(frame.source)
        if lane is None:
            return []
        mark = self._deathmark
        if frame.offset == mark.position and mark.deaths >= DEADLY:
            return lane.without("deadly", f"the process died on it {mark.deaths} times")
        mark.mark(frame.offset)
        return lane.decode(frame)

    async def _commit(self) -> None:
        while not (self._ended and not self._ready):
            await self._wait()
            batch = self._batch()
            if batch is None:
                continue
            started = self._clock.monotonic()
            oldest = self._oldest
            written = await self._writer.commit(batch)
            for lane in self._lanes.values():
                lane.take_back(written.refused)
            self._position = batch.position
            if oldest:
                self._telemetry.add("ingest_latency_seconds", (self._clock.now() - oldest) / SECOND)
            await self._after(len(batch.changes) < self._limits.rows, started)
        await self._finish()

    async def _wait(self) -> None:
        if not self._ready and not self._ended:
            self._more.clear()
            try:
                async with asyncio.timeout(TICK):
                    await self._more.wait()
            except TimeoutError:
                return

    def _batch(self) -> Batch | None:
        """Decide over what is there, up to the limit; None where there is nothing to say."""
        batch = Batch(run=self._run, journal_id=self._journal_id, position=self._position, odds_after=self._odds_after)
        touched: set[str] = set()
        for lane in self._lanes.values():
            lane.book.begin(batch)
        self._oldest = self._ready[0].frame.received_at if self._ready and self._hooks else 0
        work = 0
        while self._ready and max(work, len(batch.changes)) < self._limits.rows:
            entry = self._ready.popleft()
            self._ready_bytes -= entry.weight
            work += 1 + len(entry.decoded)
            batch.position = entry.frame.offset
            if entry.lane is None:
                self._telemetry.add("dropped_records_total", source=entry.frame.source, stage="load", reason="unconfigured")
                continue
            self._deathmark.mark(entry.frame.offset)
            entry.lane.apply(entry.frame, entry.decoded, store_offset(self._journal_id, entry.frame.offset), batch)
            touched.add(entry.lane.source)
        self._deathmark.clear()
        self._room.set()
        self._report(batch, touched)
        return batch if touched or batch.sources or batch.position > self._position else None

    def _report(self, batch: Batch, touched: set[str]) -> None:
        for source, lane in self._lanes.items():
            if source in touched:
                lane.report(batch)
            if self._hooks is None:
                continue
            view = self._hooks.view(source)
            if source in touched or self._said(source) != (view.state, view.reason):
                self._views[source] = view
                batch.sources[source] = lane.row(view, self._hooks.silence_limit(source))
            if lane.bugs >= BUGS:
                lane.bugs = 0
                self._hooks.park(source, "bug")

    def _said(self, source: str) -> tuple[str, str] | None:
        view = self._views.get(source)
        return (view.state, view.reason) if view else None

    async def _after(self, small: bool, started: float) -> None:
        """What a commit makes possible: room in the journal, answers to gaps at the tail, and a pause."""
        epochs = [lane.applied_epoch for lane in self._lanes.values() if lane.applied_epoch]
        await self._journal.keep_from(min([self._position + 1, *epochs]))
        if self._hooks is not None and self._position >= self._journal.last():
            self._ask(self._hooks)
        rest = self._limits.pace - (self._clock.monotonic() - started)
        if small and rest > 0 and not self._ended:
            await self._clock.sleep(rest)

    def _ask(self, hooks: Hooks) -> None:
        """At the tail: ask for the images that gaps wait for, and again if they do not come."""
        now = self._clock.monotonic()
        waiting = {(source, scope) for source, lane in self._lanes.items() for scope in lane.coverage.gaps()}
        for source, scope in waiting:
            if now - self._asked.get((source, scope), -ASK_AGAIN) >= ASK_AGAIN:
                self._asked[source, scope] = now
                hooks.renew(source, scope)
        for answered in self._asked.keys() - waiting:
            del self._asked[answered]

    async def _finish(self) -> None:
        """A finite run ends with one more batch: its coverage, and its history freed of rows that say nothing new."""
        if self._hooks is not None:
            return
        batch = Batch(run=self._run, journal_id=self._journal_id, position=self._position, odds_after=self._odds_after)
        for lane in self._lanes.values():
            lane.close(batch)
        await self._writer.commit(batch)
