"""A watched folder: new, grown, replaced and half-written files, and going on where it left off."""

import asyncio
import gzip
import os
from pathlib import Path

import pytest

from ingestd.errors import Disconnected, Finished
from ingestd.sources.transports.files import folder as module
from ingestd.sources.transports.files.folder import Folder
from ingestd.sources.transports.files.reading import Piece, Reader, Unit


class Ticking:
    """A clock that a test sets; sleeping takes no time and yields."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> int:
        """The same, in µs."""
        return int(self.elapsed * 1e6)

    def monotonic(self) -> float:
        """Seconds."""
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        """Moves itself."""
        self.elapsed += seconds
        await asyncio.sleep(0)


class Watch:
    """A folder, its watcher, and what it said."""

    def __init__(self, root: Path, unit: Unit = "line", *, follow: bool = True, resume: str = "", pattern: str = "") -> None:
        self.root = root
        self.ticks = 0
        self.folder = Folder([str(root / pattern) if pattern else str(root)], unit, Ticking(), follow=follow, resume=resume)

    def write(self, name: str, content: bytes, mode: str = "wb") -> Path:
        """Write, with a time of modification of its own: file systems count in coarse steps."""
        path = self.root / name
        with path.open(mode) as file:
            file.write(content)
        self.ticks += 1
        stamp = 1_700_000_000_000_000_000 + self.ticks * 1_000_000_000
        os.utime(path, ns=(stamp, stamp))
        return path

    async def look(self, times: int = 1) -> list[bytes]:
        """What comes until so many looks in a row find nothing."""
        found: list[bytes] = []
        empty = 0
        while empty < times:
            pieces = await self.folder.read()
            found += [piece.piece.payload for piece in pieces]
            empty = 0 if pieces else empty + 1
        return found


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """Over an empty folder, in lines."""
    return Watch(tmp_path)


async def test_new_files_oldest_first(watch: Watch) -> None:
    """What was there comes in the order of its age, what comes later comes then; hidden and temporary files never."""
    watch.write("b", b"1\n2\n")
    watch.write("a", b"3\n")
    for name in (".hidden", "c.tmp", "d.part", "e~"):
        watch.write(name, b"no\n")
    assert await watch.look() == [b"1", b"2", b"3"]
    watch.write("c", b"4\n")
    assert await watch.look(3) == [b"4"]


async def test_a_growing_file_goes_on(watch: Watch) -> None:
    """Whole lines as soon as they are there, half a line only when its writer has stopped; each once."""
    watch.write("log", b"one\ntw")
    assert await watch.look() == [b"one"]
    watch.write("log", b"o\nthr", "ab")
    assert await watch.look() == [b"two"]
    assert await watch.look(2) == [b"thr"]
    watch.write("log", b"\nfour\n", "ab")
    assert await watch.look(3) == [b"four"]


@pytest.mark.parametrize("how", ["renamed", "rewritten", "shorter", "touched"])
async def test_a_replaced_file_is_read_from_its_start(watch: Watch, how: str) -> None:
    """Another inode, another beginning, less than before, or the same size at another time: it is another file."""
    path = watch.write("prices", b"one\ntwo\n")
    assert await watch.look(3) == [b"one", b"two"]
    long = b"x" * 5_000
    if how == "renamed":
        watch.write("new.tmp", b"one\ntwo\nsix\n").rename(path)
        assert await watch.look(3) == [b"one", b"two", b"six"]
    elif how == "rewritten":
        watch.write("prices", b"uno\ndue\ntre\n")
        assert await watch.look(3) == [b"uno", b"due", b"tre"]
    elif how == "shorter":
        watch.write("prices", b"one\n")
        assert await watch.look(3) == [b"one"]
    else:
        watch.write("prices", b"%s\ntwo\n" % long)
        assert await watch.look(3) == [long, b"two"]
        watch.write("prices", b"%s\ntoo\n" % long)
        assert await watch.look(3) == [long, b"too"]


@pytest.mark.parametrize(("unit", "name"), [("document", "page.json"), ("line", "page.gz")])
async def test_a_half_written_file_is_not_read(tmp_path: Path, unit: Unit, name: str) -> None:
    """A document or an archive is read once it has stopped changing, whole."""
    watch = Watch(tmp_path, unit)
    content = gzip.compress(b"whole", mtime=0) if name.endswith("gz") else b"whole"
    for end in range(8, len(content), 8):
        watch.write(name, content[:end])
        assert await watch.look() == []
    watch.write(name, content)
    assert await watch.look() == []
    assert await watch.look(2) == [b"whole"]


async def test_an_archive_that_grew_within_a_tick_is_read_again(watch: Watch) -> None:
    """Times of modification are coarse: another size is enough to read an archive from its start."""
    path = watch.write("a.gz", gzip.compress(b"one\n"))
    stamp = path.stat().st_mtime_ns
    assert await watch.look(3) == [b"one"]
    watch.write("a.gz", gzip.compress(b"two\n"), "ab")
    os.utime(path, ns=(stamp, stamp))
    assert await watch.look(3) == [b"one", b"two"]


async def test_a_tail_that_moves_while_it_is_read_is_left(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line that seemed done and is written on at that very moment is not taken for a whole one."""
    watch.write("log", b"one\nth")
    assert await watch.look() == [b"one"]
    batch = Reader.batch

    def meanwhile(reader: Reader) -> list[Piece]:
        pieces = batch(reader)
        if pieces:
            monkeypatch.undo()
            watch.write("log", b"ree\n", "ab")
        return pieces

    monkeypatch.setattr(Reader, "batch", meanwhile)
    assert await watch.look(4) == [b"three"]


async def test_replaced_while_it_is_read(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is dropped, and the new file read from its start: never a mixture."""
    monkeypatch.setattr("ingestd.sources.transports.files.reading.CHUNK", 100)
    path = watch.write("prices", b"".join(b"old %d\n" % number for number in range(100)))
    first = [piece.piece.payload for piece in await watch.folder.read()]
    assert 0 < len(first) < 100
    watch.write("new.tmp", b"".join(b"new %d\n" % number for number in range(100))).rename(path)

    assert await watch.look(3) == [b"new %d" % number for number in range(100)]


@pytest.mark.parametrize("name", ["log", "log.gz"])
async def test_a_token_goes_on_in_the_middle(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process with the token takes exactly what this one has not returned."""
    monkeypatch.setattr("ingestd.sources.transports.files.reading.CHUNK", 100)
    lines = [b"%d" % number for number in range(2_000)]
    content = b"\n".join(lines) + b"\n"
    watch = Watch(tmp_path)
    watch.write("done", b"done\n")
    assert await watch.look(3) == [b"done"]
    watch.write(name, gzip.compress(content) if name.endswith("gz") else content)
    first: list[bytes] = []
    while not first:
        first = [piece.piece.payload for piece in await watch.folder.read()]
    token = watch.folder.token
    await watch.folder.close()

    assert 0 < len(first) < 2_000
    assert first + await Watch(tmp_path, resume=token).look(3) == lines


async def test_the_token_is_bounded(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many files only the newest are named; the others are not read again for that."""
    monkeypatch.setattr(module, "MOST_FILES", 5)
    for number in range(40):
        watch.write(f"{number:02}", b"%d\n" % number)
    assert await watch.look(3) == [b"%d" % number for number in range(40)]
    assert len(watch.folder.token) < 5 * 200
    again = Watch(watch.root, resume=watch.folder.token)
    again.ticks = 100
    assert await again.look(3) == []
    again.write("new", b"new\n")
    assert await again.look(3) == [b"new"]


async def test_without_following_it_finishes(tmp_path: Path) -> None:
    """Many files, once: all that is there, half lines and documents too, then Finished."""
    watch = Watch(tmp_path, follow=False, pattern="*.jsonl")
    watch.write("a.jsonl", b"1\n2")
    watch.write("b.jsonl", b"3\n")
    watch.write("c.txt", b"no\n")
    found: list[bytes] = []
    with pytest.raises(Finished):
        while True:
            found += [piece.piece.payload for piece in await watch.folder.read()]

    assert sorted(found) == [b"1", b"2", b"3"]


async def test_a_missing_path_is_no_empty_one(tmp_path: Path) -> None:
    """An unmounted disk must not look like a quiet folder."""
    with pytest.raises(Disconnected, match="unreadable"):
        await Watch(tmp_path / "gone").folder.read()


async def test_pieces_say_where_they_come_from(watch: Watch) -> None:
    """File, time of modification, and whether the file begins with it."""
    path = watch.write("a", b"1\n2\n")
    pieces = await watch.folder.read()
    assert [(piece.path, piece.modified_at, piece.first) for piece in pieces] == [
        (str(path), 1_700_000_001_000_000, first) for first in (True, False)
    ]
