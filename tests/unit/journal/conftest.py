"""Journals in temporary directories, frames to fill them, and what is left of one when its process dies."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random

import pytest

from ingestd.clock import SystemClock
from ingestd.interfaces import Clock
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal, disk_free
from ingestd.model import Block, Frame, FrameKind

AT = 1_700_000_000_000_000
PLENTY = JournalLimits(reserve=0)


@pytest.fixture
def make() -> Callable[..., Frame]:
    """Frames with payloads that do not compress, a millisecond apart."""
    random = Random(7)
    numbers = count()

    def frame(
        source: str = "a", kind: FrameKind = "data", *, size: int = 40, token: str = "", epoch: bool = False, at: int | None = None
    ) -> Frame:
        received_at = AT + 1_000 * next(numbers) if at is None else at
        return Frame(source, kind, received_at, random.randbytes(size), token=token, epoch=epoch)

    return frame


@pytest.fixture
def entered(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[LocalJournal]]:
    """A journal, closed at the end of the block."""

    @asynccontextmanager
    async def enter(
        path: Path = tmp_path / "journal",
        *,
        limits: JournalLimits = PLENTY,
        clock: Clock | None = None,
        free: Callable[[Path], int] = disk_free,
    ) -> AsyncIterator[LocalJournal]:
        journal = await LocalJournal.open(path, clock=clock or SystemClock(), limits=limits, free=free)
        try:
            yield journal
        finally:
            await journal.close()

    return enter


@pytest.fixture
def blocks() -> Callable[..., AsyncIterator[Block]]:
    """All blocks up to what is the tail now."""

    async def read(journal: LocalJournal, after: int = 0) -> AsyncIterator[Block]:
        reading = journal.read(after)
        while after < journal.last():
            block = await anext(reading)
            after = block.last
            yield block
        await reading.aclose()  # type: ignore[attr-defined]

    return read


@pytest.fixture
def killed(tmp_path: Path) -> Callable[[LocalJournal], Path]:
    """What the disk holds of a journal if its process dies now: a copy."""
    numbers = count()

    def copy(journal: LocalJournal) -> Path:
        path = tmp_path / f"killed{next(numbers)}"
        shutil.copytree(journal.path, path)
        return path

    return copy
