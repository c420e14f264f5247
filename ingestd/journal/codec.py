"""Frames to rows and back: one row holds a group of frames, compressed, with a summary that tells of each source without unpacking."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import xxhash
import zstandard
from msgspec import Struct

from ingestd.model import Frame, SourceTail

ROW_FRAMES: Final = 4_096
"""Frames in a row, at most: bounds what one read holds in memory."""
ROW_BYTES: Final = 4 * 1024 * 1024
"""Payload bytes in a row, at most (a single larger frame stands alone)."""
_LEVEL: Final = 1
"""zstd level: 3 takes a third more time and gains nothing on odds feeds of 200-byte frames in groups of 100 to 1,000."""
NO_TAIL: Final = SourceTail()


class Unreadable(Exception):
    """A row or a segment is not what was written; the message says how."""


class Told(Struct, array_like=True, gc=False):
    """What a row says of one source: its last ordinal and receipt time, payload bytes, and where epochs begin.

    ``token`` is None where the row says nothing of it, ``""`` where an epoch began without one. ``epochs`` are (index in the row,
    receipt time, payload bytes of the source in the row before it), in order.
    """

    source: str
    ordinal: int
    received_at: int = 0
    size: int = 0
    token: str | None = None
    epochs: list[tuple[int, int, int]] = []


class Row(NamedTuple):
    """A row of a segment: ``length`` frames. ``digest`` is that of ``data``, then that of all the rest."""

    first: int
    length: int
    digest: bytes
    summary: bytes
    data: bytes

    @property
    def last(self) -> int:
        """Position of the last frame in it."""
        return self.first + self.length - 1


_ENCODER: Final = msgspec.msgpack.Encoder()
_FRAMES: Final = msgspec.msgpack.Decoder(list[Frame])
_SUMMARY: Final = msgspec.msgpack.Decoder(list[Told])


def _seal(first: int, length: int, data_digest: bytes, summary: bytes) -> bytes:
    return data_digest + xxhash.xxh3_64_digest(b"%d %d " % (first, length) + data_digest + summary)


class Packer:
    """Makes rows; owned by one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=_LEVEL)

    def pack(self, frames: Sequence[Frame], first: int, tails: dict[str, SourceTail]) -> list[Row]:
        """Rows for a group that starts at position ``first``; numbers the frames, and moves ``tails`` (of all their sources) along."""
        rows = []
        for group in _groups(frames):
            try:
                said, summary, plain = _written(group, first, tails)
            except UnicodeEncodeError:
                # a provider's text with lone surrogates has no bytes: written visibly, so that one frame does not stop its neighbours
                _make_writable(group)
                said, summary, plain = _written(group, first, tails)
            data = self._zstd.compress(plain)
            rows.append(Row(first, len(group), _seal(first, len(group), xxhash.xxh3_64_digest(data), summary), summary, data))
            for one in said:
                tails[one.source] = follow(tails[one.source], one, first)
            first += len(group)
        return rows


class Unpacker:
    """Reads rows; owned by one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdDecompressor()

    def frames(self, row: Row) -> list[Frame]:
        """The frames of a row whose data was checked. Raises Unreadable."""
        try:
            frames = _FRAMES.decode(self._zstd.decompress(row.data))
        except (zstandard.ZstdError, msgspec.DecodeError) as error:
            raise Unreadable(str(error)) from error
        if len(frames) != row.length:
            raise Unreadable(f"{len(frames)} frames instead of {row.length}")
        return frames


def as_row(columns: tuple[object, ...]) -> Row:
    """Take a row out of SQLite. Raises Unreadable: in a damaged file any column may hold any type."""
    match columns:
        case (int() as first, int() as length, bytes() as digest, bytes() as summary, bytes() as data):
            return Row(first, length, digest, summary, data)
        case _:
            raise Unreadable("a row of the wrong shape")


def told(row: Row) -> list[Told]:
    """The summary of a row, without a look at its data. Raises Unreadable if it was damaged, or any key or number of the row."""
    if _seal(row.first, row.length, row.digest[:8], row.summary) != row.digest:
        raise Unreadable("summary and checksum differ")
    return _SUMMARY.decode(row.summary)


def intact(row: Row) -> bool:
    """Whether the data of a row (whose summary was checked) is what was written."""
    return xxhash.xxh3_64_digest(row.data) == row.digest[:8]


def follow(tail: SourceTail, one: Told, first: int) -> SourceTail:
    """The tail of a source after a row at position ``first`` told of it."""
    if one.epochs:
        index, epoch_at, before = one.epochs[-1]
        epoch, epoch_bytes = first + index, one.size - before
    else:
        epoch, epoch_at, epoch_bytes = tail.epoch, tail.epoch_at, tail.epoch_bytes + (one.size if tail.epoch else 0)
    return SourceTail(
        token=tail.token if one.token is None else one.token,
        epoch=epoch,
        epoch_at=epoch_at,
        epoch_bytes=epoch_bytes,
        received_at=one.received_at,
        ordinal=one.ordinal,
    )


def _groups(frames: Sequence[Frame]) -> Iterable[Sequence[Frame]]:
    if len(frames) <= ROW_FRAMES and sum(len(frame.payload) for frame in frames) <= ROW_BYTES:
        yield frames
        return
    group: list[Frame] = []
    size = 0
    for frame in frames:
        if group and (len(group) == ROW_FRAMES or size + len(frame.payload) > ROW_BYTES):
            yield group
            group, size = [], 0
        group.append(frame)
        size += len(frame.payload)
    yield group


def _tell(frames: Sequence[Frame], first: int, tails: Mapping[str, SourceTail]) -> list[Told]:
    by_source: dict[str, Told] = {}
    for index, frame in enumerate(frames):
        one = by_source.get(frame.source)
        if one is None:
            one = by_source[frame.source] = Told(frame.source, tails[frame.source].ordinal)
        one.ordinal += 1
        frame.ordinal = one.ordinal
        frame.offset = first + index
        if frame.epoch:
            one.epochs.append((index, frame.received_at, one.size))
            one.token = frame.token
        elif frame.token:
            one.token = frame.token
        one.size += len(frame.payload)
        one.received_at = frame.received_at
    return list(by_source.values())


def _written(frames: Sequence[Frame], first: int, tails: Mapping[str, SourceTail]) -> tuple[list[Told], bytes, bytes]:
    said = _tell(frames, first, tails)
    return said, _ENCODER.encode(said), _ENCODER.encode(frames)


def _make_writable(frames: Sequence[Frame]) -> None:
    for frame in frames:
        frame.token = _writable(frame.token)
        frame.meta = {_writable(key): _writable(value) for key, value in frame.meta.items()}


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
