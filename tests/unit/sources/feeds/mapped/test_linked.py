"""A mapped source over a real WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestd.errors import Disconnected, Refused
from ingestd.model import WHOLE, Frame, Scope
from ingestd.sources.feeds.mapped.documents import Dialect, reader
from ingestd.sources.feeds.mapped.linked import Linked, LinkedSession
from ingestd.sources.feeds.mapped.options import WebSocketOptions
from ingestd.sources.feeds.mapped.peek import Peek
from ingestd.testing.context import feed_context

Handler = Callable[[ServerConnection], Awaitable[None]]
LOGIN = {"send": {"op": "login", "key": "{secret}"}, "expect": "doc.op == 'ok'", "refuse": "doc.op == 'no'"}


@asynccontextmanager
async def linked(handler: Handler, **over: object) -> AsyncIterator[Linked]:
    """A source on a server that does this."""
    async with serve(handler, "127.0.0.1", 0) as server:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        given = {"url": f"ws://{host}:{port}/feed", "secret": "s3", "within": 1, **over}
        yield Linked(WebSocketOptions.model_validate(given), feed_context("src"), Peek(reader("json", Dialect())))


def saying(*messages: str, after: int = 1, heard: list[object] | None = None) -> Handler:
    """Listens to so many messages, then says these, then waits for whoever leaves."""

    async def handle(link: ServerConnection) -> None:
        for _ in range(after):
            message = await link.recv()
            if heard is not None:
                heard.append(msgspec.json.decode(message))
        for message in messages:
            await link.send(message)
        await link.wait_closed()

    return handle


async def read(session: LinkedSession, count: int) -> list[tuple[str, bytes, str, bool, dict[str, str]]]:
    """So many frames: kind, payload, token, epoch, meta."""
    frames: list[Frame] = []
    async with asyncio.timeout(5):
        while len(frames) < count:
            frames += await session.read()
    return [(frame.kind, frame.payload, frame.token, frame.epoch, frame.meta) for frame in frames]


async def test_the_opening() -> None:
    """Each message once the one before was acknowledged; documents that came in between are not lost, receipts are no documents."""
    heard: list[object] = []

    async def handle(link: ServerConnection) -> None:
        heard.append(msgspec.json.decode(await link.recv()))
        for message in ('{"n": 0}', '{"op": "ok"}', '{"n": 1}'):
            await link.send(message)
        heard.append(msgspec.json.decode(await link.recv()))
        await link.send('{"n": 2}')
        await link.wait_closed()

    async with (
        linked(handle, opening=[LOGIN, {"send": {"op": "subscribe", "ids": [1, "{token}"]}}]) as source,
        source.connect("") as session,
    ):
        assert await read(session, 4) == [
            ("opened", b"", "", True, {}),
            ("data", b'{"n": 0}', "", False, {"whole": "1"}),
            ("data", b'{"n": 1}', "", False, {}),
            ("data", b'{"n": 2}', "", False, {}),
        ]
    assert heard == [{"op": "login", "key": "s3"}, {"op": "subscribe", "ids": [1, ""]}]


async def test_a_refusal_parks() -> None:
    """A message that says no is not answered by trying again."""
    async with linked(saying('{"op": "no"}'), opening=[LOGIN]) as source:
        with pytest.raises(Refused, match="opening"):
            async with source.connect(""):
                pass


async def test_no_receipt() -> None:
    """Ends the attempt, and says which step it was."""
    async with linked(saying('{"op": "hm"}'), opening=[LOGIN], within=0.2) as source:
        with pytest.raises(Disconnected, match=r"opening\[0\] was not answered within 0.2 s"):
            async with source.connect(""):
                pass


async def test_a_displaced_holder_is_named() -> None:
    """A close code among the refusals parks the source."""

    async def handle(link: ServerConnection) -> None:
        await link.close(4001, "another session")

    async with linked(handle, refusals={4001: "displaced"}) as source, source.connect("") as session:
        await session.read()
        with pytest.raises(Refused, match=r"displaced: closed with 4001 another session: another client uses this key"):
            await read(session, 1)


async def test_resuming() -> None:
    """The token is in the address or in a message, and what is sent may depend on it; only ``complete`` says what is whole."""
    heard: list[object] = []
    paths: list[str] = []

    async def handle(link: ServerConnection) -> None:
        paths.append(link.request.path if link.request else "")
        await saying('{"seq": 6}', '{"seq": "x7"}', '{"seq": null}', '{"ready": 1}', heard=heard)(link)

    opening = [{"send": {"from": "{token}"}, "when": "resumed"}, {"send": {"all": 1}, "when": "fresh"}]
    resume = {"token": "doc.seq", "param": "since", "replay": True}
    async with linked(handle, opening=opening, resume=resume, complete="doc.ready") as source:
        async with source.connect("") as session:
            assert [(token, epoch, meta) for _, _, token, epoch, meta in await read(session, 5)] == [
                ("", True, {}),
                ("6", False, {}),
                ("x7", False, {}),
                ("x7", False, {}),
                ("x7", False, {"whole": "1"}),
            ]
        async with source.connect("x7") as session:
            opened, *_ = await read(session, 5)
            assert opened == ("opened", b"", "x7", False, {"resumed": "replay"})
    assert heard == [{"all": 1}, {"from": "x7"}]
    assert paths == ["/feed", "/feed?since=x7"]


async def test_a_token_of_no_use_is_not_used() -> None:
    """Where the options know no way to resume, every session is fresh."""
    async with linked(saying(after=0)) as source, source.connect("left over") as session:
        assert await read(session, 1) == [("opened", b"", "", True, {})]


async def test_renewing_by_message() -> None:
    """It begins an epoch, and everything must be told again."""
    heard: list[object] = []

    async def handle(link: ServerConnection) -> None:
        await link.send('{"n": 0}')
        heard.append(msgspec.json.decode(await link.recv()))
        await link.send('{"n": 1}')
        await link.wait_closed()

    async with linked(handle, renew={"again": "{secret}"}) as source, source.connect("") as session:
        await read(session, 2)
        await session.renew(Scope("market", "m"))
        assert await read(session, 1) == [("data", b'{"n": 1}', "", True, {"whole": "1"})]
    assert heard == [{"again": "s3"}]


async def test_renewing_by_leaving() -> None:
    """Where there is no message for it, a new session tells everything; for a part of it nobody leaves."""
    async with linked(saying(after=0)) as source, source.connect("") as session:
        await session.renew(Scope("market", "m"))
        with pytest.raises(Disconnected, match="renewal"):
            await session.renew(WHOLE)


async def test_pings() -> None:
    """What the provider wants to hear is said, and its answer is no document."""
    heard: list[str | bytes] = []

    async def handle(link: ServerConnection) -> None:
        async for message in link:
            heard.append(message)
            await link.send("PONG")
            await link.send("{}")

    async with linked(handle, ping={"say": "PING", "every": 0.05, "answer": "PONG"}) as source, source.connect("") as session:
        assert [payload for _, payload, *_ in await read(session, 3)] == [b"", b"{}", b"{}"]
    assert heard[0] == "PING"
