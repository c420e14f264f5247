"""The WebSocket transport against a real server on this machine."""

import asyncio
import contextlib
import http
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.transports.websocket import WebSocket, connect

Handler = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def linked(handler: Handler, max_size: int = 1 << 20) -> AsyncIterator[WebSocket]:
    """A connection to a server that does as ``handler`` says."""
    async with (
        serve(handler, "127.0.0.1", 0, close_timeout=0.2) as server,
        await connect(_url(server), timeout=5, max_size=max_size) as link,
    ):
        yield link


def _url(server: Server) -> str:
    return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_messages_come_in_order_and_together() -> None:
    """What has come is returned at once, as bytes, none lost, none decoded."""

    async def send(link: ServerConnection) -> None:
        for number in range(1000):
            await link.send(f"{number}")
        await link.send(b"\xff\xfe")
        await link.wait_closed()

    async with linked(send) as link:
        reads = [await link.read()]
        while reads[-1][-1] != b"\xff\xfe":
            reads.append(await link.read())
    assert [message for read in reads for message in read] == [*(b"%d" % number for number in range(1000)), b"\xff\xfe"]
    assert len(reads) < 500


async def test_a_cancelled_read_loses_nothing() -> None:
    """Cancelling a read, before or while messages and fragments come, keeps them for the next one."""
    go = asyncio.Event()

    async def send(link: ServerConnection) -> None:
        await go.wait()
        for number in range(200):
            await link.send([f"{number}", ":", "end"])
        await link.wait_closed()

    async with linked(send) as link:
        seen: list[bytes] = []
        go.set()
        while len(seen) < 200:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.0005):
                    seen += await link.read()
    assert seen == [b"%d:end" % number for number in range(200)]


async def test_a_message_begun_is_not_lost_behind_a_whole_one() -> None:
    """Looking whether more has come takes nothing of a message whose end has not."""
    go = asyncio.Event()

    async def parts() -> AsyncIterator[str]:
        yield "begun"
        await go.wait()
        yield " and ended"

    async def send(link: ServerConnection) -> None:
        await link.send("whole")
        await link.send(parts())
        await link.wait_closed()

    async with linked(send) as link:
        await asyncio.sleep(0.05)
        first = await link.read()
        go.set()
        second = await link.read()
    assert (first, second) == ([b"whole"], [b"begun and ended"])


async def test_a_clean_close_is_disconnected_after_what_came_before() -> None:
    """A live session never simply ends: the close comes as Disconnected, behind the last message."""

    async def send(link: ServerConnection) -> None:
        await link.send("last")
        await link.close(1001, "maintenance")

    async with linked(send) as link:
        assert await link.read() == [b"last"]
        with pytest.raises(Disconnected) as caught:
            await link.read()
    assert (caught.value.reason, caught.value.detail) == ("closed", "1001 maintenance")


async def test_a_broken_link_is_reset() -> None:
    """A peer that vanishes is told from one that takes its leave."""

    async def vanish(link: ServerConnection) -> None:
        link.transport.abort()

    async with linked(vanish) as link:
        with pytest.raises(Disconnected) as caught:
            await link.read()
        with pytest.raises(Disconnected):
            await link.send(b"{}")
    assert caught.value.reason == "reset"


async def test_a_message_too_large_is_oversize() -> None:
    """Memory is bounded: what exceeds the limit ends the link under a name of its own."""

    async def flood(link: ServerConnection) -> None:
        await link.send("x" * 3000)
        await link.wait_closed()

    async with linked(flood, max_size=2000) as link:
        with pytest.raises(Disconnected) as caught:
            await link.read()
    assert caught.value.reason == "oversize"


async def test_a_peer_that_answers_no_ping_is_silent() -> None:
    """A dead peer whose connection stands is found by pings."""

    async def deaf(link: ServerConnection) -> None:
        link.transport.pause_reading()
        await asyncio.sleep(3)
        link.transport.abort()

    async with serve(deaf, "127.0.0.1", 0) as server, await connect(_url(server), timeout=5, ping_every=0.1) as link:
        with pytest.raises(Disconnected) as caught:
            await link.read()
    assert caught.value.reason == "silent"


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (401, Refused, "unauthorised"),
        (403, Refused, "unauthorised"),
        (429, Throttled, "http_429"),
        (503, Throttled, "http_503"),
        (500, Disconnected, "handshake"),
    ],
)
async def test_a_refused_handshake_says_what_to_do_next(status: int, error: type[Refused | Throttled | Disconnected], reason: str) -> None:
    """The status decides between a person, patience and another try."""

    def refuse(link: ServerConnection, request: Request) -> Response:
        del request
        response = link.respond(http.HTTPStatus(status), "no")
        response.headers["Retry-After"] = "7"
        return response

    async def never(link: ServerConnection) -> None:
        await link.close()

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        with pytest.raises(error) as caught:
            await connect(_url(server), timeout=5)
    assert str(caught.value).startswith(reason)
    assert getattr(caught.value, "seconds", 7.0) == 7.0


async def test_nobody_there_is_disconnected() -> None:
    """A port where nobody listens, a server that says nothing, a URL that is none."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Disconnected, match="timeout"):
            await connect(f"ws://127.0.0.1:{port}", timeout=0.1)
    with pytest.raises(Disconnected, match="refused"):
        await connect(f"ws://127.0.0.1:{port}", timeout=5)
    with pytest.raises(Refused, match="url"):
        await connect("http://127.0.0.1/", timeout=5)
