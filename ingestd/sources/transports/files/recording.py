"""A recorded file as a feed: its frames in order, as of the times at which they were recorded, then Finished."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ingestd.errors import Finished
from ingestd.interfaces import Clock, Decoder, Feed
from ingestd.model import SECOND, Frame, Scope, TimeRule
from ingestd.sources.kind import FeedKind
from ingestd.sources.transports.files.reading import Piece, Reader, check
from ingestd.sources.transports.files.worker import Worker

AHEAD: Final = 5 * SECOND
"""A record's own time further ahead of now than this is none (the rule for every provider's stamp)."""


def recorded(name: str, path: Path, kind: FeedKind, clock: Clock, at: int | None = None) -> Feed:
    """A feed named ``name`` that plays one file and finishes. ``at``: UTC µs for records without a time of their own.

    Raises ConfigError if the file cannot be read.
    """
    check(path)
    return _Recording(name, path, kind, clock, at)


class _Recording:
    time_rule: TimeRule = "ordered"
    silence_limit = math.inf
    renewable = False

    def __init__(self, name: str, path: Path, kind: FeedKind, clock: Clock, at: int | None) -> None:
        self._name = name
        self._path = path
        self._kind = kind
        self._clock = clock
        self._at = at

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["_Session"]:
        check(self._path)
        reader = Reader(self._path, self._kind.unit)
        session = _Session(self._name, self._path.name, reader, self._stamps(reader))
        try:
            yield session
        finally:
            await session.close()

    def decoder(self) -> Decoder:
        return self._kind.decoder(self._name)

    def _stamps(self, reader: Reader) -> "Stamps":
        return Stamps(self._kind, self._at, reader.stat.st_mtime_ns // 1_000, self._clock.now() + AHEAD)


class Stamps:
    """When each record was received: its own time, else right after the one before it; ever rising, by 1 µs on ties.

    Records before the first that has a time share that one's. Where none of the first chunk has any: ``at``, else what the feed derives
    from them, else ``modified``.
    """

    def __init__(self, kind: FeedKind, at: int | None, modified: int, latest: int) -> None:
        self._kind = kind
        self._at = at
        self._latest = latest
        self.fallback = modified if at is None else at
        self._last: int | None = None

    def of(self, pieces: Sequence[Piece]) -> list[int]:
        """UTC µs for each, in order."""
        owns = [self._own(piece, self._kind.record_time) for piece in pieces]
        if self._at is None and not any(owns):
            owns = [self._own(piece, self._kind.derived_time) for piece in pieces]
        if self._last is None:
            first = next((own for own in owns if own is not None), self.fallback)
            self._last = first - 1
        stamps = []
        for own in owns:
            self._last = max(own or 0, self._last + 1)
            stamps.append(self._last)
        return stamps

    def _own(self, piece: Piece, told: Callable[[bytes], int | None]) -> int | None:
        if piece.oversize or piece.unreadable:
            return None
        own = told(piece.payload)
        return own if own is not None and 0 < own <= self._latest else None


class _Session:
    def __init__(self, name: str, file_name: str, reader: Reader, stamps: Stamps) -> None:
        self._name = name
        self._file_name = file_name
        self._reader = reader
        self._stamps = stamps
        self._worker = Worker(self._next)
        self._opened = False

    async def read(self) -> Sequence[Frame]:
        frames = await self._worker.next()
        if not frames:
            raise Finished
        return frames

    async def renew(self, scope: Scope) -> None:
        """A recording holds what it holds: there is nobody to ask."""

    async def close(self) -> None:
        await self._worker.settle()
        self._reader.close()

    def _next(self) -> list[Frame]:
        """In the thread: the frames of the next chunk that has any; none at the end."""
        pieces: list[Piece] = []
        while not pieces and not self._reader.finished:
            pieces = self._reader.batch()
        stamps = self._stamps.of(pieces)
        frames = [Frame(self._name, "data", at, piece.payload, meta=_meta(piece)) for piece, at in zip(pieces, stamps, strict=True)]
        if not self._opened:
            self._opened = True
            at = stamps[0] if stamps else self._stamps.fallback
            frames.insert(0, Frame(self._name, "opened", at, epoch=True, meta={"recorded": "1", "path": self._file_name}))
        return frames


def _meta(piece: Piece) -> dict[str, str]:
    if piece.unreadable:
        return {"unreadable": piece.unreadable}
    return {"oversize": str(piece.oversize)} if piece.oversize else {}
