"""WebSocket messages: bytes in, nothing decoded, as many at once as have come.

Over ``websockets``. No compression (it costs more than the bytes it saves on a local link, and 50 KiB of memory per connection), no proxy,
pings that find a dead peer. Memory is bounded: at most ``max_size`` bytes per message and a short queue of them, then reading pauses.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from msgspec import Struct
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_connection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.http import FORBIDDEN, http_date, patience

MAX_SIZE: Final = 16 * 1024 * 1024
"""Bytes of a message, at most."""
QUEUE: Final = 16
"""Messages buffered before reading pauses; what came with one network read (256 KiB) is held whatever their number."""
MOST: Final = 1024
"""Messages returned by one ``read``, at most."""
PING_EVERY: Final = 20.0
CLOSE_WITHIN: Final = 0.5
CODES: Final = {1009: "oversize", 1011: "silent", 1002: "protocol", 1007: "protocol"}
"""Why this side closed a connection, by the code that it sent (RFC 6455, 7.4.1)."""
Refusals = Mapping[int, tuple[str, str]]
"""Close codes of a provider that no reconnection mends: reason (one word) and hint. A vendor that allows one stream per key tells a
displaced holder so; fighting back would displace the newer one in turn."""


class Chatter(Struct, frozen=True, kw_only=True):
    """What a provider wants to hear now and then, as a message, lest it hang up: ``say`` every so many seconds; ``answer`` comes back.

    It is said while somebody reads, so a reader that stands still for good is hung up on, as it should be.
    """

    say: bytes
    every: float
    answer: bytes = b""


class WebSocket:
    """One open connection; an async context manager, left closed.

    ``refusals``: close codes by which the provider says that asking again will not help, with the reason and a hint.
    """

    def __init__(self, connection: ClientConnection, chatter: Chatter | None = None, refusals: Refusals | None = None) -> None:
        self._connection = connection
        self._chatter = chatter
        self._refusals = refusals or {}
        self._due = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            await self._connection.close()
        finally:
            # who is interrupted in its goodbye must not leave a connection behind that nobody reads
            self._connection.transport.abort()

    async def read(self) -> list[bytes]:
        """One or more messages, as many as have come; none where only the answer to our chatter did. Cancelling it loses none.

        Raises Disconnected: ``closed`` (by the other side), ``reset``, ``silent`` (pings unanswered), ``protocol``, ``oversize``;
        Refused for a close code among ``refusals``.
        """
        try:
            messages = [await self._next()]
        except ConnectionClosed as error:
            raise self._ended(error) from error
        while len(messages) < MOST:
            message = self._at_once()
            if message is None:
                break
            messages.append(message)
        answer = self._chatter.answer if self._chatter else b""
        return [message for message in messages if message != answer] if answer else messages

    async def send(self, message: bytes) -> None:
        """Send a text message. Raises Disconnected."""
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as error:
            raise self._ended(error) from error

    async def _next(self) -> bytes:
        """The next message; what is due to be said is said meanwhile."""
        chatter = self._chatter
        if chatter is None:
            return await self._connection.recv(decode=False)
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= self._due:
                await self._connection.send(chatter.say, text=True)
                self._due = loop.time() + chatter.every
            try:
                async with asyncio.timeout_at(self._due):
                    return await self._connection.recv(decode=False)
            except TimeoutError:
                continue

    def _ended(self, error: ConnectionClosed) -> Disconnected | Refused:
        code = error.rcvd.code if error.rcvd else 0
        if code in self._refusals:
            reason, hint = self._refusals[code]
            return Refused(reason, f"closed with {code} {error.rcvd.reason if error.rcvd else ''}".strip(), hint)
        return _disconnected(error)

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


async def connect(  # noqa: PLR0913 - how a link is to be treated
    url: str,
    *,
    timeout: float,  # noqa: ASYNC109 - a deadline for this one step, part of the contract
    headers: Mapping[str, str] | None = None,
    max_size: int = MAX_SIZE,
    ping_every: float | None = PING_EVERY,
    chatter: Chatter | None = None,
    refusals: Refusals | None = None,
) -> WebSocket:
    """Open a connection; ``ws://`` or ``wss://`` (certificates verified).

    Raises Disconnected (``timeout`` after so many seconds, ``refused``, ``handshake``), Throttled (429, or a 503 that says how long),
    Refused (a URL that is none, 401, 403).
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
    return WebSocket(connection, chatter, refusals)


def _status(error: InvalidStatus) -> Disconnected | Throttled | Refused:
    response = error.response
    if response.status_code in FORBIDDEN:
        return Refused("unauthorised", f"HTTP {response.status_code}", "check the key")
    # a date is told by the server's clock, so that is the clock to measure it by
    after, sent = ("".join(response.headers.get_all(name)[:1]) for name in ("Retry-After", "Date"))
    if (busy := patience(response.status_code, after, http_date(sent))) is not None:
        return busy
    return Disconnected("handshake", f"HTTP {response.status_code}")


def _disconnected(error: ConnectionClosed) -> Disconnected:
    sent, received = error.sent, error.rcvd
    if sent is not None and (received is None or not error.rcvd_then_sent):
        return Disconnected(CODES.get(sent.code, "closed"), f"{sent.code} {sent.reason}".strip())
    if received is None:
        return Disconnected("reset", "without a closing handshake")
    return Disconnected("closed", f"{received.code} {received.reason}".strip())
