"""Watches files and folders: what is new, what has grown, what was replaced; never half of a file that is still being written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import xxhash
from msgspec import Struct

from ingestd.errors import Disconnected, Finished
from ingestd.interfaces import Clock
from ingestd.sources.transports.files.reading import Piece, Reader, Unit, compressed
from ingestd.sources.transports.files.worker import Worker

HEAD: Final = 4_096
"""Bytes at the start of a file by which one that was rewritten in place is told from one that has grown."""
MOST_FILES: Final = 256
"""Files a token names, about 100 bytes each; of older ones it says only that whatever was last changed before is done."""

Look = tuple[int, int, int]
"""Inode, size, time of modification (ns) of a file."""


class FilePiece(Struct, frozen=True):
    """A unit of a file: which file, when that was last modified (UTC µs), and the unit. ``first``: the file begins (again) with it."""

    path: str
    modified_at: int
    piece: Piece
    first: bool


class _Seen(Struct, array_like=True):
    """How far a file was read. ``head``: digest of its first ``head_size`` bytes. ``size`` -1: not yet to its end."""

    inode: int
    size: int
    modified: int
    head_size: int
    head: str
    offset: int


class _Token(Struct):
    before: int
    files: dict[str, _Seen]


class _Open(Struct):
    reader: Reader
    path: Path
    look: Look
    seen: _Seen
    tail: bool
    first: bool


class Folder:
    """Yields the units of ``paths`` (files, folders, patterns), oldest file first; ``resume`` is an earlier ``token``.

    Lines of a plain file are taken as soon as they are whole, and go on from there when it grows. A document, a compressed file or a
    last line without newline is taken once the file has looked the same for ``poll`` seconds. A replaced file (other inode, shorter, other
    beginning, or touched at the same size) is read from its start. Names that begin with a dot or end in ``~``, ``.tmp`` or ``.part`` are
    left alone. ``follow`` False: Finished once all is read.
    """

    def __init__(self, paths: Sequence[str], unit: Unit, clock: Clock, *, poll: float = 1.0, follow: bool = True, resume: str = "") -> None:
        self._paths = paths
        self._unit = unit
        self._clock = clock
        self._poll = poll
        self._follow = follow
        state = msgspec.json.decode(resume, type=_Token) if resume else _Token(0, {})
        self._before = state.before
        self._seen = state.files
        self._since: dict[Path, tuple[Look, float]] = {}
        self._settled = False
        self._idle = False
        self._open: _Open | None = None
        self._worker = Worker(self._work)

    @property
    def token(self) -> str:
        """Where to go on after everything that ``read`` has returned so far."""
        return msgspec.json.encode(_Token(self._before, self._seen)).decode()

    async def read(self) -> list[FilePiece]:
        """The next units; none after a look that found nothing new. Raises Disconnected where a path is gone or cannot be listed."""
        if self._idle:
            await self._clock.sleep(self._poll)
            self._idle = False
        pieces = await self._worker.next()
        if self._open is None and not pieces:
            if self._settled and not self._follow:
                raise Finished
            self._idle = True
        return pieces

    async def close(self) -> None:
        """Let go of the file at hand."""
        await self._worker.settle()
        if self._open is not None:
            self._open.reader.close()

    def _work(self) -> list[FilePiece]:
        """In the thread: some units of the file at hand, or of the next one that wants reading."""
        if self._open is not None:
            return self._batch(self._open)
        try:
            looks = {path: _look(path) for path in listed(self._paths)}
        except OSError as error:
            raise Disconnected("unreadable", str(error)) from error
        now = self._clock.monotonic()
        kept = {path: since for path, since in self._since.items() if looks.get(path) == since[0]}
        self._since = {path: kept.get(path, (look, now)) for path, look in looks.items()}
        self._seen = {path: seen for path, seen in self._seen.items() if Path(path) in looks}
        steady = {path for path, (_, since) in self._since.items() if now - since >= self._poll}
        self._settled = len(steady) == len(looks)
        for path, look in sorted(looks.items(), key=lambda item: item[1][2]):
            if not self._known(path, look):
                pieces = self._begin(path, look, steady=path in steady)
                if pieces or self._open is not None:
                    return pieces
        return []

    def _known(self, path: Path, look: Look) -> bool:
        seen = self._seen.get(str(path))
        return look[2] <= self._before if seen is None else (seen.inode, seen.size, seen.modified) == look

    def _begin(self, path: Path, look: Look, *, steady: bool) -> list[FilePiece]:
        seen = self._seen.get(str(path))
        try:
            plain = self._unit == "line" and not compressed(path)
            if not plain and not steady:
                return []
            offset = seen.offset if seen is not None and _continues(path, look, seen, plain=plain) else 0
            head_size = min(HEAD, look[1])
            now = _Seen(look[0], -1, look[2], head_size, _head(path, head_size), offset)
            reader = Reader(path, self._unit, skip=offset, tail=steady)
        except FileNotFoundError:
            return []
        except OSError as error:
            self._seen[str(path)] = _Seen(*look, 0, "", 0)
            return [FilePiece(str(path), look[2] // 1_000, Piece(b"", 0, unreadable=str(error)), first=True)]
        self._open = _Open(reader, path, look, now, steady, offset == 0)
        return self._batch(self._open)

    def _batch(self, at: _Open) -> list[FilePiece]:
        pieces = at.reader.batch()
        change = self._change(at)
        if change == "replaced" or (change == "grown" and at.tail and at.reader.finished):
            # what was just read may be half old, half new, or half a line: read it again once it is steady
            at.reader.close()
            self._open = None
            if change == "replaced":
                self._seen.pop(str(at.path), None)
            return []
        found = [FilePiece(str(at.path), at.look[2] // 1_000, piece, first=at.first and piece is pieces[0]) for piece in pieces]
        if pieces:
            at.first = False
            at.seen.offset = pieces[-1].end
        if at.reader.finished:
            at.reader.close()
            # without its tail it is known only as far as it was taken
            at.seen.size = at.look[1] if at.tail else min(at.seen.offset, at.look[1])
            self._open = None
        self._seen[str(at.path)] = at.seen
        self._forget()
        return found

    def _change(self, at: _Open) -> str:
        try:
            look = _look(at.path)
        except OSError:
            return "replaced"
        if look == at.look:
            return ""
        plain = self._unit == "line" and not at.reader.compressed
        return "grown" if plain and look[0] == at.look[0] and look[1] > at.look[1] else "replaced"

    def _forget(self) -> None:
        while len(self._seen) > MOST_FILES:
            oldest = min(self._seen, key=lambda path: self._seen[path].modified)
            self._before = max(self._before, self._seen.pop(oldest).modified)


def listed(paths: Sequence[str]) -> list[Path]:
    """The files that ``paths`` stand for now. Raises OSError where one that is no pattern is not there."""
    found: list[Path] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            found += path.iterdir()
        elif any(sign in name for sign in "*?["):
            found += Path(path.anchor).glob(str(path.relative_to(path.anchor)))
        else:
            path.stat()
            found.append(path)
    return [path for path in found if path.is_file() and not path.name.startswith(".") and not path.name.endswith(("~", ".tmp", ".part"))]


def _continues(path: Path, look: Look, seen: _Seen, *, plain: bool) -> bool:
    """Whether what was read of a file is still its beginning."""
    inode, size, modified = look
    if inode != seen.inode or size < seen.head_size or _head(path, seen.head_size) != seen.head:
        return False
    if plain:
        return size > seen.size and size >= seen.offset
    return seen.size < 0 and modified == seen.modified


def _look(path: Path) -> Look:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _head(path: Path, size: int) -> str:
    with path.open("rb") as file:
        return xxhash.xxh3_64_hexdigest(file.read(size))
