"""A file to rows: encodings, line ends, layouts, and what is refused as a whole."""

import time
import tracemalloc
from contextlib import suppress

import pytest

from ingestd.errors import Malformed
from ingestd.model import Reject
from ingestd.sources.feeds.football_data.sheet import LARGEST, Row, read

HEADER = b"Div,Date,HomeTeam,AwayTeam,FTHG,FTAG,FTR\n"


def rows(payload: bytes) -> list[tuple[int, tuple[str, ...]]]:
    """Those that can be read."""
    return [(row.number, row.cells) for row in read(payload) if isinstance(row, Row)]


def faults(payload: bytes) -> list[tuple[str, str]]:
    """Those that cannot: path and category."""
    return [(row.path, row.category) for row in read(payload) if isinstance(row, Reject)]


@pytest.mark.parametrize(
    "payload",
    [
        HEADER + b"E9,13/08/22,A,B,1,0,H\n",
        b"\xef\xbb\xbf" + (HEADER + b"E9,13/08/22,A,B,1,0,H\n").replace(b"\n", b"\r\n"),
        (HEADER + b"E9,13/08/22,A,B,1,0,H\n").replace(b"\n", b"\r"),
        HEADER + b"\xa0E9 ,13/08/22,A\xa0,B,1\xa0,0,H\n",
        HEADER + b'E9,13/08/22,"A","B",1,0,"H"\n',
        HEADER + b"E9,13/08/22,A,B,1,0,H,,,,\n",
        HEADER + b"E9,13/08/22,A,B,1,0,H",
    ],
)
def test_ways_to_write_it(payload: bytes) -> None:
    """One row, whoever saved the file."""
    ((number, cells),) = rows(payload)
    assert (number, cells[:7]) == (2, ("E9", "13/08/22", "A", "B", "1", "0", "H"))
    assert faults(payload) == []


def test_older_files_are_in_cp1252() -> None:
    """A byte that is no UTF-8 makes it that; one that it lacks shows."""
    assert [cells[2:4] for _, cells in rows(HEADER + b"E9,13/08/22,Malm\xf6,B\x9d,1,0,H\n")] == [("Malmö", "B\ufffd")]


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    """Blank ones, of commas or of nothing, are passed over; the header is 1."""
    assert [number for number, _ in rows(HEADER + b"E9,13/08/22,A,B\n,,,,,,\n\n \xc2\xa0,,\nE9,14/08/22,A,C\n")] == [2, 6]


def test_a_second_header_changes_the_layout() -> None:
    """For the rows behind it."""
    found = [
        row
        for row in read(HEADER + b"E9,13/08/22,A,B,1,0,H\nDiv,Date,HomeTeam,AwayTeam,B365H\nE9,14/08/22,A,B,1.5\n")
        if isinstance(row, Row)
    ]
    assert [row.layout.text(row.cells, "B365H") for row in found] == ["", "1.5"]
    assert [row.layout.text(row.cells, "FTHG") for row in found] == ["1", ""]


def test_cells_under_no_name() -> None:
    """Beyond the header, or under an empty cell of it: nobody knows what the others say."""
    assert faults(HEADER + b"E9,13/08/22,A,B,1,0,H,,1.5\n") == [("row[2]", "unlabelled")]
    assert faults(HEADER.replace(b"FTHG", b"") + b"E9,13/08/22,A,B,1,0,H\n") == [("row[2]", "unlabelled")]


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    """No cell holds a line break."""
    payload = HEADER + b'E9,13/08/22,"A,B,1,0,H\nE9,14/08/22,A,B,1,0,H\n' + b'E9,15/08/22,"A"x,B,1,0,H\n'
    assert (faults(payload), [number for number, _ in rows(payload)]) == ([("row[2]", "quotes"), ("row[4]", "quotes")], [3])


def test_a_file_that_breaks_off() -> None:
    """Its last row may end in the middle of a number."""
    assert faults(HEADER + b"E9,13/08/22,A,B,1,0,H\nE9,14/08/22,A,C,1") == [("row[3]", "truncated")]
    assert faults(HEADER + b"E9,13/08/22,A,B,1,0,H\nE9,14/08/22,A,C,1\n") == []


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        (b"", "empty"),
        (b"\n,,,\n", "empty"),
        (b"<html>busy</html>", "format"),
        (b'{"a": 1}', "format"),
        ("Div,Date".encode("utf-16"), "format"),
        (b"\0" * 1000, "format"),
        (b'"' + b"x" * 200_000, "quotes"),
        (HEADER + b'E9,13/08/22,"\n' * 1_001, "hopeless"),
        (HEADER + b"a,\n" * 50_001, "rows"),
        (b"E9,13/08/22,A,B,1,0,H\n", "format"),
        (HEADER + b"E9,08/13/22,A,B,1,0,H\nE9,08/09/22,A,C,1,0,H\n", "date"),
        (b"x" * (LARGEST + 1), "oversize"),
    ],
)
def test_no_results_file(payload: bytes, category: str) -> None:
    """Refused whole."""
    with pytest.raises(Malformed) as caught:
        read(payload)
    assert caught.value.category == category


def test_one_odd_date_does_not_make_a_file_month_first() -> None:
    """Another one proves that the day comes first."""
    assert len(rows(HEADER + b"E9,08/13/22,A,B\nE9,13/08/22,A,C\n")) == 2


@pytest.mark.parametrize(
    "payload",
    [
        HEADER + b'E9,13/08/22,"' + b"x" * 3_900_000,
        HEADER + b"a,\n" * 1_300_000,
        HEADER + b"," * 3_900_000,
        HEADER + b'"\n' * 1_900_000,
        HEADER.replace(b"\n", b",") + b"c," * 1_900_000,
    ],
    ids=["cell", "rows", "columns", "quotes", "header"],
)
def test_bounds(payload: bytes) -> None:
    """The largest file allowed, of any shape, costs some seconds and less than a gibibyte."""
    tracemalloc.start()
    began = time.process_time()
    with suppress(Malformed):
        read(payload)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (time.process_time() - began < 30, peak < 1 << 30) == (True, True)
