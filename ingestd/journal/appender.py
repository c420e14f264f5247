"""The writing side of a journal: positions, the segment at hand, room. Everything here runs on the one thread that writes."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from msgspec.structs import replace

from ingestd.errors import JournalFull
from ingestd.interfaces import Clock
from ingestd.journal import segment
from ingestd.journal.cells import Acknowledged
from ingestd.journal.codec import Packer, Row
from ingestd.journal.limits import JournalLimits
from ingestd.journal.opening import RESERVE
from ingestd.journal.reader import LiveDamaged, Reader
from ingestd.journal.segment import SegmentWriter
from ingestd.journal.state import DAMAGED, Extent, State, save
from ingestd.journal.tails import find_tail
from ingestd.model import Frame, SourceTail

T = TypeVar("T")

_OVERHEAD: Final = 4 * segment.PAGE
"""Bytes that a group may take beyond its rows: pages begun, and the tree above them."""


class Appender:
    """Owns the state of the journal; other threads read ``extents``, ``last``, ``size``, ``written`` and ``errors`` only."""

    def __init__(
        self,
        directory: Path,
        state: State,
        acknowledged: Acknowledged,
        limits: JournalLimits,
        clock: Clock,
        free: Callable[[Path], int],
    ) -> None:
        self._directory = directory
        self._state = state
        self._acknowledged = acknowledged
        self.limits = limits
        self._clock = clock
        self._free = free
        self._packer = Packer()
        self._tails: dict[str, SourceTail] = {}
        self._next = state.reserved
        self._live: SegmentWriter | None = None
        self._newest = 0
        self._sources: set[str] = set()
        self._settled = self._measure()
        self.last = max([acknowledged.position, *(extent.last for extent in state.extents)])
        """Position of the newest durable frame."""
        self.keep = 0
        """Frames before this position may go."""
        self.written = 0
        """Bytes of rows appended by this process."""
        self.errors: Counter[str] = Counter()
        """Times that the disk would not take a group: ``full``, or ``io``."""

    @property
    def uid(self) -> str:
        """Name of the journal."""
        return self._state.uid

    @property
    def extents(self) -> tuple[Extent, ...]:
        """What the segments hold, oldest first; the one being written has ``last`` 0."""
        return self._state.extents

    def size(self) -> int:
        """Bytes on disk."""
        live = self._live
        return self._settled + (segment.size_of(live.path) if live else 0)

    def tail(self, source: str) -> SourceTail:
        """The tail of a source as far as its frames can be read."""
        known = self._tails.get(source)
        if known is None:
            known = self._tails[source] = self._despite_damage(partial(self._find_tail, source))
        return known

    def append(self, frames: Sequence[Frame]) -> int:
        """Make a group durable. Raises JournalFull with nothing written; any other error leaves no trace either."""
        failures = 0
        while True:
            try:
                return self._append(frames)
            except (sqlite3.Error, OSError) as error:
                self.errors["full" if segment.is_full(error) else "io"] += 1
                if segment.is_io(error) and self._live and not failures:
                    # what this handle wrote last is in doubt: its positions are given up, and the group goes elsewhere
                    failures += 1
                    self._abandon()
                    self._next += len(frames)
                elif segment.is_full(error):
                    self._give_way(error)
                else:
                    raise

    def rotate(self) -> None:
        """Finish the segment at hand. If its log cannot be moved into the file now, it stays: readers use it, and an opening settles it."""
        if not self._live:
            return
        try:
            self._live.finish()
        except sqlite3.Error:
            self._abandon()
        else:
            self._ended(self._live)

    def close(self) -> None:
        """Finish the segment at hand and write down how far it went."""
        try:
            if self._live:
                self.rotate()
                self._save(self._state)
        except OSError as error:
            if not segment.is_full(error):
                raise

    def _append(self, frames: Sequence[Frame]) -> int:
        tails = {source: self.tail(source) for source in {frame.source for frame in frames}}
        if self._next + len(frames) > self._state.reserved:
            self._reserve(self._next + len(frames) + RESERVE)
        rows = self._packer.pack(frames, self._next, tails)
        self._make_room(sum(len(row.data) + len(row.summary) for row in rows) + _OVERHEAD)
        if self._live and self._live.bytes >= self.limits.rotate_at:
            self.rotate()
            self._retire()
        live = self._live or self._start()
        live.append(rows)
        self.written += sum(len(row.data) + len(row.summary) for row in rows)
        self._appended(rows, tails)
        self._settle(live)
        return self.last

    def _appended(self, rows: Sequence[Row], tails: dict[str, SourceTail]) -> None:
        self.last = rows[-1].last
        self._next = self.last + 1
        self._acknowledged.acknowledge(self.last)
        self._tails.update(tails)
        self._sources.update(tails)
        self._newest = max(self._newest, *(tail.received_at for tail in tails.values()))

    def _settle(self, live: SegmentWriter) -> None:
        try:
            live.settle()
        except sqlite3.Error as error:
            if segment.is_io(error):
                self._abandon()
            elif not segment.is_full(error):
                raise

    def _start(self) -> SegmentWriter:
        extent = Extent(first=self._next)
        # only an attempt that failed can have left a file of this name: positions never repeat
        segment.remove(self._directory / extent.name)
        live = SegmentWriter(self._directory / extent.name, self.uid)
        try:
            # listed before its first frame: a file that is not listed never held one
            self._save(replace(self._state, extents=(*self._state.extents, extent)))
        except BaseException:
            live.finish()
            segment.remove(live.path)
            raise
        self._live, self._newest, self._sources = live, 0, set()
        return live

    def _abandon(self) -> None:
        if self._live:
            self._live.abandon()
            self._ended(self._live)

    def _ended(self, live: SegmentWriter) -> None:
        self._live = None
        *others, extent = self._state.extents
        if self.last >= extent.first:
            others.append(replace(extent, last=self.last, newest=self._newest, sources=tuple(sorted(self._sources))))
            self._settled += segment.size_of(live.path)
        else:
            segment.remove(live.path)
        self._state = replace(self._state, extents=tuple(others))

    def _reserve(self, upto: int) -> None:
        self._save(replace(self._state, reserved=upto))

    def _retire(self) -> None:
        """Let go of what is both old and not needed."""
        before = self._clock.now() - self.limits.retain
        count = 0
        for extent in self._state.extents:
            if not (0 < extent.last < self.keep and extent.newest < before):
                break
            count += 1
        if count:
            self._discard(count)

    def _make_room(self, need: int) -> None:
        while problem := self.limits.problem(self.size(), self._free(self._directory), need):
            if not self._oldest_may_go():
                raise JournalFull(f"journal {self._directory}: {problem}, and nothing from position {self.keep} on may go yet")
            self._discard(1)

    def _give_way(self, error: Exception) -> None:
        """The disk is full in earnest: delete what may go, or say so."""
        try:
            if self._oldest_may_go():
                self._discard(1)
                return
        except OSError as again:
            if not segment.is_full(again):
                raise
        raise JournalFull(f"journal {self._directory}: {error}") from error

    def _oldest_may_go(self) -> bool:
        """Whether the oldest segment holds nothing that is needed; if it is the one at hand, it is ended where it stands."""
        if len(self._state.extents) == 1 and 0 < self.last < self.keep:
            self._abandon()
        return bool(self._state.extents) and 0 < self._state.extents[0].last < self.keep

    def _discard(self, count: int) -> None:
        """Delete the oldest segments, and what was set aside before them."""
        gone, kept = self._state.extents[:count], self._state.extents[count:]
        state = replace(self._state, extents=kept)
        try:
            self._save(state)
        except OSError as error:
            if not segment.is_full(error):
                raise
            # on a full disk the room has to come first; a crash in between names as missing what nobody needs
            self._state = state
            self._delete(gone)
            self._save(state)
        else:
            self._delete(gone)
        self._settled = self._measure()

    def _delete(self, extents: Sequence[Extent]) -> None:
        for extent in extents:
            segment.remove(self._directory / extent.name)
        for path in self._directory.glob(f"*{DAMAGED}"):
            if path.name <= extents[-1].name + DAMAGED:
                path.unlink()

    def _save(self, state: State) -> None:
        save(self._directory, state)
        self._state = state

    def _measure(self) -> int:
        """Bytes of everything but the segment at hand."""
        live = f"{self._live.path.name}" if self._live else "-"
        total = 0
        for path in self._directory.iterdir():
            if not path.name.startswith(live):
                total += path.stat().st_size
        return total

    def _find_tail(self, source: str) -> SourceTail:
        # a reader that stayed would hold on to a finished segment, and SQLite to every handle that was ever closed on it
        with closing(Reader(self._directory, lambda: self._state.extents)) as reader:
            return find_tail(reader, source, self.last)

    def _despite_damage(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except LiveDamaged:
            self.rotate()
            return ask()
