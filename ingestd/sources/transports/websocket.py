"""WebSocket messages: bytes in, nothing decoded, as many at once as have come.

Over ``websockets``. No compression (it costs more than the bytes it saves on a local link, and 50 KiB of memory per connection), no proxy,
pings that find a dead peer. Memory is bounded: at most ``max_size`` bytes per message and a short queue of them, then reading pauses.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from ingestd.errors import Disconnected, Refused, Throttled

MAX_SIZE: Final = 16 * 1024 * 1024
"""Bytes of a message, at most."""
QUEUE: Final = 16
"""Messages buffered before reading pauses; what came with one network read (256 KiB) is held whatever their number."""
MOST: Final = 1024
"""Messages returned by one ``read``, at most."""
PING_EVERY: Final = 20.0
CLOSE_WITHIN: Final = 0.5
TOO_MANY: Final = 429
UNAVAILABLE: Final = 503
FORBIDDEN: Final = frozenset((401, 403))
PAUSE: Final = 60.0
"""Seconds to wait where the server asks for patience and does not say how long."""
CODES: Final = {1009: "oversize", 1011: "silent", 1002: "protocol", 1007: "protocol"}
"""Why this side closed a connection, by the code that it sent (RFC 6455, 7.4.1)."""


class WebSocket:
    """One open connection; an async context manager, left closed."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._connection.close()

    async def read(self) -> list[bytes]:
        """One or more messages, as many as have come. Cancelling it loses none.

        Raises Disconnected: ``closed`` (by the other side), ``reset``, ``silent`` (pings unanswered), ``protocol``, ``oversize``.
        """
        connection = self._connection
        try:
            messages = [await connection.recv(decode=False)]
        except ConnectionClosed as error:
            raise _disconnected(error) from error
        while len(messages) < MOST:
            message = self._at_once()
            if message is None:
                break
            messages.append(message)
        return messages

    async def send(self, message: bytes) -> None:
        """Send a text message. Raises Disconnected."""
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as error:
            raise _disconnected(error) from error

    def _at_once(self) -> bytes | None:
        """A message that is there already, without a turn of the loop; None where ``recv`` would have to wait.

        ``recv`` may be cancelled without loss, so it is begun, and cancelled where it does not end at once.
        """
        receiving = self._connection.recv(decode=False)
        try:
            receiving.send(None)
        except StopIteration as done:
            message: bytes = done.value
            return message
        except ConnectionClosed:
            # told again by the next read, after the messages before it
            return None
        try:
            receiving.throw(asyncio.CancelledError())
        except (asyncio.CancelledError, ConnectionClosed):
            return None
        raise RuntimeError("recv went on after it was cancelled")


async def connect(
    url: str,
    *,
    timeout: float,  # noqa: ASYNC109 - a deadline for this one step, part of the contract
    headers: Mapping[str, str] | None = None,
    max_size: int = MAX_SIZE,
    ping_every: float | None = PING_EVERY,
) -> WebSocket:
    """Open a connection; ``ws://`` or ``wss://`` (certificates verified).

    Raises Disconnected (``timeout`` after so many seconds, ``refused``, ``handshake``), Throttled (429, 503), Refused (a URL that is
    none, 401, 403).
    """
    try:
        async with asyncio.timeout(timeout):
            connection = await open_connection(
                url,
                additional_headers=headers,
                compression=None,
                proxy=None,
                open_timeout=None,
                ping_interval=ping_every,
                ping_timeout=ping_every,
                close_timeout=CLOSE_WITHIN,
                max_size=max_size,
                max_queue=QUEUE,
            )
    except TimeoutError as error:
        raise Disconnected("timeout", f"no answer within {timeout:g} s") from error
    except InvalidURI as error:
        raise Refused("url", str(error), "it must begin with ws:// or wss://") from error
    except InvalidStatus as error:
        raise _status(error) from error
    except InvalidHandshake as error:
        raise Disconnected("handshake", str(error)) from error
    except OSError as error:
        raise Disconnected("refused", error.strerror or str(error)) from error
    return WebSocket(connection)


def _status(error: InvalidStatus) -> Disconnected | Throttled | Refused:
    response = error.response
    if response.status_code in FORBIDDEN:
        return Refused("unauthorised", f"HTTP {response.status_code}", "check the key")
    if response.status_code in (TOO_MANY, UNAVAILABLE):
        after = response.headers.get("Retry-After", "")
        return Throttled(float(after) if after.isdecimal() else PAUSE, f"http_{response.status_code}")
    return Disconnected("handshake", f"HTTP {response.status_code}")


def _disconnected(error: ConnectionClosed) -> Disconnected:
    sent, received = error.sent, error.rcvd
    if sent is not None and (received is None or not error.rcvd_then_sent):
        return Disconnected(CODES.get(sent.code, "closed"), f"{sent.code} {sent.reason}".strip())
    if received is None:
        return Disconnected("reset", "without a closing handshake")
    return Disconnected("closed", f"{received.code} {received.reason}".strip())
