"""A passage of a source's frames, from an epoch on and as long as somebody listens; and single frames, by their positions."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from ingestd.journal.excerpt import durable, reading, state_of
from ingestd.model import Block, Frame


class Archive:
    """What a journal holds of one source at this moment: read only, beside the daemon that may be writing it."""

    def __init__(self, path: Path, source: str) -> None:
        """Raises ConfigError where there is no journal."""
        state = state_of(path)
        self.path = path
        self.source = source
        self.uid = state.uid
        self.first = state.extents[0].first if state.extents else 0
        """Position of the oldest frame of any source (0: there is none)."""
        self.last = durable(path)
        with closing(reading(path)) as reader:
            found = [
                (first + index, at)
                for first, told in reader.told_backward(source, self.last)
                for index, at, _ in reversed(told.epochs)
                if first + index <= self.last
            ]
        self._epochs = [position for position, _ in reversed(found)]
        self._began = [at for _, at in reversed(found)]

    def epoch_of(self, position: int) -> int:
        """Where the epoch of a frame begins (0: that is not there, or the frame itself is not)."""
        place = bisect_right(self._epochs, position)
        return self._epochs[place - 1] if place and self.first <= position <= self.last else 0

    def epoch_at(self, moment: int) -> int:
        """Where the epoch in force at a time (UTC µs) begins, else the first there is (0: none)."""
        place = bisect_right(self._began, moment)
        return self._epochs[max(place - 1, 0)] if self._epochs else 0

    def frame(self, position: int) -> Frame | None:
        """One frame of any source; None where it is no longer there."""
        return frame_at(self.path, position) if self.first <= position <= self.last else None


def frame_at(path: Path, position: int) -> Frame | None:
    """One frame of a journal; None where it is not there. Raises ConfigError where there is no journal."""
    state_of(path)
    if position > durable(path):
        return None
    with closing(reading(path)) as reader:
        block = reader.block(position - 1, position)
    return block.frames[0] if block and block.frames and block.frames[0].offset == position else None


def frames_around(path: Path, position: int, reach: int) -> list[Frame]:
    """Frames of any source at most so many positions away. Raises ConfigError where there is no journal."""
    state_of(path)
    after, upto = max(position - reach - 1, 0), min(position + reach, durable(path))
    found: list[Frame] = []
    with closing(reading(path)) as reader:
        while (block := reader.block(after, upto)) is not None:
            found += block.frames
            after = block.last
    return [frame for frame in found if frame.offset <= upto]


class Passage:
    """``interfaces.Readable``: frames of an archive from ``begin`` on, until ``enough`` says so or there are no more."""

    def __init__(self, archive: Archive, begin: int, enough: Callable[[], bool]) -> None:
        self._archive = archive
        self._begin = begin
        self._enough = enough
        self.uid = archive.uid

    async def read(self, after: int) -> AsyncGenerator[Block, None]:
        """Its frames behind ``after``, in blocks, and what is lost between them."""
        reader, last = reading(self._archive.path), self._archive.last
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "journal-passage") as thread:
            try:
                while not self._enough() and (block := await loop.run_in_executor(thread, reader.block, after, last)) is not None:
                    after = block.last
                    yield Block([frame for frame in block.frames if frame.source == self._archive.source], after, block.lost)
            finally:
                reader.close()

    async def epoch_at(self, source: str, position: int) -> int:
        """It begins with an epoch."""
        return self._begin

    def last(self) -> int:
        """Position of the last frame that may belong to it."""
        return self._archive.last

    async def keep_from(self, position: int) -> None:
        """Nothing of a journal goes because it was read again."""
