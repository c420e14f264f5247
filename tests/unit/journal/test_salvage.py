"""Rows out of a file that SQLite gives up on."""

import os
from pathlib import Path
from random import Random

import pytest

from ingestd.journal.codec import NO_TAIL, Packer, Row, intact
from ingestd.journal.salvage import Salvage
from ingestd.journal.segment import PAGE, SegmentWriter
from ingestd.model import Frame


@pytest.fixture
def written(tmp_path: Path) -> list[Row]:
    """A finished segment ``s`` with rows from 100 bytes to a megabyte, single frames and thousands."""
    random = Random(3)
    tails = {"a": NO_TAIL}
    rows: list[Row] = []
    first = 1 << 36
    writer = SegmentWriter(tmp_path / "s", "uid")
    for size, length in [(20, 1), (300, 1), (10, 4_000), (3_900, 1), (3_950, 1), (4_000, 1), (4_100, 1), (8_000, 3), (1_000_000, 1)] * 3:
        packed = Packer().pack([Frame("a", "data", 1, random.randbytes(size)) for _ in range(length)], first, tails)
        writer.append(packed)
        rows += packed
        first = packed[-1].last + 1
    writer.finish()
    return rows


def test_finds_everything_in_a_sound_file(tmp_path: Path, written: list[Row]) -> None:
    """Rows of all sizes, in both directions, from any position."""
    salvage = Salvage(tmp_path / "s")
    middle = written[10]
    assert list(salvage.forward(0)) == written
    assert list(salvage.backward(1 << 50)) == written[::-1]
    assert list(salvage.forward(middle.last)) == written[10:]
    assert list(salvage.backward(middle.first)) == written[10::-1]
    assert all(map(intact, salvage.forward(0)))


def test_without_its_first_pages(tmp_path: Path, written: list[Row]) -> None:
    """Header, schema and root of the tree are not needed."""
    with (tmp_path / "s").open("r+b") as file:
        file.write(bytes(2 * PAGE))
    assert list(Salvage(tmp_path / "s").forward(0)) == written


def test_a_wrong_page_costs_its_rows(tmp_path: Path, written: list[Row]) -> None:
    """Overwriting any one page with noise loses what it held; what is left is true."""
    content = (tmp_path / "s").read_bytes()
    pages = len(content) // PAGE
    for page in range(0, pages, max(pages // 40, 1)):
        noisy = content[: page * PAGE] + b"\x0d" + Random(page).randbytes(PAGE - 1) + content[(page + 1) * PAGE :]
        (tmp_path / "s").write_bytes(noisy)
        found = [row for row in Salvage(tmp_path / "s").forward(0) if intact(row)]
        assert set(found) <= set(written)
        assert len(found) >= len(written) - 4


def test_a_file_cut_short(tmp_path: Path, written: list[Row]) -> None:
    """What stands before the cut is found."""
    size = (tmp_path / "s").stat().st_size
    os.truncate(tmp_path / "s", size // 2)
    found = [row for row in Salvage(tmp_path / "s").forward(0) if intact(row)]
    assert found == written[: len(found)]
    assert len(written) // 3 < len(found) < len(written)


def test_nothing_in_nothing(tmp_path: Path) -> None:
    """Empty files and noise hold no rows."""
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(b"\x0d" * PAGE * 3)
    assert list(Salvage(tmp_path / "empty").forward(0)) == []
    assert list(Salvage(tmp_path / "noise").forward(0)) == []


def test_of_two_copies_the_whole_one_counts(tmp_path: Path, written: list[Row]) -> None:
    """Pages that were moved may leave worse copies of their rows behind."""
    content = (tmp_path / "s").read_bytes()
    at = content.index(written[0].data)
    page = bytearray(content[at // PAGE * PAGE : (at // PAGE + 1) * PAGE])
    page[at % PAGE] ^= 0xFF
    (tmp_path / "s").write_bytes(content + page)
    assert list(Salvage(tmp_path / "s").forward(0)) == written
