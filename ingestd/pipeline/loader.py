"""Journal to store: reads frames, decodes ahead while a commit runs, decides after it, commits; one loop for every run."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from ingestd.batch import Batch, store_offset
from ingestd.interfaces import Clock, Deathmark, Readable, Renew, Telemetry
from ingestd.model import SECOND, Block, Frame, Run
from ingestd.pipeline.ahead import Entry, decoded, fitting
from ingestd.pipeline.freshness import Freshness
from ingestd.pipeline.herald import Herald
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.standing import CollectorView
from ingestd.pipeline.turns import Turn, Turns
from ingestd.pipeline.wishes import Wishes
from ingestd.pipeline.writer import Writer

SLICE: Final = 256
SLICE_BYTES: Final = 64 * 1024
"""Frames and updates, or bytes of frames, that are worked on before others get the loop: some 5 ms of work."""
AHEAD_BYTES: Final = 32 * 1024 * 1024
"""Bytes of frames decoded and not yet committed, at most (the last frame may exceed it)."""
TICK: Final = 1.0
"""Seconds after which a change of a source's state is written though no frame came."""


class Limits(Struct, frozen=True, kw_only=True):
    """When a batch is full (rows of history), and the least time between two commits, in seconds."""

    rows: int = 5_000
    pace: float = 0.01


class Hooks(Struct, frozen=True, kw_only=True):
    """How the loader reaches back: a fresh image, parking a source, what collectors say of themselves, whether the journal is full."""

    renew: Renew
    park: Callable[[str, str], None]
    view: Callable[[str], CollectorView]
    silence_limit: Callable[[str], int]
    full: Callable[[], bool]


class Loader:
    """The loop of one run. ``hooks`` None: a finite run, whose source has no row of its own and whose journal is sealed."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        run: Run,
        journal: Readable,
        journal_id: int,
        lanes: Mapping[str, Lane],
        learner: Learner,
        writer: Writer,
        clock: Clock,
        telemetry: Telemetry,
        deathmark: Deathmark,
        *,
        limits: Limits,
        hooks: Hooks | None = None,
        turns: Turns | None = None,
        odds_after: int | None = None,
    ) -> None:
        self._run = run
        self._journal = journal
        self._journal_id = journal_id
        self._lanes = lanes
        self._learner = learner
        self._writer = writer
        self._clock = clock
        self._telemetry = telemetry
        self._deathmark = deathmark
        self.limits = limits
        self._hooks = hooks
        self._turns = turns or Turns()
        self._odds_after = odds_after
        self._ready: deque[Entry] = deque()
        self._ready_bytes = 0
        self._oldest = self._taken = self.loaded = 0
        """``loaded``: frames whose effect came into the store since this began."""
        self._position = self._reached = self._died_on = 0
        self._ended = False
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self.written: Counter[str] = Counter()
        """Rows written so far, by table."""
        self._views: dict[str, CollectorView] = {}
        self._wishes: Wishes | None = None
        self._herald = Herald(telemetry)
        self.freshness = Freshness(telemetry)
        self.beat = clock.monotonic()
        """When the loop last came by, on the monotonic clock."""

    async def run(self, position: int) -> None:
        """Go on behind ``position`` until the journal is sealed and read; returns when all of it is committed."""
        self._position = self._writer.status.position = position
        if self._hooks is not None:
            self._wishes = Wishes(self._lanes, self._journal, self._clock, self._hooks.renew, self._hooks.full)
        # before anything is committed: a commit lets go of what no epoch in use needs
        start = position
        for lane in self._lanes.values():
            lane.begin(await self._journal.epoch_at(lane.source, position))
            if lane.applied_epoch:
                start = min(start, lane.applied_epoch - 1)
        self._reached = start
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._decode(start, position), name="decode")
                group.create_task(self._commit(), name="commit")
        finally:
            if self._died_on:
                self._deathmark.mark(self._died_on)

    async def _decode(self, start: int, position: int) -> None:
        """Read from the oldest epoch in use: what lies behind ``position`` goes on, what lies before rebuilds decoders only."""
        async for block in self._journal.read(start):
            await self._decode_block(block, position)
        self._ended = True
        self._more.set()

    async def _decode_block(self, block: Block, position: int) -> None:
        lost = block.lost
        if lost is not None and lost.last > position:
            self._telemetry.fact("journal.damaged", first=lost.first, last=lost.last, reason=lost.reason)
            for source in lost.sources or self._lanes:
                if source in self._lanes:
                    self._lanes[source].reader.lost()
        count = weight = 0
        for frame in block.frames:
            while self._turns.hold_up(frame):
                self._reached = frame.offset - 1
                self._tell()
                await self._turns.another()
            try:
                count += 1 + self._take(frame, rebuild=frame.offset <= position)
            except BaseException:
                self._died_on = frame.offset
                raise
            weight += frame.weight
            if count >= SLICE or weight >= SLICE_BYTES or self._full():
                count = weight = 0
                await self._rest()
        self._reached = block.last
        await self._rest()

    async def _rest(self) -> None:
        """Others get the loop, for as long as too much is decoded ahead."""
        self._tell()
        await self._clock.sleep(0)
        while self._full():
            self._room.clear()
            await self._room.wait()

    def _tell(self) -> None:
        self._deathmark.clear()
        self._more.set()

    def _full(self) -> bool:
        return len(self._ready) > 4 * self.limits.rows or self._ready_bytes > AHEAD_BYTES

    def _take(self, frame: Frame, *, rebuild: bool) -> int:
        """Decode a frame; returns the number of updates in it."""
        lane = self._lanes.get(frame.source)
        found = decoded(lane, frame, self._deathmark, rebuild=rebuild) if lane is not None else []
        if not rebuild:
            entry = Entry(lane, frame, found)
            self._ready.append(entry)
            self._ready_bytes += entry.weight
        return len(found)

    async def _commit(self) -> None:
        while not (self._ended and not self._ready):
            await self._wait()
            coming = fitting(self._ready, self.limits.rows)
            if coming:
                await self._learner.learn((entry.frame.source, entry.decoded) for entry in coming)
            self.beat = self._clock.monotonic()
            # found before the batch, carried out behind it: of a lane that goes, the batch has the last word
            turns = self._due()
            began = self._clock.monotonic()
            batch = await self._batch(len(coming))
            if coming:
                self._telemetry.add("transform_duration_seconds", self._clock.monotonic() - began)
            if batch is not None:
                await self._write(batch)
            elif self._wishes is not None:
                await self._wish(self._wishes)
            for turn in turns:
                await self._turns.carry_out(turn)
        await self._finish()

    async def _write(self, batch: Batch) -> None:
        started, oldest = self._clock.monotonic(), self._oldest
        written = await self._writer.commit(batch)
        self.beat = self._clock.monotonic()
        for lane in self._lanes.values():
            lane.committed(written.refused)
        self.written.update(written.rows)
        self._position = batch.position
        self.loaded += self._taken
        if oldest:
            self._telemetry.add("ingest_latency_seconds", (self._clock.now() - oldest) / SECOND)
            self.freshness.committed(self._clock.now())
        await self._after(len(batch.changes) < self.limits.rows, started)

    def _due(self) -> list[Turn]:
        return self._turns.due(self._ready[0].frame.offset - 1 if self._ready else self._reached)

    async def _wait(self) -> None:
        if not self._ready and not self._ended and not self._due():
            self._more.clear()
            try:
                async with asyncio.timeout(TICK):
                    await self._more.wait()
            except TimeoutError:
                return

    async def _batch(self, coming: int) -> Batch | None:
        """Decide over the first entries that wait, slice by slice; None where there is nothing to say."""
        batch = Batch(run=self._run, journal_id=self._journal_id, position=self._position, odds_after=self._odds_after)
        touched: dict[str, Entry] = {}
        for lane in self._lanes.values():
            lane.book.begin(batch)
        self._oldest = self._ready[0].frame.received_at if self._ready and self._hooks else 0
        self._taken = count = 0
        while coming > self._taken and len(batch.changes) < self.limits.rows:
            if count >= SLICE:
                count = 0
                self._deathmark.clear()
                await self._clock.sleep(0)
            self._taken += 1
            entry = self._ready.popleft()
            self._ready_bytes -= entry.weight
            batch.position = entry.frame.offset
            count += 1 + len(entry.decoded)
            if entry.lane is None:
                self._telemetry.add("dropped_records_total", source=entry.frame.source, stage="load", reason="unconfigured")
                continue
            self._apply(entry.lane, entry, batch)
            touched[entry.lane.source] = entry
        self._deathmark.clear()
        self._room.set()
        self._report(batch, touched)
        self._herald.tell(batch)
        return batch if touched or batch.sources or batch.position > self._position else None

    def _apply(self, lane: Lane, entry: Entry, batch: Batch) -> None:
        offset = entry.frame.offset
        self._deathmark.mark(offset)
        try:
            lane.apply(entry.frame, entry.decoded, store_offset(self._journal_id, offset), batch)
        except BaseException:
            self._died_on = offset
            raise

    def _report(self, batch: Batch, touched: Mapping[str, Entry]) -> None:
        for source, lane in self._lanes.items():
            if source in touched:
                lane.report(batch)
            if self._hooks is None:
                continue
            if source in touched:
                self.freshness.see(touched[source].frame, touched[source].decoded)
            view, said = self._hooks.view(source), self._views.get(source)
            if source in touched or said is None or (said.state, said.reason) != (view.state, view.reason):
                self._views[source] = view
                batch.sources[source] = lane.row(view, self._hooks.silence_limit(source))
            if lane.failed():
                self._hooks.park(source, "bug")

    async def _after(self, small: bool, started: float) -> None:
        """What a commit makes possible: room in the journal, answers to gaps at the tail, and a pause."""
        if self._wishes is None:
            # nobody goes on with a finite run that broke off: no epoch is needed again
            await self._journal.keep_from(self._position + 1)
        else:
            await self._wish(self._wishes)
        rest = self.limits.pace - (self._clock.monotonic() - started)
        if small and rest > 0 and not self._ended:
            await self._clock.sleep(rest)

    async def _wish(self, wishes: Wishes) -> None:
        await wishes.keep(self._position)
        wishes.answer(self._position)

    async def _finish(self) -> None:
        """A finite run ends with one more batch: its coverage, and its history freed of rows that say nothing new."""
        if self._hooks is not None:
            return
        batch = Batch(run=self._run, journal_id=self._journal_id, position=self._position, odds_after=self._odds_after)
        for lane in self._lanes.values():
            lane.close(batch)
        self.written.update((await self._writer.commit(batch)).rows)
