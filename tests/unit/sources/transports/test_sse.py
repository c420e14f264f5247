"""Server-sent events: the specification's own examples, cut anywhere, never too long, and a real server."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.http import Request, opened
from ingestd.sources.transports.sse import KEPT, MAX_ID, Event, Events, Parser, connect
from ingestd.testing.clock import VirtualClock
from tests.unit.sources.conftest import serving

Talk = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
PIECES = [
    b"data",
    b"id",
    b"event",
    b"retry",
    b":",
    b": ",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"x",
    b"1",
    b"\xef\xbb\xbf",
    b"\0",
    "ü".encode(),
    b"data: y\n",
]


def parsed(stream: bytes, max_event: int = 1 << 20) -> list[Event]:
    """All events of a stream that comes in one piece."""
    return Parser(max_event).feed(stream)


def reference(stream: bytes) -> tuple[list[Event], str]:
    """The events of a whole stream and the last id, by the letter of 9.2.6, in the plainest way."""
    *lines, _ = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    events, data, kind, given, last = list[Event](), b"", b"", b"", b""
    for line in lines:
        if line == b"":
            last = given
            if data:
                events.append(Event((kind or b"message").decode("utf-8", "replace"), data[:-1], last.decode("utf-8", "replace")))
            data, kind = b"", b""
        elif not line.startswith(b":"):
            name, colon, value = line.partition(b":")
            value = value[1:] if colon and value[:1] == b" " else value
            data += value + b"\n" if name == b"data" else b""
            kind = value if name == b"event" else kind
            given = value if name == b"id" and b"\0" not in value else given
    return events, last.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: This is the first message.\n\ndata: second\ndata: message\n\n", [b"This is the first message.", b"second\nmessage"]),
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [b"YHOO\n+2\n10"]),
        (b"data\n\ndata\ndata\n\ndata:", [b"", b"\n"]),
        (b"data:test\n\ndata: test\n\ndata:  test\n\n", [b"test", b"test", b" test"]),
        (b": only a comment\n\nid: 1\n\nretry: 5\n\nevent: none\n\n", []),
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", [b"a", b"b", b"c"]),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
        (b"data: whole\n\ndata: cut", [b"whole"]),
        (b"Data: x\n\ndata : x\n\ndatax: x\n\n", []),
        (b"data: \xff\xfe\n\n", [b"\xff\xfe"]),
    ],
)
def test_data(stream: bytes, events: list[bytes]) -> None:
    """As the specification shows them: joined by LF, one space taken off, no event without its blank line."""
    assert [event.data for event in parsed(stream)] == events


def test_ids() -> None:
    """An id stays until the next; an empty one forgets it; one with a NUL is none; it counts with the blank line, data or not."""
    parser = Parser()
    stream = b": test\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata: third\nid: 3\n\ndata: fourth\nid: a\0b\n\nid: 5\n\nid: 6"
    events = parser.feed(stream)
    assert [(event.data, event.id) for event in events] == [(b"first", "1"), (b"second", ""), (b"third", "3"), (b"fourth", "3")]
    assert parser.last_id == "5"
    parser.feed(b"\n")
    assert parser.last_id == "5"
    parser.feed(b"\n")
    assert parser.last_id == "6"


def test_types_and_retry() -> None:
    """A type holds for its event; a retry is digits and nothing else."""
    parser = Parser()
    events = parser.feed(b"event: add\ndata: 1\n\ndata: 2\n\nevent: remove\n\ndata: 3\n\nretry: 1500\nretry: 2s\nretry:\nretry: -1\n")
    assert [(event.type, event.data) for event in events] == [("add", b"1"), ("message", b"2"), ("message", b"3")]
    assert parser.retry == 1.5
    parser.feed(b"retry: " + b"9" * 400 + b"\n")
    assert parser.retry == 86_400


@given(st.lists(st.sampled_from(PIECES)).map(b"".join), st.data())
@example(b"data: a\r\ndata: b\r\n\r\ndata: c\r\r", None)
@example(b"\xef\xbbdata: x\n\n", None)
def test_events_survive_any_cut(stream: bytes, data: st.DataObject | None) -> None:
    """Whatever the bytes and wherever they are cut: what the plainest reading of the specification gives."""
    parser, found, start = Parser(), list[Event](), 0
    while start < len(stream):
        size = data.draw(st.integers(1, 7)) if data else 1
        found += parser.feed(stream[start : start + size])
        start += size
    assert (found, parser.last_id) == reference(stream)


@given(st.integers(1, 30_000), st.integers(1, 9_000), st.sampled_from((b"data: ", b"data: x\ndata:", b": ", b"id: ", b"")))
def test_what_is_too_long_is_cut(size: int, piece: int, before: bytes) -> None:
    """An endless line, or an endless event: its beginning and its length are told, memory stays, the next event is whole."""
    parser, found = Parser(max_event=10_000), list[Event]()
    stream = before + b"x" * size + b"\n\ndata: next\n\n"
    for start in range(0, len(stream), piece):
        found += parser.feed(stream[start : start + piece])
        assert len(parser._line) + len(parser._data) <= 20_020
    assert found[-1] == Event("message", b"next", found[-1].id)
    if before.startswith(b"data"):
        text = before.removeprefix(b"data: ").replace(b"data:", b"") + b"x" * size
        assert found[0] == (Event("message", text) if len(text) <= 10_000 else Event("message", text[:KEPT], "", len(text)))
    elif before == b"id: ":
        assert found[-1].id == ("x" * size if size <= MAX_ID else "")


def test_an_event_of_very_many_lines_is_cut() -> None:
    """It is not the line alone that can be endless."""
    parser = Parser(max_event=10_000)
    for _ in range(5_000):
        assert parser.feed(b"data: 0123456789\n") == []
        assert len(parser._data) <= 10_100
    [event] = parser.feed(b"\n")
    assert (event.data[:11], len(event.data), event.oversize) == (b"0123456789\n", KEPT, 5_000 * 11 - 1)


def test_the_limit_itself_is_not_too_long() -> None:
    """Exactly as long as allowed is whole."""
    assert parsed(b"data: " + b"x" * 5_000 + b"\n\n", 5_000) == [Event("message", b"x" * 5_000)]
    assert parsed(b"data: " + b"x" * 5_001 + b"\n\n", 5_000) == [Event("message", b"x" * KEPT, "", 5_001)]


@asynccontextmanager
async def linked(
    talk: Talk, *, last_id: str = "", status: int = 200, kind: str = "text/event-stream; charset=utf-8"
) -> AsyncIterator[Events]:
    """A stream from a server that does as ``talk`` says."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Type": kind, "Retry-After": "7"})
        await response.prepare(request)
        with suppress(ConnectionError):
            await talk(request, response)
        return response

    async with (
        serving(handle) as url,
        opened(VirtualClock(), timeout=0.5) as http,
        connect(http, Request(url=url), last_id=last_id) as link,
    ):
        yield link


async def everything(link: Events) -> list[Event]:
    """All events until the stream ends."""
    found: list[Event] = []
    with suppress(Disconnected, Throttled):
        while True:
            found += await link.read()
    return found


async def silent(request: web.Request, response: web.StreamResponse) -> None:
    """A server that ends at once."""


async def test_a_stream() -> None:
    """Events as they come; a comment is a sign of life; the end is Disconnected, and what was begun is not an event."""
    go = asyncio.Event()

    async def talk(request: web.Request, response: web.StreamResponse) -> None:
        assert request.headers["Accept"] == "text/event-stream"
        assert "Last-Event-ID" not in request.headers
        await response.write(b"id: 7\ndata: a\n\n")
        await go.wait()
        await response.write(b": still here\n")
        await response.write(b"data: cut off")

    async with linked(talk) as link:
        assert await link.read() == [Event("message", b"a", "7")]
        go.set()
        assert await link.read() == []
        with pytest.raises(Disconnected, match="closed"):
            await everything_or_raise(link)
        assert link.last_id == "7"


async def everything_or_raise(link: Events) -> None:
    """Read until something is raised."""
    while True:
        assert await link.read() == []


async def test_a_body_outlives_the_deadline_of_its_head() -> None:
    """The timeout is for the answer to begin; how long it may be quiet is for the collector to say."""

    async def talk(request: web.Request, response: web.StreamResponse) -> None:
        await asyncio.sleep(0.7)
        await response.write(b"data: late\n\n")

    async with linked(talk) as link:
        assert await everything(link) == [Event("message", b"late")]


async def test_a_cancelled_read_loses_nothing() -> None:
    """Cancelled before or while bytes come, the next read has them."""

    async def talk(request: web.Request, response: web.StreamResponse) -> None:
        for number in range(200):
            await response.write(b"data: %d" % number)
            await response.write(b"\n\n")

    async with linked(talk) as link:
        seen: list[Event] = []
        while len(seen) < 200:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.0005):
                    seen += await link.read()
    assert [event.data for event in seen] == [b"%d" % number for number in range(200)]


@pytest.mark.parametrize(("last_id", "sent"), [("17", "17"), ("ü", "ü"), ("", None), ("a\x01b", None)])
async def test_going_on_behind_an_event(last_id: str, sent: str | None) -> None:
    """The last id goes back as it came, unless it cannot."""
    seen: list[str | None] = []

    async def talk(request: web.Request, response: web.StreamResponse) -> None:
        seen.append(request.headers.get("Last-Event-ID"))

    async with linked(talk, last_id=last_id) as link:
        await everything(link)
    assert seen == [sent]


@pytest.mark.parametrize(("retry", "error"), [(b"retry: 20000\n", Throttled), (b"retry: 20\n", Disconnected), (b"", Disconnected)])
async def test_the_server_says_how_long_to_stay_away(retry: bytes, error: type[IngestdError]) -> None:
    """A long pause is kept; short ones are the collector's own business."""

    async def talk(request: web.Request, response: web.StreamResponse) -> None:
        await response.write(retry)

    async with linked(talk) as link:
        with pytest.raises(error, match="closed"):
            await everything_or_raise(link)


@pytest.mark.parametrize(
    ("status", "kind", "error", "says"),
    [
        (200, "text/html", Disconnected, "content_type: HTTP 200 from .*: text/html instead of text/event-stream"),
        (201, "text/event-stream", Disconnected, "content_type: HTTP 201"),
        (204, "text/event-stream", Refused, "ended: HTTP 204"),
        (301, "text/event-stream", Refused, "redirected"),
        (304, "text/event-stream", Disconnected, "unavailable: HTTP 304"),
        (401, "text/event-stream", Refused, "unauthorised"),
        (404, "text/plain", Refused, "http_404"),
        (429, "text/plain", Throttled, "http_429: wait 7.0 s"),
        (500, "text/html", Disconnected, "unavailable"),
    ],
)
async def test_what_is_no_stream(status: int, kind: str, error: type[IngestdError], says: str) -> None:
    """By HTTP's own rules, and by the specification's for its content type and for 204."""
    with pytest.raises(error, match=says):
        async with linked(silent, status=status, kind=kind):
            pass


async def test_a_broken_stream() -> None:
    """A connection that is cut amid an event."""

    async def talk(request: web.Request, response: web.StreamResponse) -> None:
        await response.write(b"data: a\n\ndata: b")
        assert request.transport is not None
        request.transport.abort()

    async with linked(talk) as link:
        with pytest.raises(Disconnected) as caught:
            while True:
                await link.read()
    assert caught.value.reason in {"broken", "closed"}
