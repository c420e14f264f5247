"""One SQLite file of rows."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.journal import segment
from ingestd.journal.codec import NO_TAIL, Packer, Row
from ingestd.journal.segment import SegmentWriter, backward, forward, identity_in, is_full, is_io, log_of, open_reader, remove, size_of
from ingestd.journal.state import FORMAT
from ingestd.model import Frame


def rows(*firsts: int) -> list[Row]:
    """Rows of two frames each."""
    return [Packer().pack([Frame("a", "data", 1), Frame("a", "data", 2)], first, {"a": NO_TAIL})[0] for first in firsts]


def test_forward_and_backward(tmp_path: Path) -> None:
    """Both ways begin with the row that holds the position; summaries come without data; it works while it is being written."""
    path = tmp_path / "s"
    writer = SegmentWriter(path, "uid")
    written = rows(1, 3, 5)
    for row in written:
        writer.append([row])
    found = []
    for live in (True, False):
        with closing(open_reader(path, live=live)) as connection:
            found.append((list(forward(connection, 4)), [row.first for row in backward(connection, 4)], identity_in(connection)))
            assert {row.data for row in backward(connection, 9)} == {b""}
        if live:
            writer.finish()
    assert found == [(written[1:], [3, 1], ("uid", FORMAT))] * 2


def test_finish_leaves_one_file(tmp_path: Path) -> None:
    """A finished segment needs no log, also if somebody was reading it; it is as safe as its bytes."""
    path = tmp_path / "s"
    writer = SegmentWriter(path, "uid")
    writer.append(rows(1))
    log = log_of(path).stat().st_size
    size = size_of(path)
    with closing(open_reader(path, live=True)) as connection:
        first = list(forward(connection, 1))
        writer.finish()
    assert log > 0
    assert size > log
    assert len(first) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["s"]


def test_abandon_touches_nothing(tmp_path: Path) -> None:
    """After a disk error the log stays as it is, and its rows can be read."""
    path = tmp_path / "s"
    writer = SegmentWriter(path, "uid")
    writer.append(rows(1))
    before = (path.read_bytes(), log_of(path).read_bytes())
    writer.abandon()
    after = (path.read_bytes(), log_of(path).read_bytes())
    with closing(open_reader(path, live=False)) as connection:
        found = list(forward(connection, 1))
    assert before == after
    assert found == rows(1)


def test_a_failed_append_leaves_nothing(tmp_path: Path) -> None:
    """A group is written whole or not at all, and the next one may follow."""
    writer = SegmentWriter(tmp_path / "s", "uid")
    writer.append(rows(1))
    with pytest.raises(sqlite3.IntegrityError):
        writer.append(rows(3, 1))
    writer.append(rows(5))
    with closing(open_reader(tmp_path / "s", live=True)) as connection:
        firsts = [row.first for row in forward(connection, 1)]
    writer.finish()
    assert firsts == [1, 5]


def test_the_log_is_settled_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log does not grow with the segment."""
    monkeypatch.setattr(segment, "_CHECKPOINT_BYTES", 50_000)
    writer = SegmentWriter(tmp_path / "s", "uid")
    for first in range(1, 400, 2):
        writer.append(rows(first))
        writer.settle()
    log, file = log_of(tmp_path / "s").stat().st_size, (tmp_path / "s").stat().st_size
    writer.finish()
    assert log < 300_000
    assert file > 20_000


def test_a_segment_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the attempt can be repeated."""
    monkeypatch.setattr(segment, "_SCHEMA", ("CREATE TABLE nonsense",))
    with pytest.raises(sqlite3.OperationalError):
        SegmentWriter(tmp_path / "s", "uid")
    assert list(tmp_path.iterdir()) == []


def test_remove_gives_room_back_at_once(tmp_path: Path) -> None:
    """A reader that still has the file open does not keep its bytes on the disk."""
    path = tmp_path / "s"
    writer = SegmentWriter(path, "uid")
    writer.append(rows(1))
    writer.finish()
    with path.open("rb") as still_open:
        remove(path)
        left = still_open.seek(0, 2)
    assert left == 0
    assert list(tmp_path.iterdir()) == []


def test_what_errors_mean() -> None:
    """A full disk can be waited for, a failing one cannot, a damaged file is neither."""
    codes = [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_CORRUPT]
    found = []
    for code in codes:
        error = sqlite3.OperationalError("x")
        error.sqlite_errorcode = code
        found.append((is_full(error), is_io(error)))
    assert found == [(True, False), (True, False), (False, True), (False, False)]
    assert (is_full(OSError(28, "No space left on device")), is_full(OSError(5, "EIO")), is_io(OSError(28, ""))) == (True, False, False)


def test_uid_that_was_damaged(tmp_path: Path) -> None:
    """A name that is not what was written is none."""
    SegmentWriter(tmp_path / "s", "0123456789").finish()
    content = (tmp_path / "s").read_bytes()
    (tmp_path / "s").write_bytes(content.replace(b"0123456789", b"0123456780"))
    with closing(open_reader(tmp_path / "s", live=False)) as connection:
        assert identity_in(connection) is None
