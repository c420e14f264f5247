"""A small HTTP server of pages made from memory: health and metrics."""

import errno
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ingestd.errors import ConfigError, InUse

Answer = tuple[int, str, bytes]
"""Status, media type (charset included) and body."""
Page = Callable[[str], Answer]
"""From the ``Accept`` header to an answer, at once."""
Scrape = Callable[[str], Awaitable[Answer]]
"""The same of a page that takes long to write."""
METRICS: Final = "/metrics"
OTHER: Final = "other"
"""In counts, every path where no page is."""
CLOSING: Final = 1.0
"""Seconds that requests under way get when the server stops."""


class WebServer:
    """Serves ``metrics`` and ``pages`` (by path) on one address, GET and HEAD, without an access log.

    ``answered`` is told path and status of each request.
    """

    def __init__(self, host: str, port: int, metrics: Scrape, pages: Mapping[str, Page], answered: Callable[[str, int], None]) -> None:
        self._host = host
        self._port = port
        scrapes = {METRICS: metrics, **{path: _at_once(page) for path, page in pages.items()}}
        scrapes["/"] = _at_once(_contents(scrapes))
        application = web.Application(middlewares=[_counting(scrapes, answered)])
        for path, scrape in scrapes.items():
            application.router.add_get(path, _handler(scrape))
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


def _at_once(page: Page) -> Scrape:
    async def scrape(accept: str) -> Answer:
        return page(accept)

    return scrape


def _handler(scrape: Scrape) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        status, media_type, body = await scrape(request.headers.get("Accept", ""))
        headers = {"Content-Type": media_type, "Cache-Control": "no-store", "Server": "ingestd"}
        return web.Response(status=status, body=body, headers=headers)

    return handle


def _counting(paths: Container[str], answered: Callable[[str, int], None]) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as refusal:
            status = refusal.status
            raise
        finally:
            answered(request.path if request.path in paths else OTHER, status)
        return response

    return count


def _contents(paths: Iterable[str]) -> Page:
    listing = "".join(f"{path}\n" for path in paths).encode()
    return lambda _: (200, "text/plain; charset=utf-8", listing)
