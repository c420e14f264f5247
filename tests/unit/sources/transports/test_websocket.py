"""The WebSocket transport against a real server on this machine."""

import asyncio
import contextlib
import http
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.transports.websocket import Chatter, Refusals, WebSocket, connect

Handler = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def linked(
    handler: Handler, max_size: int = 1 << 20, chatter: Chatter | None = None, refusals: Refusals | None = None
) -> AsyncIterator[WebSocket]:
    """A connection to a server that does as ``handler`` says."""
    async with (
        serve(handler, "127.0.0.1", 0, close_timeout=0.2) as server,
        await connect(_url(server), timeout=5, max_size=max_size, chatter=chatter, refusals=refusals) as link,
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


async def test_a_goodbye_that_is_interrupted_leaves_nothing_open() -> None:
    """The other side does not answer, and nobody waits for it any longer: the connection goes all the same."""

    async def deaf(link: ServerConnection) -> None:
        await link.send("heard")
        link.transport.pause_reading()
        await link.wait_closed()

    async with serve(deaf, "127.0.0.1", 0, close_timeout=0.2) as server:
        link = await connect(_url(server), timeout=5)
        assert await link.read() == [b"heard"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await link.__aexit__(None, None, None)
        assert link._connection.transport.is_closing()
        server.close(close_connections=False)
        next(iter(server.connections)).transport.abort()


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

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        with pytest.raises(error) as caught:
            await connect(_url(server), timeout=5)
    assert str(caught.value).startswith(reason)
    assert getattr(caught.value, "seconds", 7.0) == 7.0


async def test_a_server_that_is_away_and_says_no_more() -> None:
    """Is left alone for longer and longer, as the collector does it."""

    def refuse(link: ServerConnection, request: Request) -> Response:
        return link.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "no")

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        with pytest.raises(Disconnected, match="handshake: HTTP 503"):
            await connect(_url(server), timeout=5)


@pytest.mark.parametrize(
    ("after", "date", "seconds"),
    [
        (["90"], "", 90.0),
        (["90", "7"], "", 90.0),
        (["Tue, 14 Nov 2023 22:14:50 GMT"], "Tue, 14 Nov 2023 22:13:20 GMT", 90.0),
        (["Tue, 14 Nov 2023 22:14:50 GMT"], "today", 60.0),
        (["soon"], "", 60.0),
        ([], "", 60.0),
    ],
)
async def test_a_busy_server_says_how_long_to_wait(after: list[str], date: str, seconds: float) -> None:
    """In seconds, or as a date by its own clock."""

    def refuse(link: ServerConnection, request: Request) -> Response:
        response = link.respond(http.HTTPStatus.TOO_MANY_REQUESTS, "no")
        for value in after:
            response.headers["Retry-After"] = value
        if date:
            del response.headers["Date"]
            response.headers["Date"] = date
        return response

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        with pytest.raises(Throttled) as caught:
            await connect(_url(server), timeout=5)
    assert caught.value.seconds == seconds


async def never(link: ServerConnection) -> None:
    """No connection comes this far."""
    await link.close()


async def test_chatter_is_said_now_and_then() -> None:
    """At once and every so often, while somebody reads; its answer is a sign of life and no message."""
    heard: list[tuple[float, object]] = []
    loop = asyncio.get_running_loop()

    async def answer(link: ServerConnection) -> None:
        async for message in link:
            heard.append((loop.time(), message))
            await link.send("PONG")
            if len(heard) == 3:
                await link.send("PONG")
                await link.send("news")

    async with linked(answer, chatter=Chatter(say=b"PING", every=0.1, answer=b"PONG")) as link:
        reads = [await link.read() for _ in range(2)]
        while not reads[-1]:
            reads.append(await link.read())
    assert [message for _, message in heard] == ["PING"] * 3
    assert [message for read in reads for message in read] == [b"news"]
    assert all(0.09 < later[0] - earlier[0] < 1 for earlier, later in itertools.pairwise(heard))


async def test_chatter_loses_no_message() -> None:
    """However often reading is interrupted to say something, and though messages leave no quiet moment."""
    pings = 0

    async def flood(link: ServerConnection) -> None:
        nonlocal pings
        for number in range(3_000):
            await link.send(f"{number}")
            if number % 100 == 0:
                await asyncio.sleep(0.002)
        async for _ in link:
            pings += 1

    async with linked(flood, chatter=Chatter(say=b"PING", every=0.001)) as link:
        seen: list[bytes] = []
        while len(seen) < 3_000:
            seen += await link.read()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await link.read()
    assert seen == [b"%d" % number for number in range(3_000)]
    assert pings > 5


async def test_chatter_on_a_link_that_is_gone() -> None:
    """Saying something finds it out as reading does."""

    async def vanish(link: ServerConnection) -> None:
        link.transport.abort()

    async with linked(vanish, chatter=Chatter(say=b"PING", every=0.01)) as link:
        with pytest.raises(Disconnected, match="reset"):
            while True:
                await link.read()


async def test_a_close_that_no_reconnection_mends() -> None:
    """The provider's code has a reason and a hint; whoever reads or sends is told so, behind the last message."""
    refusals = {4001: ("displaced", "stop the other holder of this key")}

    async def displace(link: ServerConnection) -> None:
        await link.send("last")
        await link.close(4001, "newer session")

    async with linked(displace, refusals=refusals) as link:
        assert await link.read() == [b"last"]
        with pytest.raises(Refused) as caught:
            await link.read()
        with pytest.raises(Refused, match="displaced"):
            await link.send(b"{}")
    assert (caught.value.reason, caught.value.detail) == ("displaced", "closed with 4001 newer session")
    assert caught.value.hint == "stop the other holder of this key"


async def test_any_other_close_is_worth_a_reconnection() -> None:
    """Codes that nobody named."""

    async def leave(link: ServerConnection) -> None:
        await link.close(4002)

    async with linked(leave, refusals={4001: ("displaced", "")}) as link:
        with pytest.raises(Disconnected) as caught:
            await link.read()
    assert (caught.value.reason, caught.value.detail) == ("closed", "4002")


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
