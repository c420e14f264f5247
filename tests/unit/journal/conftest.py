"""Journals in temporary directories, frames to fill them, and what is left of one when its process dies."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random

import pytest

from ingestd.clock import SystemClock
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal, disk_free
from ingestd.model import Block, Frame, FrameKind

AT = 1_700_000_000_000_000
PLENTY = JournalLimits(reserve=0)


class Journals:
    """Opens, fills, reads and copies journals below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._random = Random(7)
        self._numbers = count()

    @asynccontextmanager
    async def entered(
        self, path: Path | None = None, *, limits: JournalLimits = PLENTY, free: Callable[[Path], int] = disk_free
    ) -> AsyncIterator[LocalJournal]:
        """A journal, closed at the end of the block."""
        journal = await LocalJournal.open(path or self.directory / "journal", clock=SystemClock(), limits=limits, free=free)
        try:
            yield journal
        finally:
            await journal.close()

    def make(
        self, source: str = "a", kind: FrameKind = "data", *, size: int = 40, token: str = "", epoch: bool = False, at: int | None = None
    ) -> Frame:
        """A frame with a payload that does not compress, a millisecond after the one before."""
        received_at = AT + 1_000 * next(self._numbers) if at is None else at
        return Frame(source, kind, received_at, self._random.randbytes(size), token=token, epoch=epoch)

    async def fill(self, journal: LocalJournal, groups: int, size: int, source: str = "a") -> list[Frame]:
        """Append equal groups; returns all their frames."""
        frames = [[self.make(source) for _ in range(size)] for _ in range(groups)]
        for group in frames:
            await journal.append(group)
        return [frame for group in frames for frame in group]

    async def blocks(self, journal: LocalJournal, after: int = 0) -> AsyncIterator[Block]:
        """All blocks up to what is the tail now."""
        reading = journal.read(after)
        while after < journal.last():
            block = await anext(reading)
            after = block.last
            yield block
        await reading.aclose()

    async def read_all(self, journal: LocalJournal, after: int = 0) -> tuple[list[Frame], list[tuple[int, int]]]:
        """All frames and all lost stretches."""
        frames: list[Frame] = []
        lost: list[tuple[int, int]] = []
        async for block in self.blocks(journal, after):
            frames += block.frames
            if block.lost:
                lost.append((block.lost.first, block.lost.last))
        return frames, lost

    def killed(self, journal: LocalJournal) -> Path:
        """What the disk holds of a journal if its process dies now: a copy."""
        path = self.directory / f"killed{next(self._numbers)}"
        shutil.copytree(journal.path, path)
        return path


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    """Journals below a temporary directory."""
    return Journals(tmp_path)


@asynccontextmanager
async def small_disk(path: Path, size: str) -> AsyncIterator[Path]:
    """A real file system of a given size."""
    if await run("mkdir", str(path)) or await run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)):
        pytest.skip("mounting a tmpfs needs root")
    try:
        yield path
    finally:
        busy = await run("umount", str(path))
        if busy:
            await run("umount", "--lazy", str(path))
    assert not busy, "something still holds the disk"


async def run(*words: str) -> int:
    """The exit code of a command; -1 where it does not exist."""
    try:
        process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    except FileNotFoundError:
        return -1
    return await process.wait()
