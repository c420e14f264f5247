"""Every way in which a daemon may not answer is one clear line, in time."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from ingestd.cli import asking
from ingestd.cli.asking import NoAnswer, address, ask
from ingestd.settings import HttpSettings
from tests.unit.cli.conftest import Answering

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


def http(port: int, host: str = "127.0.0.1") -> HttpSettings:
    """Where a daemon would be."""
    return HttpSettings(host=host, port=port)


@contextlib.asynccontextmanager
async def speaking(words: bytes) -> AsyncIterator[HttpSettings]:
    """A program that says this to everybody, and then nothing for ever."""
    ended = asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield http(server.sockets[0].getsockname()[1])
        ended.set()


async def why(settings: HttpSettings) -> str:
    """What is said of it."""
    with pytest.raises(NoAnswer) as caught:
        await ask(settings, "/status", dict[str, int])
    return str(caught.value)


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("127.0.0.1", "http://127.0.0.1:8001"),
        ("0.0.0.0", "http://127.0.0.1:8001"),  # noqa: S104 - asked for, not bound
        ("::", "http://[::1]:8001"),
        ("::1", "http://[::1]:8001"),
        ("db1", "http://db1:8001"),
    ],
)
def test_address(host: str, wanted: str) -> None:
    """Who listens everywhere is asked on loopback."""
    assert address(http(8001, host)) == wanted


async def test_an_answer(answering: Answering) -> None:
    """As it is, whatever its status."""
    answering.says = 503, b'{"a": 1}'
    assert await ask(http(answering.port), "/health", dict[str, int]) == (503, {"a": 1})


async def test_nobody_listens() -> None:
    """Where, and why not."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    assert await why(http(port)) == f"no daemon answers on http://127.0.0.1:{port} (Connection refused)"
    assert "any free port" in await why(http(0))


async def test_another_program(answering: Answering) -> None:
    """Of HTTP, or of something else; one that never ends is cut short."""
    answering.server = "nginx"
    assert "another program answers" in await why(http(answering.port))
    async with speaking(b"SSH-2.0-OpenSSH_9.2\r\n") as settings:
        assert "speaks no HTTP" in await why(settings)


async def test_another_version(answering: Answering) -> None:
    """That has no such page, or means something else by it."""
    answering.says = 404, b"404: Not Found"
    assert "is it of another version?" in await why(http(answering.port))
    answering.says = 200, b'{"a": "one"}'
    assert "is it of another version?" in await why(http(answering.port))


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\nServer: ingestd\r\nContent-Length: 9\r\n\r\n{"])
async def test_one_that_hangs(monkeypatch: pytest.MonkeyPatch, words: bytes) -> None:
    """Before its first word, or within its answer."""
    monkeypatch.setattr(asking, "WITHIN", 0.3)
    async with speaking(words) as settings:
        assert "does it hang?" in await why(settings)
