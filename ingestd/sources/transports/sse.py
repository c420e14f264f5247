"""Server-sent events over HTTP: bytes in, whole events out, however the network cut them.

Source: WHATWG HTML, 9.2 "Server-sent events". Data stay bytes, joined by LF; nothing in them is decoded here. Memory is bounded: of a line
or an event above ``max_event`` only the beginning is kept, and it is told how long it was.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from msgspec import Struct

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.http import LONGEST_PAUSE, Http, Request, Stream

MAX_EVENT: Final = 16 * 1024 * 1024
"""Bytes of the data of an event, at most."""
KEPT: Final = 4096
"""Bytes kept of an event that is too long, so that a person can see what it was."""
MAX_ID: Final = 1024
"""Bytes of an id, at most: it goes back in a header. A longer one is passed over, as one with a NUL is."""
OWN_PAUSE: Final = 5.0
"""Seconds of a ``retry`` below which the collector's own pauses will do: they grow, where a ``retry`` stays."""
CONTENT_TYPE: Final = "text/event-stream"
HEADERS: Final = {"Accept": CONTENT_TYPE, "Accept-Encoding": "identity", "Cache-Control": "no-store"}
_FIELD: Final = len(b"data: ")
_BOM: Final = b"\xef\xbb\xbf"
_DIGITS: Final = frozenset(b"0123456789")


class Event(Struct, frozen=True):
    """One event: its ``type``, its data, and the id to resume from once it is durable (``""``: none yet).

    ``oversize``: how long the data were, where ``data`` is only their beginning; else 0.
    """

    type: str
    data: bytes
    id: str = ""
    oversize: int = 0


class Parser:
    """Bytes to events; never holds more than one line and the data of one event, each of ``max_event`` bytes."""

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self.last_id = ""
        """The id of the last event, or of an end of an event without data."""
        self.retry: float | None = None
        """Seconds that the server asks to wait before the next connection."""
        self._max = max_event
        self._begun = False
        self._head = b""
        """The first bytes of all, while they may yet be a byte order mark."""
        self._after_cr = False
        self._line = bytearray()
        self._line_size = 0
        """Length of the line begun, what was thrown away of it included."""
        self._type = b""
        self._data = bytearray()
        self._data_size = 0
        self._id = ""

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete."""
        if not self._begun:
            data = self._head = self._head + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                return []
            self._begun, self._head = True, b""
            data = data.removeprefix(_BOM)
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if data.endswith(b"\r"):
            self._after_cr = True
        events: list[Event] = []
        for piece in data.splitlines(keepends=True):
            line = piece.rstrip(b"\r\n")
            self._extend(line)
            if len(line) < len(piece):
                self._end_line(events)
        return events

    def _extend(self, piece: bytes) -> None:
        self._line_size += len(piece)
        room = self._max + _FIELD - len(self._line)
        self._line += piece if len(piece) <= room else piece[: max(0, room)]

    def _end_line(self, events: list[Event]) -> None:
        line, size = bytes(self._line), self._line_size
        self._line.clear()
        self._line_size = 0
        if not size:
            self._dispatch(events)
            return
        name, _, value = line.partition(b":")
        self._take(name, value.removeprefix(b" "), size - len(line))

    def _take(self, name: bytes, value: bytes, cut: int) -> None:
        """One field; ``cut``: bytes at its end that were thrown away. A comment is a field without a name, and nobody knows it."""
        if name == b"data":
            self._data += value + b"\n"
            self._data_size += len(value) + cut + 1
            if self._data_size - 1 > self._max:
                del self._data[KEPT:]
        elif name == b"event":
            self._type = value[:KEPT]
        elif name == b"id" and len(value) + cut <= MAX_ID and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value and _DIGITS.issuperset(value) and not cut:
            self.retry = min(float(value) / 1000, LONGEST_PAUSE)

    def _dispatch(self, events: list[Event]) -> None:
        self.last_id = self._id
        if self._data_size:
            size = self._data_size - 1
            kind = self._type.decode("utf-8", "replace") or "message"
            if size > self._max:
                events.append(Event(kind, bytes(self._data[:KEPT]), self._id, size))
            else:
                events.append(Event(kind, bytes(self._data[:-1]), self._id))
        self._type = b""
        self._data.clear()
        self._data_size = 0


class Events:
    """One open stream."""

    def __init__(self, stream: Stream, max_event: int) -> None:
        self._stream = stream
        self._parser = Parser(max_event)

    @property
    def last_id(self) -> str:
        """The id from which to resume once everything read so far is durable; ``""``: the server gave none."""
        return self._parser.last_id

    async def read(self) -> list[Event]:
        """The events that have come; none where it was a comment, or a part of an event: a sign of life. Cancelling it loses none.

        Raises Disconnected (``closed``, ``broken``) when the stream is gone; Throttled where the server asked for a longer pause.
        """
        data = await self._stream.read()
        if data:
            return self._parser.feed(data)
        pause = self._parser.retry or 0.0
        raise Throttled(pause, "closed") if pause > OWN_PAUSE else Disconnected("closed", f"{self._stream.url}: by the other side")


@asynccontextmanager
async def connect(http: Http, request: Request, *, last_id: str = "", max_event: int = MAX_EVENT) -> AsyncIterator[Events]:
    """Open a stream; ``last_id``: go on behind that event (``Last-Event-ID``).

    Raises what ``Http.stream`` raises; Disconnected (``content_type``) for another kind of answer; Refused (``ended``) for a 204, by which
    a server says that nobody is to come back: a live source that is over is for a person to look at.
    """
    resumed = {"Last-Event-ID": last_id} if last_id.isprintable() and last_id else {}
    async with http.stream(request.with_headers({**HEADERS, **resumed})) as stream:
        if stream.status == HTTPStatus.NO_CONTENT:
            raise Refused("ended", f"HTTP 204 from {stream.url}", "the provider ended this stream for good: choose another url")
        kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
        if stream.status != HTTPStatus.OK or kind != CONTENT_TYPE:
            raise Disconnected("content_type", f"HTTP {stream.status} from {stream.url}: {kind or 'nothing'} instead of {CONTENT_TYPE}")
        yield Events(stream, max_event)
