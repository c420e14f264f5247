"""A file to rows, each under the header it belongs to; bounded in size, and in how much of it may be wrong.

Rows are lines: no cell of these files holds a line break, so a quote that is never closed costs one row.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from ingestd.errors import Malformed
from ingestd.model import Reject
from ingestd.sources.feeds.football_data.cells import UnfitError, order_of
from ingestd.sources.feeds.football_data.columns import Layout, is_header, read_header

LARGEST: Final = 4 << 20
"""Bytes of a file, at most; the largest there is (a country's matches since 2012) has under 1 MiB."""
MOST_ROWS: Final = 50_000
MOST_FAULTS: Final = 1_000
"""Rows and cells of a file that may be wrong; where it is more, nothing in the file is what it seems."""
_BOM: Final = b"\xef\xbb\xbf"
_PAD: Final = " \t\xa0\ufeff"
"""What stands around cells of real files and means nothing."""


class Row(Struct, frozen=True):
    """One match as it stands: ``number`` as a spreadsheet counts, the file's first line being 1."""

    number: int
    layout: Layout
    cells: tuple[str, ...]


def read(payload: bytes) -> list[Row | Reject]:
    """Rows in order, and what could not be taken. Raises Malformed where the whole file cannot."""
    if len(payload) > LARGEST:
        raise Malformed("oversize", f"{len(payload)} bytes, at most {LARGEST} are read")
    found: list[Row | Reject] = []
    faults = 0
    for row in _rows(_lines(payload)):
        found.append(row)
        faults += isinstance(row, Reject)
        hopeless(faults)
        if len(found) > MOST_ROWS:
            raise Malformed("rows", f"more than {MOST_ROWS} rows")
    _day_first([row for row in found if isinstance(row, Row)])
    return found


def hopeless(faults: int) -> None:
    """Raises Malformed once there are too many."""
    if faults > MOST_FAULTS:
        raise Malformed("hopeless", f"more than {MOST_FAULTS} of its rows and cells cannot be taken")


def refused(number: int, fault: UnfitError, name: str = "") -> Reject:
    """What is wrong with a row, or with one cell of it."""
    path = f"row[{number}].{name}" if name else f"row[{number}]"
    return Reject(stage="decode", category=fault.category, reason=fault.reason, severity="warning", path=path)


def _lines(payload: bytes) -> list[str]:
    """UTF-8, else cp1252 (which some older files are written in); LF, CRLF or CR. The last one is empty, unless the file broke off."""
    content = payload.removeprefix(_BOM)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _rows(lines: Sequence[str]) -> Iterator[Row | Reject]:
    layout: Layout | None = None
    for number, line in enumerate(lines, 1):
        try:
            cells = _cells(line)
        except UnfitError as fault:
            if layout is None:
                raise Malformed(fault.category, fault.reason) from fault
            yield refused(number, fault)
            continue
        if not any(cells):
            continue
        if layout is None or is_header(cells):
            layout = read_header(cells)
            yield from _repeated(number, layout)
        else:
            yield _row(number, layout, cells, cut=number == len(lines))
    if layout is None:
        raise Malformed("empty", "there is nothing in it, not even a header")


def _repeated(number: int, layout: Layout) -> Iterator[Reject]:
    for name in layout.repeated:
        fault = UnfitError("header", f"{name[:80]!r} stands more than once: nobody can say which is which")
        yield refused(number, fault, name[:80])


def _row(number: int, layout: Layout, cells: tuple[str, ...], *, cut: bool) -> Row | Reject:
    """Where a cell under no name says something, nobody knows what the others say: two seasons pasted under one header look like this."""
    nameless = sum(map(bool, cells[layout.width :])) + sum(bool(cells[place]) for place in layout.blank if place < len(cells))
    if nameless:
        reason = f"{nameless} cells under no name: its columns are not those of the header ({layout.width})"
        return refused(number, UnfitError("unlabelled", reason))
    if cut and len(cells) < layout.width:
        return refused(number, UnfitError("truncated", "the file breaks off in it"))
    return Row(number, layout, cells)


def _cells(line: str) -> tuple[str, ...]:
    if '"' not in line:
        return tuple(cell.strip(_PAD) for cell in line.split(","))
    try:
        (cells,) = csv.reader([line], strict=True)
    except csv.Error as error:
        raise UnfitError("quotes", f"cannot be told apart: {error}") from error
    return tuple(cell.strip(_PAD) for cell in cells)


def _day_first(rows: Sequence[Row]) -> None:
    """A file re-saved with the month first reads as another, plausible one: whatever it says is worth nothing."""
    orders = {order_of(row.layout.text(row.cells, "Date")) for row in rows}
    if -1 in orders and 1 not in orders:
        raise Malformed("date", "its dates have the month first; the files of the site have the day first")
