"""Files of every kind as units: by content, over members, up to where they break, in bounded memory."""

import bz2
import gzip
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import zstandard

from ingestd.errors import ConfigError
from ingestd.sources.transports.files import reading
from ingestd.sources.transports.files.reading import Piece, Reader, Unit, check, compressed, unit_of

Pack = Callable[[bytes], bytes]
PACKS: dict[str, Pack] = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstandard.ZstdCompressor().compress}
LINES = [f'{{"pt":{number},"text":"{"x" * (number % 50)}"}}'.encode() for number in range(60_000)]


def read(path: Path, *, skip: int = 0, tail: bool = True) -> list[Piece]:
    """All pieces of a file of lines."""
    reader = Reader(path, "line", skip=skip, tail=tail)
    pieces: list[Piece] = []
    while not reader.finished:
        pieces += reader.batch()
    reader.close()
    return pieces


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be; its name tells nothing."""
    return tmp_path / "recorded.bin"


@pytest.mark.parametrize("pack", [bytes, *PACKS.values()], ids=["plain", *PACKS])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_every_line_once_whatever_the_packing(path: Path, pack: Pack, ending: bytes) -> None:
    """More than a chunk of lines, the last without newline, empty ones between: exactly the lines, by content and not by name."""
    path.write_bytes(pack(ending.join([LINES[0], b"", *LINES[1:]])))
    assert [piece.payload for piece in read(path)] == LINES
    assert compressed(path) == (pack is not bytes)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_members_follow_each_other(path: Path, pack: Pack) -> None:
    """Archives that were appended to are read to the end, across a line that lies in two of them."""
    path.write_bytes(pack(b"one\ntw") + pack(b"o\n") + pack(b"three\n"))
    assert [piece.payload for piece in read(path)] == [b"one", b"two", b"three"]


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_cut_archive_gives_all_before_the_cut_and_says_so(path: Path, pack: Pack) -> None:
    """A broken download loses what is behind the break, and nobody takes the rest for the whole."""
    # poorly compressible, so that the cut falls inside
    chance = random.Random(1)
    lines = [chance.randbytes(60).hex().encode() for _ in range(20_000)]
    packed = pack(b"\n".join(lines))
    path.write_bytes(packed[: len(packed) // 2])
    *whole, broken = read(path)

    assert len(whole) > 5_000
    assert [piece.payload for piece in whole] == lines[: len(whole)]
    assert broken.unreadable
    assert lines[len(whole)].startswith(broken.payload)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_garbage_inside_is_damage_not_a_crash(path: Path, pack: Pack) -> None:
    """Flipped bytes in the middle end the file with a reason."""
    packed = bytearray(pack(b"\n".join(LINES)))
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(64)
    path.write_bytes(packed)
    assert read(path)[-1].unreadable


def test_a_line_too_long_is_cut_and_the_next_is_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless line costs no more memory than is kept of it; its length is told, its neighbours are untouched."""
    monkeypatch.setattr(reading, "LONGEST_LINE", 1_000_000)
    path.write_bytes(b"before\n" + b"a" * 5_000_000 + b"\nafter\n" + b"b" * 1_000_001)
    before, long, after, last = read(path)

    assert (before.payload, after.payload) == (b"before", b"after")
    assert (long.oversize, long.payload) == (5_000_000, b"a" * reading.KEPT)
    assert (last.oversize, last.payload) == (1_000_001, b"b" * reading.KEPT)


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
@pytest.mark.parametrize("unit", ["line", "document"])
def test_a_bomb_stays_small(path: Path, pack: Pack, unit: reading.Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 MiB out of a few bytes: one oversize piece, and never more than a fraction of it in memory."""
    monkeypatch.setattr(reading, "LONGEST_LINE", 4 << 20)
    monkeypatch.setattr(reading, "LONGEST_DOCUMENT", 4 << 20)
    path.write_bytes(pack(bytes(100 << 20)))
    tracemalloc.start()
    reader = Reader(path, unit)
    pieces: list[Piece] = []
    while not reader.finished:
        pieces += reader.batch()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    reader.close()

    assert [bool(piece.oversize) for piece in pieces] == [True]
    assert peak < 40 << 20


def test_a_document_is_one_piece(path: Path) -> None:
    """A page is a page, newlines and all; an empty one is still there, for the decoder to refuse."""
    path.write_bytes(b'{\n"a": 1\n}\n')
    reader = Reader(path, "document")
    assert [piece.payload for piece in reader.batch()] == [b'{\n"a": 1\n}\n']
    reader.close()
    path.write_bytes(b"")
    reader = Reader(path, "document")
    assert [piece.payload for piece in reader.batch()] == [b""]
    reader.close()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_going_on_in_the_middle(path: Path, pack: Pack) -> None:
    """The end of a piece is where the next reader goes on, in plain and in packed files."""
    path.write_bytes(pack(b"\r\n".join(LINES[:1_000])))
    whole = read(path)
    for stop in (1, 500, 999):
        assert read(path, skip=whole[stop - 1].end) == whole[stop:]


def test_without_its_tail(path: Path) -> None:
    """A last line that may still be written to is left alone when asked."""
    path.write_bytes(b"one\ntwo\nthr")
    assert [piece.payload for piece in read(path, tail=False)] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file; check"),
        ("folder", "is a folder; name the files"),
        (b"PK\x03\x04zip", "is a zip archive; unpack it"),
        (b"\xfd7zXZ\0", "xz"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(path: Path, content: bytes | str | None, says: str) -> None:
    """A wrong path is the commonest mistake of all: one line with the path and what to do."""
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        check(path)

    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *(
            ("day.jsonl", "line"),
            ("day.NDJSON.gz", "line"),
            ("day.json", "document"),
            ("E0.csv.bz2", "document"),
            ("odds.xml.zst", "document"),
        ),
        *(("1.132153978.bz2", "otherwise"), ("json", "otherwise"), ("day.json.old", "otherwise"), (".json", "otherwise")),
    ],
)
def test_a_name_says_what_is_inside(name: str, unit: str) -> None:
    """Before what it is packed with; what says nothing is left to the feed."""
    for otherwise in get_args(Unit):
        assert unit_of(Path("some.csv") / name, otherwise) == (otherwise if unit == "otherwise" else unit)
