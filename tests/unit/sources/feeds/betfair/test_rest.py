"""Requests: what each kind of failure becomes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from ingestd.errors import Disconnected, IngestdError, Throttled
from ingestd.sources.feeds.betfair import rest

Ask = Callable[[str], Awaitable[tuple[int, bytes]]]


LATE = web.AppKey("late", asyncio.Event)


async def answer(request: web.Request) -> web.StreamResponse:
    """What the path asks for."""
    kind = request.match_info["kind"]
    if kind == "late":
        await request.app[LATE].wait()
    special = {
        "busy": web.Response(status=429, headers={"Retry-After": "7"}),
        "vague": web.Response(status=429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        "large": web.Response(body=b"x" * 2000),
        "late": web.Response(),
    }
    return special.get(kind) or web.Response(status=int(kind), body=await request.read())


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Post to a server of our own."""
    application = web.Application()
    application[LATE] = asyncio.Event()
    application.router.add_post("/{kind}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]

    async with aiohttp.ClientSession() as http:

        async def post(kind: str) -> tuple[int, bytes]:
            url = f"http://{host}:{port}/{kind}"
            return await rest.post(http, url, headers={}, content=b"body", tls=ssl.create_default_context(), timeout=0.3)

        yield post
        application[LATE].set()
    await runner.cleanup()


async def test_an_answer_is_its_status_and_body(ask: Ask) -> None:
    """Of any status that the other side means."""
    assert [await ask("200"), await ask("400")] == [(200, b"body"), (400, b"body")]


@pytest.mark.parametrize(("kind", "error"), [("503", Disconnected), ("late", Disconnected), ("busy", Throttled), ("vague", Throttled)])
async def test_trouble_has_a_name(ask: Ask, kind: str, error: type[IngestdError]) -> None:
    """HTTP 5xx, no answer in time, too many requests."""
    with pytest.raises(error):
        await ask(kind)


async def test_the_server_says_how_long_to_wait(ask: Ask) -> None:
    """In seconds; anything else is a minute."""
    for kind, seconds in (("busy", 7.0), ("vague", 60.0)):
        with pytest.raises(Throttled) as throttled:
            await ask(kind)
        assert throttled.value.seconds == seconds


async def test_an_answer_has_a_bound(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a server sends, memory stays."""
    monkeypatch.setattr(rest, "LARGEST_ANSWER", 1000)
    with pytest.raises(Disconnected, match="oversize"):
        await ask("large")


async def test_nobody_there_is_disconnected() -> None:
    """A port that nobody listens on."""
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Disconnected, match="unreachable"):
            await rest.post(http, "http://127.0.0.1:1/", headers={}, content=b"", tls=ssl.create_default_context(), timeout=1)
