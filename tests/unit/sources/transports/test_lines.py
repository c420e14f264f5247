"""Lines over TCP and TLS: cut anywhere, never too long, and broken links in one kind of error."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from ingestd.errors import Disconnected
from ingestd.sources.transports.lines import KEPT, Line, Lines, Splitter, Truncated, connect

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"").strip(b"\r"))), st.data())
def test_lines_survive_any_cut(lines: list[bytes], data: st.DataObject) -> None:
    """CR LF, LF, in any pieces: the same lines, without blank ones."""
    ends = data.draw(st.lists(st.sampled_from((b"\r\n", b"\n")), min_size=len(lines), max_size=len(lines)))
    stream = b"".join(line + end for line, end in zip(lines, ends, strict=True))
    splitter, found, start = Splitter(), list[Line](), 0
    while start < len(stream):
        size = data.draw(st.integers(1, len(stream)))
        found.extend(splitter.feed(stream[start : start + size]))
        start += size
    assert found == [line for line in lines if line]
    assert splitter.unfinished == 0


@given(st.integers(1, 30_000), st.integers(1, 9_000))
def test_a_line_too_long_is_skipped(size: int, piece: int) -> None:
    """Its beginning and its length are told; memory never holds more than one line's worth; the next line is whole."""
    splitter, found = Splitter(max_line=10_000), list[Line]()
    stream = b"x" * size + b"\nnext\n"
    for start in range(0, len(stream), piece):
        found.extend(splitter.feed(stream[start : start + piece]))
        assert len(splitter._rest) <= 10_000
    assert found == [b"x" * size if size <= 10_000 else Truncated(b"x" * KEPT, size), b"next"]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port; its handler's connection is closed when it returns."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def read_to_end(lines: Lines) -> tuple[list[Line], Disconnected]:
    """Everything that came, and how it ended."""
    found: list[Line] = []
    while True:
        try:
            found.extend(await lines.read())
        except Disconnected as end:
            return found, end


async def test_several_lines_of_one_read_come_together() -> None:
    """And a half line at the end is told as lost."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"one\r\ntwo\nthree\r\nhal")

    async with serving(handler) as port, await connect("127.0.0.1", port, tls=None, timeout=5) as lines:
        found, end = await read_to_end(lines)
    assert (found, end.reason, end.detail) == ([b"one", b"two", b"three"], "closed", "amid a line, 3 bytes of it read")


async def test_a_line_is_sent_with_its_end() -> None:
    """CR LF, as the line protocols ask for."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        writer.write(repr(line).encode() + b"\n")

    async with serving(handler) as port, await connect("127.0.0.1", port, tls=None, timeout=5) as lines:
        await lines.send(b"ping")
        assert await lines.read() == [repr(b"ping\r\n").encode()]


async def test_a_reset_is_disconnected() -> None:
    """Whatever the operating system calls it."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(handler) as port, await connect("127.0.0.1", port, tls=None, timeout=5) as lines:
        _, end = await read_to_end(lines)
        with pytest.raises(Disconnected):
            for _ in range(100):
                await lines.send(b"x" * 100_000)
    assert end.reason in ("closed", "broken")


async def test_cancelling_a_read_loses_nothing() -> None:
    """The line that was under way comes with the next read."""
    halfway = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"first ha")
        await writer.drain()
        await halfway.wait()
        writer.write(b"lf\n")
        await writer.drain()
        await reader.read()

    async with serving(handler) as port, await connect("127.0.0.1", port, tls=None, timeout=5) as lines:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lines.read(), 0.05)
        halfway.set()
        assert await lines.read() == [b"first half"]


async def test_tls_is_verified() -> None:
    """A known authority is believed, an unknown one is not, and there is no way around it."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\r\n")
        await reader.read()

    async with serving(handler, tls) as port:
        async with await connect("localhost", port, tls=trusting, timeout=5) as lines:
            assert await lines.read() == [b"hello"]
        with pytest.raises(Disconnected) as refused:
            await connect("localhost", port, tls=ssl.create_default_context(), timeout=5)
    assert refused.value.reason == "certificate"


async def test_nobody_there_is_disconnected() -> None:
    """A port that nobody listens on."""
    async with serving(lambda reader, writer: asyncio.sleep(0)) as port:
        pass
    with pytest.raises(Disconnected) as refused:
        await connect("127.0.0.1", port, tls=None, timeout=5)
    assert refused.value.reason == "refused"


async def test_connecting_has_a_deadline() -> None:
    """A server that accepts and then never shakes hands."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.sleep(0.2)

    async with serving(handler) as port:
        with pytest.raises(Disconnected) as late:
            await connect("127.0.0.1", port, tls=ssl.create_default_context(), timeout=0.1)
    assert late.value.reason == "timeout"
