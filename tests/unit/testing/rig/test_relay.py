"""A wire that holds answers back."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingestd.testing.rig.relay import Relay, relayed


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """To a server that says what it hears."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(ConnectionError):
            while said := await reader.read(100):
                writer.write(said)

    # not in the folder of the test: the path of a Unix socket is short
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "socket"
        async with await asyncio.start_unix_server(echo, path), relayed(path) as wire:
            yield wire


async def connected(relay: Relay) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over the relay."""
    place = urlsplit(relay.url)
    return await asyncio.open_connection(place.hostname, place.port)


async def nothing(reader: asyncio.StreamReader, relay: Relay) -> None:
    """An answer is held back, and none has arrived."""
    async with asyncio.timeout(5):
        while not relay.holding:
            await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.05)


async def test_answers_are_held_and_passed_on_one_by_one(relay: Relay) -> None:
    """What is asked gets through all the while."""
    reader, writer = await connected(relay)
    writer.write(b"a")
    assert await reader.readexactly(1) == b"a"
    relay.hold()
    for said in (b"b", b"c"):
        writer.write(said)
        await nothing(reader, relay)
        relay.step()
        assert not relay.holding
        assert await reader.readexactly(1) == said
    writer.close()


async def test_what_is_cut_never_arrives(relay: Relay) -> None:
    """The connection breaks off without the answer; the next one is as any."""
    reader, writer = await connected(relay)
    relay.hold()
    writer.write(b"a")
    await nothing(reader, relay)
    relay.cut()
    assert await reader.read() == b""
    writer.close()
    reader, writer = await connected(relay)
    writer.write(b"b")
    assert await reader.readexactly(1) == b"b"
    writer.close()


async def test_an_end_is_passed_on(relay: Relay) -> None:
    """To both sides."""
    reader, writer = await connected(relay)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
