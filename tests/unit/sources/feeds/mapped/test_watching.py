"""A mapped source that reads files."""

import asyncio
from pathlib import Path

import pytest

from ingestd.model import WHOLE, Frame
from ingestd.sources.feeds.mapped.options import FilesOptions
from ingestd.sources.feeds.mapped.watching import Watching, WatchingSession
from ingestd.testing.context import feed_context


def watching(folder: Path, unit: str = "document") -> Watching:
    """A source that watches a folder."""
    return Watching(FilesOptions(paths=(str(folder),), poll=0.02), feed_context("src"), "line" if unit == "line" else "document")


async def read(session: WatchingSession, count: int) -> list[Frame]:
    """So many frames."""
    frames: list[Frame] = []
    async with asyncio.timeout(5):
        while len(frames) < count:
            frames += await session.read()
    return frames


async def test_documents_begin_epochs(tmp_path: Path) -> None:
    """Each alone; after a restart only what is new comes."""
    (tmp_path / "a.json").write_text("{}")
    source = watching(tmp_path)
    async with source.connect("") as session:
        opened, first = await read(session, 2)
        await session.renew(WHOLE)
    assert (opened.kind, opened.epoch, opened.meta) == ("opened", True, {})
    assert (first.payload, first.epoch, first.meta["path"], first.meta["whole"]) == (b"{}", True, "a.json", "1")
    (tmp_path / "b.json").write_text("[]")
    async with source.connect(first.token) as session:
        opened, second = await read(session, 2)
    assert (opened.epoch, opened.meta) == (False, {"resumed": "replay"})
    assert second.payload == b"[]"


async def test_lines_belong_together(tmp_path: Path) -> None:
    """The first of a file begins an epoch; the token moves with the last of a look."""
    (tmp_path / "a.jsonl").write_text("1\n2\n3\n")
    async with watching(tmp_path, "line").connect("") as session:
        opened, *lines = await read(session, 4)
    assert [(frame.payload, frame.epoch) for frame in lines] == [(b"1", True), (b"2", False), (b"3", False)]
    assert [frame.token == opened.token for frame in lines] == [True, True, False]


async def test_a_token_of_another_transport(tmp_path: Path) -> None:
    """Begins anew."""
    (tmp_path / "a.json").write_text("{}")
    async with watching(tmp_path).connect("42:x") as session:
        frames = await read(session, 2)
    assert frames[1].payload == b"{}"


@pytest.mark.parametrize("content", [b"\x1f\x8b broken"])
async def test_what_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    """Is a frame that says so, and no image of anything."""
    (tmp_path / "a.json.gz").write_bytes(content)
    async with watching(tmp_path).connect("") as session:
        _, frame = await read(session, 2)
    assert "unreadable" in frame.meta
    assert "whole" not in frame.meta
