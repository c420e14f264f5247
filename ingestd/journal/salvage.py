"""Reads a damaged segment page by page, past SQLite: a wrong byte costs the rows of its page, not the file.

Source: https://www.sqlite.org/fileformat2.html, sections 1.6 (b-tree pages) and 2.1 (record format). Every row proves itself by its
digest, so nothing that was not written can come out.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ingestd.journal.codec import Row, Unreadable, intact, told
from ingestd.journal.segment import PAGE

_LEAF: Final = 0x0D
_COLUMNS: Final = 5
_LARGEST_LOCAL: Final = PAGE - 35
_SMALLEST_LOCAL: Final = (PAGE - 12) * 32 // 255 - 23
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_ONE: Final = 9
_BLOB: Final = 12


class Salvage:
    """What can still be read of a segment: found once, read again on demand."""

    def __init__(self, path: Path) -> None:
        """Look at every page. Raises OSError where the file cannot be opened."""
        self._path = path
        self._places: dict[int, tuple[int, int, bool]] = {}
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for page in range(1, os.fstat(handle).st_size // PAGE + 1):
                self._look(handle, page)
        finally:
            os.close(handle)
        self._firsts = sorted(self._places)

    def forward(self, position: int) -> Iterator[Row]:
        """Rows whose summary is right, in order, from the one that may hold ``position``; their data may be damaged."""
        return self._rows(self._firsts[max(bisect_right(self._firsts, position) - 1, 0) :])

    def backward(self, position: int) -> Iterator[Row]:
        """The same, newest first."""
        return self._rows(self._firsts[: bisect_right(self._firsts, position)][::-1])

    def _rows(self, firsts: list[int]) -> Iterator[Row]:
        handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for first in firsts:
                page, index, _ = self._places[first]
                row = _row(handle, page, index)
                if row is not None:
                    yield row
        finally:
            os.close(handle)

    def _look(self, handle: int, page: int) -> None:
        for index in range(_cells(handle, page)):
            row = _row(handle, page, index)
            if row is None:
                continue
            whole = intact(row)
            # a page that was moved leaves copies of rows behind: any whole one will do
            if whole or row.first not in self._places:
                self._places[row.first] = (page, index, whole)


def _cells(handle: int, page: int) -> int:
    content = _page(handle, page)
    start = 100 if page == 1 else 0
    if len(content) < PAGE or content[start] != _LEAF:
        return 0
    return min(int.from_bytes(content[start + 3 : start + 5]), PAGE // 4)


def _page(handle: int, page: int) -> bytes:
    try:
        return os.pread(handle, PAGE, (page - 1) * PAGE)
    except OSError:
        # a sector that the disk will not give back is a page that holds no row
        return b""


def _row(handle: int, page: int, index: int) -> Row | None:
    """The row in a cell of a leaf page; None where it is none, or not what was written."""
    try:
        row = _record(*_cell(handle, page, index))
        told(row)
    except (IndexError, Unreadable):
        return None
    return row


def _cell(handle: int, page: int, index: int) -> tuple[int, bytes]:
    """Row id and record, gathered over its overflow pages."""
    content = _page(handle, page)
    pointer = (108 if page == 1 else 8) + 2 * index
    size, at = _varint(content, int.from_bytes(content[pointer : pointer + 2]))
    row_id, at = _varint(content, at)
    if size <= _LARGEST_LOCAL:
        return row_id, content[at : at + size]
    local = _SMALLEST_LOCAL + (size - _SMALLEST_LOCAL) % (PAGE - 4)
    if local > _LARGEST_LOCAL:
        local = _SMALLEST_LOCAL
    if size > os.fstat(handle).st_size:
        raise Unreadable("longer than its file")
    parts = [content[at : at + local]]
    following, missing = content[at + local : at + local + 4], size - local
    while missing > 0:
        content = _page(handle, int.from_bytes(following))
        if len(content) < PAGE:
            raise Unreadable("cut short")
        parts.append(content[4 : 4 + missing])
        following, missing = content[:4], missing - (PAGE - 4)
    return row_id, b"".join(parts)


def _record(row_id: int, record: bytes) -> Row:
    at_end, at = _varint(record, 0)
    kinds = []
    while at < at_end:
        kind, at = _varint(record, at)
        kinds.append(kind)
    if len(kinds) != _COLUMNS:
        raise Unreadable("not a row of frames")
    count, at = _integer(record, at_end, kinds[1])
    blobs = []
    for kind in kinds[2:]:
        if kind < _BLOB or kind % 2:
            raise Unreadable("not a row of frames")
        size = (kind - _BLOB) // 2
        blobs.append(record[at : at + size])
        at += size
    return Row(row_id, count, *blobs)


def _integer(record: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind > _ONE:
        raise Unreadable("not a row of frames")
    if kind == _ONE:
        return 1, at
    size = _INTEGER_BYTES[kind]
    return int.from_bytes(record[at : at + size], signed=True), at + size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A SQLite integer of variable length (positive ones only: positions and sizes), and where it ends."""
    value = 0
    for index in range(8):
        byte = content[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
            return value, at + index + 1
    return value << 8 | content[at + 8], at + 9
