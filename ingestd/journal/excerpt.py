"""What a journal holds of one source between two moments: read only, beside the daemon that may be writing it."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from ingestd.errors import ConfigError
from ingestd.journal.cells import Acknowledged
from ingestd.journal.reader import Reader
from ingestd.journal.state import State, load
from ingestd.model import Block, Frame


class Excerpt:
    """``interfaces.Readable``. It begins with the epoch in force at ``since`` (else with the first there is) and ends before ``until``.

    Times: UTC µs. Segments that retention takes meanwhile are not lost, and frames that come meanwhile do not belong to it.
    """

    def __init__(self, path: Path, source: str, since: int, until: int) -> None:
        """Raises ConfigError where there is no journal."""
        self._path = path
        self._source = source
        self._until = until
        self.uid = state_of(path).uid
        self._last = durable(path)
        with closing(reading(path)) as reader:
            self.begin = _epoch(reader, source, since, self._last)
            """Position of its first frame (0: it has none)."""
            block = reader.block(self.begin - 1, self.begin) if self.begin else None
        self.first: Frame | None = block.frames[0] if block and block.frames else None

    async def read(self, after: int) -> AsyncGenerator[Block, None]:
        """Its frames behind ``after``, in blocks, and what is lost between them."""
        reader = reading(self._path)
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "journal-excerpt") as thread:
            try:
                while (block := await loop.run_in_executor(thread, reader.block, after, self._last)) is not None:
                    after = block.last
                    frames = [frame for frame in block.frames if frame.source == self._source]
                    wanted = [frame for frame in frames if frame.received_at < self._until]
                    yield Block(wanted, after, block.lost)
                    if len(wanted) < len(frames):
                        return
            finally:
                reader.close()

    async def epoch_at(self, source: str, position: int) -> int:
        """It begins with an epoch."""
        return self.begin

    def last(self) -> int:
        """Position of the last frame that may belong to it."""
        return self._last

    async def keep_from(self, position: int) -> None:
        """Nothing of a journal goes because it was replayed."""


def reading(path: Path) -> Reader:
    """A reader of a journal as it is at each look; opened and closed by whoever reads."""
    return Reader(path, lambda: state_of(path).extents)


def durable(path: Path) -> int:
    """Position of the last frame of a journal that is durable."""
    with closing(Acknowledged(path / "acknowledged")) as acknowledged:
        return acknowledged.position


def state_of(path: Path) -> State:
    """What a journal says of itself. Raises ConfigError where there is none."""
    state = load(path)
    if state is None:
        raise ConfigError(f"journal.path: {path} holds no journal; see the daemon's configuration")
    return state


def _epoch(reader: Reader, source: str, since: int, last: int) -> int:
    """Position of the last epoch of the source that began by ``since``, else of its first."""
    found = 0
    for first, one in reader.told_backward(source, last):
        for index, at, _ in reversed(one.epochs):
            found = first + index
            if at <= since:
                return found
    return found
