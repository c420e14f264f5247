"""Recorded files as a feed: their frames in order, as of the times at which they were recorded, then Finished."""

import math
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

from ingestd.errors import Finished
from ingestd.interfaces import Clock, Decoder, Feed
from ingestd.model import SECOND, Frame, Scope, TimeRule
from ingestd.sources.kind import FeedKind
from ingestd.sources.transports.files.reading import Piece, Reader, check, unit_of
from ingestd.sources.transports.files.worker import Worker

AHEAD: Final = 5 * SECOND
"""A record's own time further ahead of now than this is none (the rule for every provider's stamp)."""


def recorded(name: str, paths: Sequence[Path], kind: FeedKind, clock: Clock, at: int | None = None) -> Feed:
    """A feed named ``name`` that plays files and finishes. ``at``: UTC µs for records without a time of their own.

    Several are played one after another, by the times of their first records, however they are given. Raises ConfigError for one that
    cannot be read; what becomes unreadable later is said in its place, and the others go on.
    """
    for path in paths:
        check(path)
    return _Recording(name, paths, kind, clock, at)


class _Recording:
    time_rule: TimeRule = "ordered"
    silence_limit = math.inf
    renewable = False

    def __init__(self, name: str, paths: Sequence[Path], kind: FeedKind, clock: Clock, at: int | None) -> None:
        self._name = name
        self._paths = paths
        self._kind = kind
        self._clock = clock
        self._at = at

    @asynccontextmanager
    async def connect(self, resume: str) -> AsyncIterator["_Session"]:
        for path in self._paths:
            check(path)
        session = _Session(_Player(self._name, self._paths, self._kind, self._at, self._clock.now() + AHEAD))
        try:
            yield session
        finally:
            await session.close()

    def decoder(self) -> Decoder:
        return self._kind.decoder(self._name)


class Stamps:
    """When each record was received: its own time, else right after the one before it; ever rising, by 1 µs on ties.

    Records of a file before its first that has a time share that one's. Where none of the first chunk has any: ``at``, else what the
    feed derives from them, else when the file was modified.
    """

    def __init__(self, kind: FeedKind, at: int | None, latest: int) -> None:
        self._kind = kind
        self._at = at
        self._latest = latest
        self._last = -1
        self._begins = True
        self.fallback = 0

    def begin(self, modified: int) -> None:
        """A file begins, last modified then."""
        self.fallback = modified if self._at is None else self._at
        self._begins = True

    def of(self, pieces: Sequence[Piece]) -> list[int]:
        """UTC µs for each, in order."""
        owns = [self._own(piece, self._kind.record_time) for piece in pieces]
        if self._at is None and not any(owns):
            owns = [self._own(piece, self._kind.derived_time) for piece in pieces]
        if self._begins and pieces:
            first = next((own for own in owns if own is not None), self.fallback)
            self._last = max(self._last, first - 1)
            self._begins = False
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


class _Player:
    """Files, one after another, in chunks of frames. Blocking."""

    def __init__(self, name: str, paths: Sequence[Path], kind: FeedKind, at: int | None, latest: int) -> None:
        self._name = name
        self._paths = paths
        self._kind = kind
        self._at = at
        self._latest = latest

    def play(self) -> Generator[list[Frame], None, None]:
        """``opened`` stands before all, at the time of the first record."""
        paths = self._paths if len(self._paths) == 1 else sorted(self._paths, key=self._begins)
        stamps = Stamps(self._kind, self._at, self._latest)
        opened = False
        for path in paths:
            for frames in self._frames(path, stamps):
                yield frames if opened else [self._opened(frames[0].received_at, paths), *frames]
                opened = True
        if not opened:
            yield [self._opened(stamps.fallback, paths)]

    def _opened(self, at: int, paths: Sequence[Path]) -> Frame:
        return Frame(self._name, "opened", at, epoch=True, meta={"recorded": "1", "path": paths[0].name})

    def _frames(self, path: Path, stamps: Stamps) -> Iterator[list[Frame]]:
        """One file; the first frame of each of several says which."""
        where = {"path": path.name} if len(self._paths) > 1 else {}
        for pieces in self._pieces(path, stamps):
            frames = [
                Frame(self._name, "data", at, piece.payload, meta=_meta(piece)) for piece, at in zip(pieces, stamps.of(pieces), strict=True)
            ]
            if frames:
                frames[0].meta.update(where)
                where = {}
                yield frames

    def _begins(self, path: Path) -> tuple[int, str, str]:
        """What the order of files follows: the time of the first record, then the name."""
        stamps = Stamps(self._kind, self._at, self._latest)
        first = next((stamps.of(pieces)[0] for pieces in self._pieces(path, stamps) if pieces), stamps.fallback)
        return first, path.name, str(path)

    def _pieces(self, path: Path, stamps: Stamps) -> Iterator[list[Piece]]:
        """The chunks of a file; one that went away since it was named is a piece that says so."""
        try:
            reader = Reader(path, unit_of(path, self._kind.unit))
        except OSError as error:
            stamps.begin(self._latest - AHEAD)
            yield [Piece(b"", 0, unreadable=str(error))]
            return
        with closing(reader):
            stamps.begin(reader.stat.st_mtime_ns // 1_000)
            while not reader.finished:
                yield reader.batch()


class _Session:
    def __init__(self, player: _Player) -> None:
        self._chunks = player.play()
        self._worker: Worker[list[Frame]] = Worker(lambda: next(self._chunks, []))

    async def read(self) -> Sequence[Frame]:
        frames = await self._worker.next()
        if not frames:
            raise Finished
        return frames

    async def renew(self, scope: Scope) -> None:
        """A recording holds what it holds: there is nobody to ask."""

    async def close(self) -> None:
        await self._worker.settle()
        self._chunks.close()


def _meta(piece: Piece) -> dict[str, str]:
    if piece.unreadable:
        return {"unreadable": piece.unreadable}
    return {"oversize": str(piece.oversize)} if piece.oversize else {}
