"""A small HTTP server of pages made from memory: health and metrics."""

import errno
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from ingestd.errors import ConfigError, InUse

Page = Callable[[str], tuple[int, str, bytes]]
"""From the ``Accept`` header to status, media type (charset included) and body."""
CLOSING: Final = 1.0
"""Seconds that requests under way get when the server stops."""


class WebServer:
    """Serves ``pages`` (by path) on one address, GET and HEAD, without an access log."""

    def __init__(self, host: str, port: int, pages: Mapping[str, Page]) -> None:
        self._host = host
        self._port = port
        application = web.Application()
        application.router.add_get("/", _contents(pages))
        for path, page in pages.items():
            application.router.add_get(path, _handler(page))
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=CLOSING)

    async def start(self) -> None:
        """Listen. Raises InUse when the port is taken, ConfigError when the address cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except (OSError, OverflowError) as error:
            await self._runner.cleanup()
            raise self._problem(error) from None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; the port is the real one when any free one was asked for."""
        host, port, *_ = self._runner.addresses[0]
        return host, port

    async def stop(self) -> None:
        """Stop listening and let go of all connections; also when it never started."""
        await self._runner.cleanup()

    def _problem(self, error: OSError | OverflowError) -> ConfigError:
        place = f"{self._host}:{self._port}"
        match getattr(error, "errno", None):
            case errno.EADDRINUSE:
                return InUse(f"http.port: {place} is already in use; stop what listens there, or choose another port (INGESTD_HTTP_PORT)")
            case errno.EACCES | errno.EPERM:
                return ConfigError(f"http.port: {place} is not allowed for this user; choose a port above 1023")
            case _:
                return ConfigError(f"http.host: cannot listen on {place}: {error}; choose an address of this machine, e.g. 127.0.0.1")


def _handler(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        status, media_type, body = page(request.headers.get("Accept", ""))
        headers = {"Content-Type": media_type, "Cache-Control": "no-store", "Server": "ingestd"}
        return web.Response(status=status, body=body, headers=headers)

    return handle


def _contents(pages: Mapping[str, Page]) -> Callable[[web.Request], Awaitable[web.Response]]:
    listing = "".join(f"{path}\n" for path in pages).encode()
    return _handler(lambda _: (200, "text/plain; charset=utf-8", listing))
