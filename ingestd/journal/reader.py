"""Reads positions in order across segments; whatever should be there and cannot be read is named as lost."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final

from ingestd.journal import segment
from ingestd.journal.codec import Row, Told, Unpacker, Unreadable, intact, told
from ingestd.journal.salvage import Salvage
from ingestd.journal.state import Extent
from ingestd.model import Block, Frame, Lost

BLOCK_FRAMES: Final = 256
"""Frames after which a block is handed out; one row more may come in."""
BLOCK_BYTES: Final = 4 * 1024 * 1024
"""Payload bytes after which a block is handed out; one row more may come in."""


class LiveDamaged(Exception):
    """The segment that is being written cannot be read; only once it is finished can it be salvaged."""


class Reader:
    """One reading position's connection; owned by one thread at a time."""

    def __init__(self, directory: Path, extents: Callable[[], tuple[Extent, ...]]) -> None:
        self._directory = directory
        self._extents = extents
        self._unpacker = Unpacker()
        self._connection: sqlite3.Connection | None = None
        self._connected = Extent(first=0)
        self._salvage: tuple[int, Salvage] | None = None

    def block(self, after: int, upto: int) -> Block | None:
        """What comes next after ``after``, up to ``upto`` (durable); None if nothing is left of it. Raises LiveDamaged."""
        frames: list[Frame] = []
        size = 0
        for piece in self.pieces(after, upto):
            found = piece if isinstance(piece, Lost) else self._unpack(piece, after)
            if isinstance(found, Lost):
                return Block(frames, frames[-1].offset) if frames else Block([], found.last, found)
            frames += found
            size += sum(len(frame.payload) for frame in found)
            if len(frames) >= BLOCK_FRAMES or size >= BLOCK_BYTES:
                break
        return Block(frames, frames[-1].offset) if frames else None

    def pieces(self, after: int, upto: int) -> Iterator[Row | Lost]:
        """Rows that are as they were written, and what is lost between them, in order, from after ``after`` to ``upto``."""
        for extent in self._extents():
            begin, end = max(after + 1, extent.first), min(extent.last or upto, upto)
            if begin <= end:
                yield from self._segment(extent, begin, end)

    def told_backward(self, source: str, upto: int) -> Iterator[tuple[int, Told]]:
        """What rows say of a source, newest first (position of the row, summary); segments without the source are not opened."""
        for extent in reversed(self._extents()):
            if extent.first > upto or (extent.sources and source not in extent.sources):
                continue
            for row in self._summaries(extent, min(extent.last or upto, upto)):
                yield from ((row.first, one) for one in told(row) if one.source == source)

    def close(self) -> None:
        """Let go of the segment at hand."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _unpack(self, row: Row, after: int) -> list[Frame] | Lost:
        try:
            frames = self._unpacker.frames(row)
        except Unreadable as error:
            return Lost(max(row.first, after + 1), row.last, tuple(one.source for one in told(row)), str(error))
        return frames[max(after + 1 - row.first, 0) :]

    def _segment(self, extent: Extent, begin: int, end: int) -> Iterator[Row | Lost]:
        expected = begin
        reason = "rows are missing"
        try:
            for row in takewhile(lambda row: row.first <= end, segment.forward(self._connect(extent), begin)):
                _demand(row, expected)
                yield row
                expected = row.last + 1
        except segment.DAMAGE as error:
            reason = str(error)
        if expected > end or not self._held(extent):
            return
        if not extent.last:
            raise LiveDamaged(reason)
        if not (self._directory / extent.name).exists():
            reason = "the file is not there"
        yield from self._salvaged(extent, expected, end, f"{extent.name}: {reason}")

    def _salvaged(self, extent: Extent, expected: int, end: int, reason: str) -> Iterator[Row | Lost]:
        for row in takewhile(lambda row: row.first <= end, self._salvage_of(extent, expected, backward=False)):
            if row.last < expected:
                continue
            if row.first > expected:
                yield Lost(expected, row.first - 1, extent.sources, reason)
                expected = row.first
            yield row if intact(row) else Lost(expected, row.last, tuple(one.source for one in told(row)), reason)
            expected = row.last + 1
        if expected <= end:
            yield Lost(expected, end, extent.sources, reason)

    def _summaries(self, extent: Extent, upto: int) -> Iterator[Row]:
        """Rows without data, newest first, as far as they can be read."""
        try:
            for row in segment.backward(self._connect(extent), upto):
                _demand(row, upto, data=False)
                yield row
                upto = row.first - 1
            if upto < extent.first:
                return
        except segment.DAMAGE as error:
            if not extent.last and self._held(extent):
                raise LiveDamaged(str(error)) from error
        yield from self._salvage_of(extent, upto, backward=True)

    def _salvage_of(self, extent: Extent, position: int, *, backward: bool) -> Iterator[Row]:
        try:
            if self._salvage is None or self._salvage[0] != extent.first:
                self._salvage = (extent.first, Salvage(self._directory / extent.name))
            salvage = self._salvage[1]
            yield from salvage.backward(position) if backward else salvage.forward(position)
        except FileNotFoundError:
            return

    def _connect(self, extent: Extent) -> sqlite3.Connection:
        if self._connection is None or self._connected != extent:
            self.close()
            self._connection = segment.open_reader(self._directory / extent.name, live=not extent.last)
            self._connected = extent
        return self._connection

    def _held(self, extent: Extent) -> bool:
        """Whether the segment should still be there: one that retention took is no loss."""
        return any(held.first == extent.first for held in self._extents())


def _demand(row: Row, position: int, *, data: bool = True) -> None:
    """Raises Unreadable unless the row is what was written and holds the position."""
    told(row)
    if not row.first <= position <= row.last:
        raise Unreadable("rows are missing")
    if data and not intact(row):
        raise Unreadable("data and checksum differ")
