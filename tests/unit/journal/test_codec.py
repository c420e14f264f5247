"""Frames to rows and back."""

import pytest

from ingestd.journal.codec import NO_TAIL, ROW_BYTES, ROW_FRAMES, Packer, Row, Told, Unpacker, Unreadable, as_row, follow, intact, told
from ingestd.model import Frame, SourceTail


def pack(frames: list[Frame], first: int = 1) -> list[Row]:
    """Rows for frames of sources never seen before."""
    return Packer().pack(frames, first, {frame.source: NO_TAIL for frame in frames})


def test_round_trip() -> None:
    """Frames come back equal, numbered from the first position."""
    frames = [Frame("a", "opened", 5, epoch=True, token="t", meta={"k": "v"}), Frame("b", "data", 6, b"\x00\xff" * 9)]
    (row,) = pack(frames, 100)
    assert Unpacker().frames(row) == frames
    assert [frame.offset for frame in frames] == [100, 101]
    assert (row.first, row.length, row.last) == (100, 2, 101)


def test_large_groups_are_divided() -> None:
    """A row holds a bounded number of frames and bytes; one frame larger than that stands alone; ordinals go on."""
    many = pack([Frame("a", "data", 1) for _ in range(ROW_FRAMES + 1)])
    large = pack([Frame("a", "data", 1, bytes(size)) for size in (10, ROW_BYTES, 10, ROW_BYTES - 10, 1)])
    assert [(row.first, row.length) for row in many] == [(1, ROW_FRAMES), (ROW_FRAMES + 1, 1)]
    assert [(row.first, row.length) for row in large] == [(1, 1), (2, 1), (3, 2), (5, 1)]
    assert [told(row)[0].ordinal for row in large] == [1, 2, 4, 5]


def test_text_without_bytes_is_written_visibly() -> None:
    """A lone surrogate in a token or in meta stops nobody: neither its own frame nor its neighbours."""
    frames = [Frame("a", "data", 1, token="x\ud800"), Frame("a", "data", 2, meta={"url\udfff": "é\ud800"})]
    (row,) = pack(frames)
    found = Unpacker().frames(row)
    assert [frame.token for frame in found] == ["x\\ud800", ""]
    assert found[1].meta == {"url\\udfff": "é\\ud800"}
    assert [frame.ordinal for frame in found] == [1, 2]
    assert told(row)[0].token == "x\\ud800"


@pytest.mark.parametrize("field", range(4))
def test_any_change_of_the_summary_is_noticed(field: int) -> None:
    """Position, length, digest and summary all stand under the digest; the data under its own."""
    (row,) = pack([Frame("a", "data", 1, b"payload")])
    values: list[object] = list(row)
    value = row[field]
    values[field] = value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
    with pytest.raises(Unreadable, match="checksum"):
        told(as_row(tuple(values)))
    assert intact(row)
    assert not intact(row._replace(data=row.data + b"x"))


def test_a_row_of_any_other_shape() -> None:
    """A damaged file may give any type for any column."""
    for columns in ((None, 1, b"", b"", b""), (1, "1", b"", b"", b""), (1, 1, b"", b"", 0.5), (1, 1)):
        with pytest.raises(Unreadable, match="shape"):
            as_row(columns)


def test_data_that_is_no_frames() -> None:
    """Data that was written wrong is told as such, whichever layer finds it."""
    (good,) = pack([Frame("a", "data", 1)])
    (longer,) = pack([Frame("a", "data", 1), Frame("a", "data", 1)])
    for data, message in ((b"nonsense", "frame header"), (longer.data, "2 frames instead of 1")):
        with pytest.raises(Unreadable, match=message):
            Unpacker().frames(good._replace(data=data))


def test_follow() -> None:
    """A tail keeps what a row does not speak of."""
    start = SourceTail(token="t", epoch=5, epoch_at=50, epoch_bytes=10, received_at=60, ordinal=3)
    silent = follow(start, Told("a", 4, 70, 7), 10)
    fresh = follow(start, Told("a", 6, 80, 9, "", [(0, 71, 0), (1, 75, 4)]), 10)
    unborn = follow(NO_TAIL, Told("a", 1, 70, 7, "u"), 10)
    assert silent == SourceTail(token="t", epoch=5, epoch_at=50, epoch_bytes=17, received_at=70, ordinal=4)
    assert fresh == SourceTail(token="", epoch=11, epoch_at=75, epoch_bytes=5, received_at=80, ordinal=6)
    assert unborn == SourceTail(token="u", received_at=70, ordinal=1)
