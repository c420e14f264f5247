"""A mapped source over real server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiohttp import web

from ingestd.clock import SystemClock
from ingestd.errors import Disconnected
from ingestd.model import WHOLE, Frame, Scope
from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.options import SseOptions
from ingestd.sources.feeds.mapped.peek import Peek
from ingestd.sources.feeds.mapped.streaming import Streaming, StreamingSession
from ingestd.sources.http import opened
from ingestd.testing.context import feed_context


@asynccontextmanager
async def streaming(body: bytes, asked: list[web.Request]) -> AsyncIterator[Streaming]:
    """A source on a server that says this and stays."""
    ended = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(body)
        await ended.wait()
        return response

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        options = SseOptions.model_validate(
            {"url": f"http://{host}:{port}/", "params": {"a": "1"}, "replay": True, "complete": "doc.ready"}
        )
        client = partial(opened, SystemClock())
        yield Streaming(options, feed_context("src"), client, Peek(reader("json", Dialect())))
    finally:
        ended.set()
        await runner.cleanup()


async def read(session: StreamingSession, count: int) -> list[Frame]:
    """So many frames."""
    frames: list[Frame] = []
    async with asyncio.timeout(5):
        while len(frames) < count:
            frames += await session.read()
    return frames


async def test_events_are_frames() -> None:
    """With the id as the token; resumed by Last-Event-ID."""
    asked: list[web.Request] = []
    async with streaming(b'id: 7\ndata: {"n": 1}\n\nevent: end\nid: 8\ndata: {"ready": 1}\n\n', asked) as source:
        async with source.connect("") as session:
            frames = await read(session, 3)
        assert [(frame.kind, frame.payload, frame.token, frame.epoch, frame.meta) for frame in frames] == [
            ("opened", b"", "", True, {}),
            ("data", b'{"n": 1}', "7", False, {"event": "message"}),
            ("data", b'{"ready": 1}', "8", False, {"event": "end", "whole": "1"}),
        ]
        async with source.connect("8") as session:
            (resumed, *_) = await read(session, 1)
        assert (resumed.token, resumed.epoch, resumed.meta) == ("8", False, {"resumed": "replay"})
    assert [request.headers.get("Last-Event-ID") for request in asked] == [None, "8"]
    assert asked[0].query["a"] == "1"


async def test_renewing() -> None:
    """A new session tells everything; for a part of it nobody leaves."""
    async with streaming(b":\n\n", []) as source, source.connect("") as session:
        await session.renew(Scope("market", "m"))
        with pytest.raises(Disconnected, match="renewal"):
            await session.renew(WHOLE)
