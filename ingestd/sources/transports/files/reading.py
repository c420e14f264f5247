"""One file, plain or compressed, as lines or as one document, in bounded memory whatever it holds. Blocking: call it in a thread."""

import bz2
import gzip
import os
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import BinaryIO, Final, Literal, Protocol

import zstandard
from msgspec import Struct

from ingestd.errors import ConfigError

Unit = Literal["line", "document"]

CHUNK: Final = 1 << 20
"""Bytes (decompressed) worked through per call: one hop between threads serves a whole chunk."""
LONGEST_LINE: Final = 16 << 20
LONGEST_DOCUMENT: Final = 256 << 20
KEPT: Final = 64 << 10
"""Bytes kept of what is too long: enough to see what it was."""
ZSTD_SLICE: Final = 512
"""Bytes decompressed at once: a zstd block of 4 bytes may stand for 128 KiB, so this bounds a bomb to 16 MiB per step."""
DAMAGE: Final = (EOFError, OSError, zlib.error, zstandard.ZstdError)
NAMED: Final[Mapping[str, Unit]] = {".jsonl": "line", ".ndjson": "line", ".json": "document", ".csv": "document", ".xml": "document"}
PACKED: Final = frozenset((".gz", ".bz2", ".zst"))
FOREIGN: Final = {b"PK\x03\x04": "a zip archive", b"\xfd7zXZ": "xz-compressed", b"7z\xbc\xaf": "a 7z archive"}


class Piece(Struct, frozen=True):
    """One unit of a file. ``end``: bytes of decompressed content up to and including it.

    ``oversize``: it has (at least) so many bytes, and ``payload`` is only its beginning. ``unreadable``: why nothing after it can be read;
    ``payload`` is then what there is of the unit that broke off.
    """

    payload: bytes
    end: int
    oversize: int = 0
    unreadable: str = ""


class _Stream(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class _Zstd:
    """Frames of zstd, one after another; like the others it raises EOFError where the last one breaks off (zstandard's reader does not)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def read1(self, _size: int, /) -> bytes:
        while True:
            data = self._rest or self._file.read(ZSTD_SLICE)
            self._rest = b""
            if not data:
                if self._frame is not None:
                    msg = "Compressed file ended before the end-of-frame marker was reached"
                    raise EOFError(msg)
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            output = self._frame.decompress(data)
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
            if output:
                return output


class _Lines:
    """Bytes in, whole lines out; LF or CRLF, empty ones skipped."""

    def __init__(self, longest: int, position: int) -> None:
        self._longest = longest
        self._position = position
        self._held: list[bytes] = []
        self._length = 0
        self._head = b""

    def feed(self, data: bytes) -> list[Piece]:
        *whole, rest = data.split(b"\n")
        pieces = []
        for part in whole:
            self._hold(part)
            self._position += 1
            pieces += self._line()
        self._hold(rest)
        return pieces

    def end(self, unreadable: str = "") -> list[Piece]:
        """What stands after the last newline."""
        if unreadable:
            return [Piece(b"".join(self._held)[:KEPT], self._position, unreadable=unreadable)]
        return self._line()

    def _hold(self, part: bytes) -> None:
        self._length += len(part)
        self._position += len(part)
        if self._length <= self._longest:
            self._held.append(part)
        elif self._held or self._length == len(part):
            self._head = b"".join([*self._held, part])[:KEPT]
            self._held = []

    def _line(self) -> list[Piece]:
        held, length = self._held, self._length
        self._held, self._length = [], 0
        if length > self._longest:
            return [Piece(self._head, self._position, oversize=length)]
        payload = (held[0] if len(held) == 1 else b"".join(held)).removesuffix(b"\r")
        return [Piece(payload, self._position)] if payload else []


class _Document:
    """Bytes in, one document out."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held: list[bytes] = []
        self._length = 0
        self.full = False

    def feed(self, data: bytes) -> list[Piece]:
        self._held.append(data)
        self._length += len(data)
        if self._length <= self._longest:
            return []
        self.full = True
        return [Piece(b"".join(self._held)[:KEPT], self._length, oversize=self._length)]

    def end(self, unreadable: str = "") -> list[Piece]:
        payload = b"".join(self._held)
        return [Piece(payload[:KEPT] if unreadable else payload, self._length, unreadable=unreadable)]


class Reader:
    """Reads one file from ``skip`` (decompressed bytes) on. Raises OSError if it cannot be opened.

    ``tail`` False: a last line without newline is left for later. Damage (a cut archive, a failed checksum, a bad disk) ends the file with
    a piece that says so, after all that came before it.
    """

    def __init__(self, path: Path, unit: Unit, *, skip: int = 0, tail: bool = True) -> None:
        self._file = path.open("rb")
        self._tail = tail
        self.finished = False
        self.stat = os.fstat(self._file.fileno())
        stream, self.compressed = _stream(self._file)
        self._stream: _Stream = stream
        self._skip = skip
        if not self.compressed:
            self._file.seek(skip)
            self._skip = 0
        self._units = _Lines(LONGEST_LINE, skip) if unit == "line" else _Document(LONGEST_DOCUMENT)

    def batch(self) -> list[Piece]:
        """The units of about the next ``CHUNK`` of content; possibly none although not ``finished``."""
        pieces: list[Piece] = []
        size = 0
        while size < CHUNK and not self.finished:
            try:
                data = self._stream.read1(CHUNK)
            except DAMAGE as error:
                self.finished = True
                return pieces + self._units.end(str(error) or type(error).__name__)
            if not data:
                self.finished = True
                return pieces + (self._units.end() if self._tail else [])
            size += len(data)
            if self._skip:
                data, self._skip = data[self._skip :], max(0, self._skip - len(data))
            pieces += self._units.feed(data)
            self.finished = isinstance(self._units, _Document) and self._units.full
        return pieces

    def close(self) -> None:
        """Let go of the file."""
        self.finished = True
        self._file.close()


def unit_of(path: Path, otherwise: Unit) -> Unit:
    """What a file holds, by what its name ends in before ``.gz`` and the like; ``otherwise`` where the name does not say."""
    name = PurePath(path.name.lower())
    return NAMED.get(PurePath(name.stem if name.suffix in PACKED else name).suffix, otherwise)


def compressed(path: Path) -> bool:
    """Whether the file is of a kind that is unpacked while it is read. Raises OSError."""
    with path.open("rb") as file:
        return _stream(file)[1]


def check(path: Path) -> None:
    """Raises ConfigError, one line that says what to do, if this is nothing that can be read here."""
    try:
        with path.open("rb") as file:
            magic = file.read(6)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; check the name and the folder you are in") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; name the files in it") from None
    except PermissionError:
        raise ConfigError(f"{path}: may not be read by this user; change its permissions") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); copy it to a place where it can") from error
    for start, kind in FOREIGN.items():
        if magic.startswith(start):
            raise ConfigError(f"{path}: is {kind}; unpack it first (plain, .gz, .bz2 and .zst are read as they are)")


def _stream(file: BinaryIO) -> tuple[_Stream, bool]:
    """What a file holds is told by its first bytes, not by its name."""
    magic = file.read(4)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file), True
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(file), True
    if magic == b"\x28\xb5\x2f\xfd":
        return _Zstd(file), True
    return file, False  # type: ignore[return-value]  # opened "rb" it is a BufferedReader
