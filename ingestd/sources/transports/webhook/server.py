"""The web server of a webhook: an address of its own, and what a request is answered that brings nothing."""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web

from ingestd.errors import Disconnected, Refused

COME_AGAIN: Final = "5"
"""Seconds after which one who was sent away should come again."""
KEEP_ALIVE: Final = 30.0
"""Seconds after which a connection is closed on which no whole head came."""
CLOSING: Final = 1.0
"""Seconds that requests under way get when the server stops, and that the rest of a refused body is read."""
SERVER: Final = {"Server": "ingestd"}
STATUSES: Final = {
    "path": HTTPStatus.NOT_FOUND,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "unsigned": HTTPStatus.UNAUTHORIZED,
    "stale": HTTPStatus.UNAUTHORIZED,
    "signature": HTTPStatus.UNAUTHORIZED,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_slow": HTTPStatus.REQUEST_TIMEOUT,
    "broken": HTTPStatus.BAD_REQUEST,
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "not_durable": HTTPStatus.SERVICE_UNAVAILABLE,
    "duplicate": HTTPStatus.OK,
}
"""What a request is answered that brings no frame, by the reason under which it is counted."""


@asynccontextmanager
async def listening(host: str, port: int, answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[int]:
    """A server, and on which port it listens. Raises Disconnected (``address``) while somebody else does, Refused where nobody may."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(
        application,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=CLOSING,
        keepalive_timeout=KEEP_ALIVE,
        lingering_time=CLOSING,
    )
    await runner.setup()
    try:
        await _bind(runner, host, port)
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def refusal(reason: str) -> web.Response:
    """The answer to a request that brings no frame."""
    status = STATUSES[reason]
    response = web.Response(status=status, text=reason, headers=SERVER)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = COME_AGAIN
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = "POST"
    if status != HTTPStatus.OK:
        response.force_close()
    return response


async def _bind(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Disconnected("address", f"somebody else listens on {host}:{port}") from error
        hint = "choose an address of this machine, and a port above 1023"
        raise Refused("address", f"cannot listen on {host}:{port}: {error.strerror or error}", hint) from error
