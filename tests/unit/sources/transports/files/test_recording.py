"""Recorded files as a feed: opened, their frames at the times of their records, then Finished."""

import asyncio
import gzip
import os
import time
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, Finished
from ingestd.interfaces import Decoder, Feed, Session
from ingestd.model import SECOND, Frame
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions, no_time
from ingestd.sources.transports.files import recorded
from ingestd.sources.transports.files.reading import Piece, Reader
from ingestd.testing.clock import VirtualClock

MTIME = 1_600_000_000 * SECOND


def no_feed(_options: FeedOptions, _context: FeedContext) -> Feed:
    """Recordings do not build live feeds."""
    raise NotImplementedError


def no_decoder(_source: str) -> Decoder:
    """Nor is anything decoded here."""
    raise NotImplementedError


def time_of(payload: bytes) -> int | None:
    """The number that a line begins with, in µs."""
    head = payload.split(b" ")[0]
    return int(head) if head.lstrip(b"-").isdigit() else None


LINES = FeedKind(FeedOptions, no_feed, no_decoder, "line", time_of)
DOCUMENT = FeedKind(FeedOptions, no_feed, no_decoder, "document", time_of)


def write(tmp_path: Path, content: bytes, name: str = "day") -> Path:
    """A file last changed at ``MTIME``."""
    path = tmp_path / name
    path.write_bytes(content)
    os.utime(path, ns=(MTIME * 1_000, MTIME * 1_000))
    return path


async def play(*paths: Path, kind: FeedKind = LINES, at: int | None = None) -> list[Frame]:
    """All frames until Finished."""
    frames: list[Frame] = []
    async with recorded("s", paths, kind, VirtualClock(), at).connect("a token of another life") as session:
        with pytest.raises(Finished):
            while True:
                frames += await session.read()
    return frames


async def test_frames_come_at_their_own_times(tmp_path: Path) -> None:
    """Opened at the first record's time; ties and records without a time 1 µs later; never back; an absurd future counts as none."""
    path = write(tmp_path, b"100 a\n100 b\nplain\n500 c\n300 d\n99999999999999999 e\n-5 f\n900 g")
    opened, *frames = await play(path, at=7)

    assert (opened.kind, opened.received_at, opened.epoch, opened.meta) == ("opened", 100, True, {"recorded": "1", "path": "day"})
    assert [frame.received_at for frame in frames] == [100, 101, 102, 500, 501, 502, 503, 900]
    assert {(frame.source, frame.kind, frame.epoch) for frame in frames} == {("s", "data", False)}


async def test_records_before_the_first_time_do_not_pull_it_into_the_present(tmp_path: Path) -> None:
    """A greeting without a stamp takes the time of what follows, not that of the file."""
    assert [frame.received_at for frame in await play(write(tmp_path, b"hello\n100 a\n"))] == [100, 100, 101]


@pytest.mark.parametrize(("at", "first"), [(None, MTIME), (42, 42)])
async def test_without_any_time_of_its_own(tmp_path: Path, at: int | None, first: int) -> None:
    """``--at``, else the file's modification time, 1 µs apart: the same on every load."""
    assert [frame.received_at for frame in await play(write(tmp_path, b"a\nb\n"), at=at)] == [first, first, first + 1]


async def test_a_document_is_one_frame(tmp_path: Path) -> None:
    """One page, one frame."""
    assert [frame.payload for frame in await play(write(tmp_path, b"{\n}\n"), kind=DOCUMENT)] == [b"", b"{\n}\n"]


async def test_what_a_frame_is_may_stand_in_the_name(tmp_path: Path) -> None:
    """Before the feed has a say."""
    assert len(await play(write(tmp_path, b"1\n2\n", "day.json"), kind=LINES)) == 2
    assert len(await play(write(tmp_path, b"1\n2\n", "day.jsonl"), kind=DOCUMENT)) == 3


async def test_files_are_played_by_their_times(tmp_path: Path) -> None:
    """However they are given: one opening, each file's own time, else that of the file; 1 µs on ties, then by name; who is from where."""
    named = {"c": b"100 a", "b": b"100 b", "e": b"plain", "d": b"50 d", "a": b"300 g\n301 h"}
    paths = [write(tmp_path, content, name) for name, content in named.items()]
    opened, *frames = await play(*paths, at=200)

    assert (opened.received_at, opened.epoch, opened.meta) == (50, True, {"recorded": "1", "path": "d"})
    assert [(frame.meta.get("path"), frame.received_at) for frame in frames] == [
        *(("d", 50), ("b", 100), ("c", 101), ("e", 200), ("a", 300), (None, 301)),
    ]
    assert frames == (await play(*paths[::-1], at=200))[1:]


async def test_an_older_file_without_records_does_not_matter(tmp_path: Path) -> None:
    """Nothing in it, nothing of it; where all are empty there is an opening."""
    empty = [write(tmp_path, b"", name) for name in ("a", "b")]
    assert [frame.meta.get("path") for frame in await play(*empty, write(tmp_path, b"1 x", "c"))] == ["a", "c"]
    assert [(frame.kind, frame.received_at) for frame in await play(*empty)] == [("opened", MTIME)]


async def test_a_file_that_goes_away_does_not_lose_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in its place, which is the end, and the rest is there."""
    gone, other = write(tmp_path, b"100 a", "a"), write(tmp_path, b"200 b", "b")
    session = recorded("s", [gone, other], LINES, VirtualClock()).connect("")
    frames: list[Frame] = []
    async with session as playing:
        gone.unlink()
        with pytest.raises(Finished):
            while True:
                frames += await playing.read()
    assert [(frame.received_at, set(frame.meta)) for frame in frames[1:-1]] == [(200, {"path"})]
    assert (frames[-1].meta["path"], "No such file" in frames[-1].meta["unreadable"]) == ("a", True)


async def test_an_empty_file_is_opened_and_finished(tmp_path: Path) -> None:
    """No frames is a result of its own, at the file's time."""
    assert [(frame.kind, frame.received_at) for frame in await play(write(tmp_path, b"\n\n"))] == [("opened", MTIME)]


async def test_damage_is_a_frame_for_the_quarantine(tmp_path: Path) -> None:
    """A cut archive ends with a frame that says why, after those before it."""
    packed = gzip.compress(b"\n".join(b"%d %d" % (number, number * 7919 % 10_007) for number in range(1, 20_000)))
    *_, last = await play(write(tmp_path, packed[:-2_000]))
    assert set(last.meta) == {"unreadable"}


async def test_more_than_a_chunk_in_order_and_never_all_at_once(tmp_path: Path) -> None:
    """A large file comes in pieces of about a MiB, in order."""
    path = write(tmp_path, b"\n".join(b"%d %s" % (number, b"x" * 200) for number in range(1, 30_000)))
    sizes = []
    seen: list[int] = []
    async with recorded("s", [path], LINES, VirtualClock()).connect("") as session:
        with pytest.raises(Finished):
            while True:
                frames = await session.read()
                sizes.append(len(frames))
                seen += [frame.received_at for frame in frames if frame.kind == "data"]

    assert seen == list(range(1, 30_000))
    assert len(sizes) >= 5


async def test_a_cancelled_read_loses_nothing(tmp_path: Path) -> None:
    """Cancelled while the thread works, the frames come with the next read."""
    path = write(tmp_path, b"\n".join(b"%d" % number for number in range(1, 400_000)))
    seen: list[Frame] = []

    async def one(session: Session) -> None:
        seen.extend(await session.read())

    async with recorded("s", [path], LINES, VirtualClock()).connect("") as session:
        for turns in range(6):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(one(session))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
        with pytest.raises(Finished):
            while True:
                await one(session)

    assert [frame.received_at for frame in seen[1:]] == list(range(1, 400_000))


async def test_leaving_waits_for_the_thread_and_closes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is closed, and not while a thread still reads it."""
    said: list[str] = []
    batch, close = Reader.batch, Reader.close

    def slow(reader: Reader) -> list[Piece]:
        time.sleep(0.05)
        said.append("read")
        return batch(reader)

    def closing(reader: Reader) -> None:
        said.append("closed")
        close(reader)

    monkeypatch.setattr(Reader, "batch", slow)
    monkeypatch.setattr(Reader, "close", closing)
    async with recorded("s", [write(tmp_path, b"1\n")], LINES, VirtualClock()).connect("") as session, asyncio.TaskGroup() as group:
        task = group.create_task(session.read())
        await asyncio.sleep(0)
        task.cancel()

    assert said == ["read", "closed"]


async def test_a_missing_file_is_refused_at_once(tmp_path: Path) -> None:
    """Before anything is connected or written."""
    with pytest.raises(ConfigError, match="no such file"):
        recorded("s", [tmp_path / "nothing.jsonl"], LINES, VirtualClock())


DERIVED = FeedKind(FeedOptions, no_feed, no_decoder, "document", no_time, derived_time=time_of)


@pytest.mark.parametrize(
    ("content", "at", "expected"), [(b"100 a", None, 100), (b"100 a", 42, 42), (b"a", None, MTIME), (b"99999999999999999 a", None, MTIME)]
)
async def test_a_time_that_the_feed_derives(tmp_path: Path, content: bytes, at: int | None, expected: int) -> None:
    """It counts where no record has a time of its own and nobody gave one, unless it lies in the future."""
    frames = await play(write(tmp_path, content), kind=DERIVED, at=at)
    assert {frame.received_at for frame in frames} == {expected}
