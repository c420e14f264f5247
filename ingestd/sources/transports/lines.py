"""Lines over TCP or TLS: bytes in, whole lines out, however the network cut them.

A line ends with LF; a CR before it is not part of it. Blank lines are no lines. Certificates are verified by whatever the given TLS
context demands; there is no way here to switch that off.
"""

import asyncio
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

from ingestd.errors import Disconnected

MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line that are kept at most; a 200-market image is some hundred thousand."""
KEPT: Final = 4096
"""Bytes kept of a line that is too long, so that a person can see what it was."""
_CHUNK: Final = 256 * 1024


class Truncated(Struct, frozen=True):
    """A line that was too long: its beginning, and how long it was."""

    head: bytes
    size: int


Line = bytes | Truncated


class Splitter:
    """Cuts a stream of bytes into lines; never holds more than one line of ``max_line`` bytes."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max = max_line
        self._rest = bytearray()
        self._size = 0
        """Length of the line begun, what was thrown away of it included."""

    @property
    def unfinished(self) -> int:
        """Bytes of a line whose end has not come."""
        return self._size

    def feed(self, data: bytes) -> list[Line]:
        """The lines that these bytes complete."""
        first, *others = data.split(b"\n")
        self._extend(first)
        if not others:
            return []
        lines = [self._finish()]
        last = others.pop()
        lines.extend(map(self._whole, others))
        self._extend(last)
        return [line for line in lines if line]

    def _extend(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max:
            del self._rest[KEPT:]
            self._rest += piece[: max(0, KEPT - len(self._rest))]
        else:
            self._rest += piece

    def _finish(self) -> Line:
        line = bytes(self._rest)
        size, self._size = self._size, 0
        self._rest.clear()
        return Truncated(line, size) if size > self._max else line.removesuffix(b"\r")

    def _whole(self, line: bytes) -> Line:
        return Truncated(line[:KEPT], len(line)) if len(line) > self._max else line.removesuffix(b"\r")


class Lines:
    """One open connection; an async context manager, left closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, max_line: int) -> None:
        self._reader = reader
        self._writer = writer
        self._splitter = Splitter(max_line)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.transport.abort()
        # it was to be closed and is: how the other side took it is of no interest
        with suppress(OSError):
            await self._writer.wait_closed()

    async def read(self) -> list[Line]:
        """One or more lines, as many as have come. Cancelling it loses none. Raises Disconnected when the link is gone."""
        while True:
            try:
                data = await self._reader.read(_CHUNK)
            except OSError as error:
                raise Disconnected("broken", str(error)) from error
            if not data:
                lost = self._splitter.unfinished
                raise Disconnected("closed", f"amid a line, {lost} bytes of it read" if lost else "by the other side")
            if lines := self._splitter.feed(data):
                return lines

    async def send(self, line: bytes) -> None:
        """Write a line, its end (CR LF) added. Raises Disconnected."""
        try:
            self._writer.write(line + b"\r\n")
            await self._writer.drain()
        except OSError as error:
            raise Disconnected("broken", str(error)) from error


async def connect(host: str, port: int, *, tls: ssl.SSLContext | None, timeout: float, max_line: int = MAX_LINE) -> Lines:  # noqa: ASYNC109 - a deadline for this one step, part of the contract
    """Open a connection. Raises Disconnected: ``timeout`` (seconds), ``certificate`` (not trusted), ``refused`` (anything else)."""
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=_CHUNK)
    except TimeoutError as error:
        raise Disconnected("timeout", f"{host}:{port} did not answer within {timeout:g} s") from error
    except ssl.SSLCertVerificationError as error:
        raise Disconnected("certificate", f"{host}:{port}: {error.verify_message}") from error
    except OSError as error:
        raise Disconnected("refused", f"{host}:{port}: {error.strerror or error}") from error
    return Lines(reader, writer, max_line)
