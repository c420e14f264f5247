"""Payloads as plain values that a mapping walks: JSON, lines of JSON, CSV, XML."""

import csv
import io
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from ingestd.errors import Malformed
from ingestd.sources.feeds.mapped import xml

Format = Literal["json", "jsonl", "csv", "xml"]
RAGGED: Final = "#ragged"
"""The member of a row that has more or fewer cells than the header: how many it has."""


class Dialect(msgspec.Struct, frozen=True):
    """How a CSV is written."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"


def reader(form: Format, dialect: Dialect) -> Callable[[bytes], object]:
    """What turns a payload into its document; it raises Malformed."""
    if form == "csv":
        return lambda payload: _csv(payload, dialect)
    return xml.parse if form == "xml" else _json


def _json(payload: bytes) -> object:
    try:
        found: object = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeError, ValueError) as error:
        raise Malformed("format", str(error)) from error
    return found


def _csv(payload: bytes, dialect: Dialect) -> list[dict[str, str]]:
    """Rows by the names of the header; blank rows and columns without a name are left out. A cell is bounded by the library (128 Ki)."""
    try:
        lines = io.StringIO(payload.decode(dialect.encoding), newline="")
        rows = [row for row in csv.reader(lines, delimiter=dialect.delimiter, strict=True) if any(map(str.strip, row))]
    except (csv.Error, UnicodeError) as error:
        raise Malformed("format", str(error)) from error
    header = [name.strip() for name in rows[0]] if rows else []
    names = [name for name in header if name]
    if len({*names}) < len(names):
        raise Malformed("header", "a column's name stands twice")
    return [_row(header, row) for row in rows[1:]]


def _row(header: list[str], row: list[str]) -> dict[str, str]:
    found = {name: cell for name, cell in zip(header, map(str.strip, row), strict=False) if name and cell}
    if len(row) != len(header):
        found[RAGGED] = str(len(row))
    return found
