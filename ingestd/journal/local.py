"""The journal of one machine: SQLite segments in a directory that one process holds."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from msgspec.structs import replace

from ingestd.errors import JournalFull
from ingestd.interfaces import Clock
from ingestd.journal import segment
from ingestd.journal.appender import Appender
from ingestd.journal.cells import Acknowledged
from ingestd.journal.limits import JournalLimits
from ingestd.journal.opening import lock, make_directory, recover
from ingestd.journal.reader import LiveDamaged, Reader
from ingestd.journal.tails import find_damage, find_epoch, resumable
from ingestd.model import Block, Frame, Lost, SourceTail
from ingestd.threads import apart

__all__ = ["JournalLimits", "LocalJournal", "disk_free"]

T = TypeVar("T")


def disk_free(path: Path) -> int:
    """Bytes that this user may still write to the disk of ``path``."""
    return shutil.disk_usage(path).free


class LocalJournal:
    """Durable frames in order (``interfaces.Journal``).

    One thread writes, each reader has its own: the event loop never waits for the disk.
    ``damage`` names every stretch found lost so far.
    """

    def __init__(self, path: Path, handle: int, acknowledged: Acknowledged, appender: Appender, writing: ThreadPoolExecutor) -> None:
        """Use ``open``."""
        self.path = path
        self.uid = appender.uid
        self.damage: list[Lost] = []
        self._handle = handle
        self._acknowledged = acknowledged
        self._appender = appender
        self._writing = writing
        self._asking = ThreadPoolExecutor(1, "journal-ask")
        self._checked_from = appender.last + 1
        self._changed = asyncio.Event()
        self._sealed = False
        self._appending = 0

    @classmethod
    async def open(cls, path: Path, *, clock: Clock, limits: JournalLimits, free: Callable[[Path], int] = disk_free) -> Self:
        """Enter a journal, or make one (directory 0700, files 0600). Damage never stops it.

        Raises InUse, ConfigError, or JournalFull where not even the last process's log can be settled. ``free`` tells the bytes that
        are left on the disk.
        """
        writing = ThreadPoolExecutor(1, "journal-write")
        try:
            return await asyncio.get_running_loop().run_in_executor(writing, partial(cls._enter, path, clock, limits, free, writing))
        except BaseException:
            writing.shutdown(wait=False)
            raise

    @classmethod
    def _enter(cls, path: Path, clock: Clock, limits: JournalLimits, free: Callable[[Path], int], writing: ThreadPoolExecutor) -> Self:
        with ExitStack() as undo:
            try:
                make_directory(path)
                handle = lock(path)
                undo.callback(os.close, handle)
                acknowledged = Acknowledged(path / "acknowledged")
                undo.callback(acknowledged.close)
                state = recover(path, acknowledged)
                journal = cls(path, handle, acknowledged, Appender(path, state, acknowledged, limits, clock, free), writing)
            except (sqlite3.Error, OSError) as error:
                if not segment.is_full(error):
                    raise
                raise JournalFull(f"journal {path} cannot be opened, the disk is full: {error}") from error
            undo.pop_all()
        return journal

    async def append(self, frames: Sequence[Frame]) -> int:
        """Make a group durable; gives each frame its ordinal and offset, returns the last position.

        Cancelling the caller does not stop it: the group is written whole. Raises JournalFull with nothing written; the same frames
        may be appended again.
        """
        if self._sealed:
            raise RuntimeError("the journal is sealed")
        if not frames:
            return self.last()
        future = asyncio.get_running_loop().run_in_executor(self._writing, self._appender.append, frames)
        self._appending += 1
        future.add_done_callback(self._appended)
        return await asyncio.shield(future)

    async def read(self, after: int) -> AsyncGenerator[Block, None]:
        """What lies behind ``after``, in blocks of some 256 frames, then what comes; ends at the tail once sealed.

        A stretch that cannot be read is a block of its own that says what is lost; reading goes on behind it.
        """
        reader = self._reader()
        thread = ThreadPoolExecutor(1, "journal-read")
        try:
            while True:
                changed, upto = self._changed, self.last()
                if after < upto:
                    block = await self._ask(thread, partial(reader.block, after, upto))
                    if block is None:
                        after = upto
                        continue
                    if block.lost:
                        self._found([block.lost])
                    after = block.last
                    yield block
                elif self._sealed and not self._appending:
                    return
                else:
                    await changed.wait()
        finally:
            # behind whatever the thread is still doing, when the reader was cancelled
            closing = asyncio.get_running_loop().run_in_executor(thread, reader.close)
            thread.shutdown(wait=False)
            await asyncio.shield(closing)

    async def tail_of(self, source: str) -> SourceTail:
        """Token, epoch and count of a source, from its frames. The token is ``""`` if any frame of its epoch may be lost."""
        tail = await asyncio.get_running_loop().run_in_executor(self._writing, self._appender.tail, source)
        if tail.token:
            await self._ask(self._asking, partial(self._check, tail.epoch))
            if not resumable(tail, source, self.damage):
                return replace(tail, token="")
        return tail

    async def epoch_at(self, source: str, position: int) -> int:
        """Position of the last frame of a source, up to ``position``, that began an epoch; 0 if none."""
        upto = min(position, self.last())
        return await self._ask(self._asking, partial(self._find_epoch, source, upto))

    def first(self) -> int:
        """Position of the oldest frame still there (0: empty)."""
        extents = self._appender.extents
        return extents[0].first if extents and extents[0].first <= self.last() else 0

    def last(self) -> int:
        """Position of the newest durable frame (0: empty)."""
        return self._appender.last

    def size(self) -> int:
        """Bytes on disk."""
        return self._appender.size()

    def written(self) -> int:
        """Bytes of rows appended by this process."""
        return self._appender.written

    def errors(self) -> Mapping[str, int]:
        """How often this process's disk would not take a group, by why: ``full``, or ``io``."""
        return self._appender.errors

    async def keep_from(self, position: int) -> None:
        """Frames before ``position`` may go when their time or their room is needed. Forgotten at a restart: nothing goes until told."""
        self._appender.keep = position

    def adopt(self, limits: JournalLimits) -> None:
        """Keep to these limits from the next group on; the bytes of a segment from the next segment on."""
        self._appender.limits = limits

    def seal(self) -> None:
        """No more appends: readers end at the tail."""
        self._sealed = True
        self._wake()

    async def close(self) -> None:
        """Seal, finish what is being written, and let go of the directory. Readers may still read to the end."""
        self.seal()
        loop = asyncio.get_running_loop()
        await apart(self._asking.shutdown)
        try:
            await loop.run_in_executor(self._writing, self._appender.close)
        finally:
            self._writing.shutdown()
            self._acknowledged.close()
            os.close(self._handle)

    async def _ask(self, thread: ThreadPoolExecutor, ask: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(thread, ask)
        except LiveDamaged:
            await loop.run_in_executor(self._writing, self._appender.rotate)
            return await loop.run_in_executor(thread, ask)

    def _reader(self) -> Reader:
        return Reader(self.path, lambda: self._appender.extents)

    def _find_epoch(self, source: str, upto: int) -> int:
        with closing(self._reader()) as reader:
            return find_epoch(reader, source, upto)

    def _check(self, begin: int) -> None:
        """Read everything of earlier openings from ``begin`` on, once: a resumed session must not build on what is gone."""
        if begin < self._checked_from:
            with closing(self._reader()) as reader:
                self._found(find_damage(reader, begin - 1, self._checked_from - 1))
            self._checked_from = begin

    def _found(self, damage: Sequence[Lost]) -> None:
        self.damage += [lost for lost in damage if lost not in self.damage]

    def _appended(self, _: asyncio.Future[int]) -> None:
        self._appending -= 1
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
