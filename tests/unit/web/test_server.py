"""Pages over real sockets."""

import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from ingestd.errors import ConfigError, InUse
from ingestd.web.server import Page, WebServer


def echo(accept: str) -> tuple[int, str, bytes]:
    """A page that says what was asked for."""
    return 503, "application/health+json", accept.encode()


def broken(_: str) -> tuple[int, str, bytes]:
    """A page with a bug."""
    raise RuntimeError("bug")


async def slow(accept: str) -> tuple[int, str, bytes]:
    """The metrics."""
    return 200, "text/plain", f"for {accept}".encode()


PAGES: dict[str, Page] = {"/echo": echo, "/broken": broken}


def served(port: int = 0, host: str = "127.0.0.1", told: list[tuple[str, int]] | None = None) -> WebServer:
    """These pages; ``told``: path and status of each request."""
    counts = [] if told is None else told
    return WebServer(host, port, slow, PAGES, lambda path, status: counts.append((path, status)))


@pytest.fixture
def told() -> list[tuple[str, int]]:
    """Path and status of each request."""
    return []


@pytest.fixture
async def server(told: list[tuple[str, int]]) -> AsyncIterator[WebServer]:
    """On any free port."""
    server = served(told=told)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: WebServer) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of it."""
    host, port = server.address
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session


async def test_a_page(client: aiohttp.ClientSession) -> None:
    """Status, media type and body as the page says; never cached; nothing about our software."""
    async with client.get("/echo", headers={"Accept": "text/plain"}) as response:
        assert (response.status, await response.text()) == (503, "text/plain")
        assert response.headers["Content-Type"] == "application/health+json"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Server"] == "ingestd"


async def test_head(client: aiohttp.ClientSession) -> None:
    """HEAD is GET without the body."""
    async with client.head("/echo", headers={"Accept": "xyz"}) as response:
        assert (response.status, response.headers["Content-Length"], await response.read()) == (503, "3", b"")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("POST", "/echo", 405), ("GET", "/broken", 500)])
async def test_what_is_not_served(client: aiohttp.ClientSession, method: str, path: str, status: int) -> None:
    """A wrong path, a wrong method and a bug are told apart; the server lives on."""
    async with client.request(method, path) as response:
        assert response.status == status
        assert "Traceback" not in await response.text()
    async with client.get("/echo") as response:
        assert response.status == 503


async def test_metrics(client: aiohttp.ClientSession) -> None:
    """A page that takes its time."""
    async with client.get("/metrics", headers={"Accept": "you"}) as response:
        assert (response.status, await response.text()) == (200, "for you")


async def test_every_request_is_counted(client: aiohttp.ClientSession, told: list[tuple[str, int]]) -> None:
    """By its page and its status; where there is none, nobody can make up names."""
    for method, path in (("GET", "/echo"), ("HEAD", "/metrics"), ("POST", "/echo"), ("GET", "/broken"), ("GET", "/a"), ("GET", "/b?c")):
        async with client.request(method, path):
            pass
    assert told == [("/echo", 503), ("/metrics", 200), ("/echo", 405), ("/broken", 500), ("other", 404), ("other", 404)]


async def test_contents(client: aiohttp.ClientSession) -> None:
    """The root says what there is."""
    async with client.get("/") as response:
        assert await response.text() == "/metrics\n/echo\n/broken\n"


async def test_no_access_log(client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    """A probe every few seconds fills no log."""
    with caplog.at_level(logging.DEBUG):
        async with client.get("/echo"):
            pass
    assert [record for record in caplog.records if record.name == "aiohttp.access"] == []


async def test_port_in_use(server: WebServer) -> None:
    """One line, with the key, the place and what to do; the second server can still be stopped."""
    host, port = server.address
    second = served(port, host)
    with pytest.raises(InUse) as caught:
        await second.start()
    assert caught.value.problems == (
        f"http.port: 127.0.0.1:{port} is already in use; stop what listens there, or choose another port (INGESTD_HTTP_PORT)",
    )
    await second.stop()


async def test_an_address_that_is_not_ours() -> None:
    """A wrong host is told as the setting that it is."""
    server = served(host="192.0.2.1")
    with pytest.raises(ConfigError, match=r"^http\.host: cannot listen on 192\.0\.2\.1:0: .*; choose an address of this machine"):
        await server.start()


async def test_stop_without_start() -> None:
    """Stopping is always safe."""
    await served().stop()
