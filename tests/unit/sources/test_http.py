"""Requests over HTTP against a real server on this machine: bounded, judged, and silent about secrets."""

import asyncio
import gzip
import resource
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
from aiohttp import web
from pydantic import SecretStr

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.auth import HeaderAuth, QueryAuth
from ingestd.sources.http import Auth, Http, Request, http_date, opened, retry_after
from ingestd.testing.clock import VirtualClock
from tests.unit.sources.conftest import Handler, serving

KEY = "k3y/ü+&="
NOW = 1_700_000_000_000_000
"""Tue, 14 Nov 2023 22:13:20 GMT."""


@asynccontextmanager
async def asking(
    handler: Handler, auth: Auth | None = None, patience: float = 5.0, largest: int = 1 << 24
) -> AsyncIterator[tuple[Http, str]]:
    """A client, and where the server is."""
    async with serving(handler) as url, opened(VirtualClock(NOW), auth=auth, timeout=patience, largest=largest) as http:
        yield http, url


async def echo(request: web.Request) -> web.Response:
    """What was asked."""
    return web.Response(
        body=await request.read(), headers={"X-Saw": f"{request.method} {request.path_qs}", "X-Header": request.headers.get("X", "")}
    )


async def test_an_answer() -> None:
    """Status, headers in small letters, body; what was asked is what was meant, query of the address included."""
    async with asking(echo) as (http, url):
        request = Request(
            url=f"{url}/a?x=1", params=(("y", "ä b"),), secret_params=(("key", KEY),), headers={"X": "h"}, method="POST", body=b"b"
        )
        answer = await http.ask(request)
    assert (answer.status, answer.body, answer.headers["x-header"], answer.said) == (200, b"b", "h", "")
    assert answer.headers["x-saw"] == "POST /a?x=1&y=%C3%A4+b&key=k3y/%C3%BC%2B%26%3D"
    assert answer.url == f"{url}/a?x=1&y=%C3%A4+b"


async def test_a_bomb_is_capped() -> None:
    """A gigabyte that comes as a megabyte: given up at the cap, memory flat."""
    bomb = gzip.compress(bytes(1 << 20), 9) * 1024

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with asking(handle, largest=1 << 20) as (http, url):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(Disconnected, match=r"oversize: .* more than 1048576 bytes"):
            await http.ask(Request(url=url))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_a_body_without_an_end_is_capped() -> None:
    """Whatever it says of its length; exactly the limit is taken."""

    async def handle(request: web.Request) -> web.StreamResponse:
        size = int(request.query["size"])
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(size // 1000):
            await response.write(b"x" * 1000)
        return response

    async with asking(handle, largest=10_000) as (http, url):
        assert len((await http.ask(Request(url=url, params=(("size", "10000"),)))).body) == 10_000
        with pytest.raises(Disconnected, match=r"oversize"):
            await http.ask(Request(url=url, params=(("size", "11000"),)))


async def test_a_body_that_drips_is_cut_off() -> None:
    """A byte now and then resets no deadline."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with pytest.raises(ConnectionError):
            while True:
                await response.write(b".")
                await asyncio.sleep(0.02)
        return response

    async with asking(handle, patience=0.2) as (http, url):
        began = asyncio.get_running_loop().time()
        with pytest.raises(Disconnected, match=r"timeout: .* no whole answer within 0\.2 s"):
            await http.ask(Request(url=url))
        assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.parametrize(
    ("status", "headers", "error", "says"),
    [
        (200, {}, None, ""),
        (204, {}, None, ""),
        (304, {}, None, ""),
        (
            301,
            {"Location": "https://elsewhere.example/x?key=k3y"},
            Refused,
            r"redirected: .* points elsewhere \(elsewhere\.example\): set the url",
        ),
        (302, {}, Refused, "redirected: .* points elsewhere .nowhere."),
        (400, {}, Refused, "http_400: .*: no such sport: check the options"),
        (401, {}, Refused, "unauthorised: HTTP 401 .*: check the key"),
        (403, {}, Refused, "unauthorised: HTTP 403"),
        (404, {}, Refused, "http_404"),
        (408, {}, Disconnected, "unavailable: HTTP 408"),
        (429, {"Retry-After": "7"}, Throttled, "http_429: wait 7.0 s"),
        (429, {}, Throttled, "http_429: wait 60.0 s"),
        (500, {}, Disconnected, "unavailable: HTTP 500"),
        (502, {"Retry-After": "7"}, Disconnected, "unavailable: HTTP 502"),
        (503, {}, Disconnected, "unavailable: HTTP 503"),
        (503, {"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}, Throttled, "http_503: wait 60.0 s"),
    ],
)
async def test_what_each_status_means(status: int, headers: dict[str, str], error: type[IngestdError] | None, says: str) -> None:
    """By HTTP's own rules; a redirect is not followed."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers=headers, text="" if status in {204, 304} else "no such sport")

    async with asking(handle) as (http, url):
        judged = http.judge(await http.ask(Request(url=url)))
    assert asked == ["/"]
    if error is None:
        assert judged is None
    else:
        assert isinstance(judged, error)
        with pytest.raises(error, match=says):
            raise judged


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tuesday, 14-Nov-23 22:14:20 GMT", 60.0),
        ("Tue Nov 14 22:14:20 2023", 60.0),
        ("Tue, 14 Nov 2023 21:00:00 GMT", 0.0),
        ("Tue, 14 Nov 2033 22:14:20 GMT", 86_400.0),
        ("999999999999", 86_400.0),
        ("9" * 5_000, 86_400.0),
        ("", 60.0),
        ("-7", 60.0),
        ("1.5", 60.0),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", 60.0),
        ("soon", 60.0),
        ("Tue, 99 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 99999999999 22:14:20 GMT", 60.0),
    ],
)
def test_retry_after(value: str, seconds: float) -> None:
    """Seconds, a date in each of HTTP's three forms, or anything else; never beyond a day."""
    assert retry_after(value, NOW) == seconds


def test_dates() -> None:
    """In headers; where nobody knows what time it is, only seconds say how long."""
    assert (http_date("Tue, 14 Nov 2023 22:13:20 GMT"), http_date("14.11.2023")) == (NOW, None)
    assert (retry_after("7", None), retry_after("Tue, 14 Nov 2023 22:13:20 GMT", None)) == (7.0, 60.0)


def refusing(text: str) -> Handler:
    """A server that quotes the whole request in its error."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=400, text=f"{text} {request.path_qs} {request.rel_url.query} {dict(request.headers)}")

    return handle


PROOFS: dict[str, Callable[[SecretStr], Auth]] = {
    "query": lambda secret: QueryAuth("apiKey", secret),
    "header": lambda secret: HeaderAuth("X-Key", secret),
    "bearer": lambda secret: HeaderAuth("Authorization", secret, "Bearer "),
}


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("trouble", ["refused", "timeout", "unreachable", "oversize"])
async def test_no_secret_is_ever_shown(proof: str, trouble: str) -> None:
    """Not in an address, not in an error, not in what a server says of it, in whatever form."""
    key = "k3y-ü+&="

    async def handle(request: web.Request) -> web.StreamResponse:
        if trouble == "timeout":
            await asyncio.sleep(1)
        return await refusing("wrong:")(request)

    largest = 10 if trouble == "oversize" else 1 << 20
    async with asking(handle, PROOFS[proof](SecretStr(key)), patience=0.3, largest=largest) as (http, url):
        where = "http://127.0.0.1:1" if trouble == "unreachable" else url
        if proof != "bearer":
            where = where.replace("//", "//me:passw0rd@")
        request = Request(url=f"{where}/odds", params=(("sport", "nfl"),))
        try:
            answer = await http.ask(request)
            shown = f"{answer.url} {http.judge(answer)}"
            assert "wrong:" in shown
        except Disconnected as error:
            shown = str(error)
            assert shown.startswith(trouble)
    assert "nfl" in shown
    assert not any(secret in shown for secret in ("k3y", "passw0rd"))


def test_a_link_with_the_key_in_it() -> None:
    """As servers give them for the next page: it is hidden once the key is known to be one."""
    request = Request(url="https://x.example/a?apiKey=s%2Fcret&page=2", secret_params=(("apiKey", "s/cret"),))
    assert request.shown == "https://x.example/a?apiKey=***&page=2"


async def test_an_address_that_is_none() -> None:
    """A person has to mend it."""
    async with opened(VirtualClock()) as http:
        for url in ("odds.example", "ftp://odds.example/", "http://"):
            with pytest.raises(Refused, match=r"url: .*: it must begin with http"):
                await http.ask(Request(url=url))


@pytest.mark.parametrize(("user", "headers"), [("me:pw@", {"Authorization": "x"}), ("", {"X": "a\r\nb"})])
async def test_a_request_that_cannot_be_sent(user: str, headers: dict[str, str]) -> None:
    """As it was configured: nobody else can mend it."""
    async with asking(echo) as (http, url):
        with pytest.raises(Refused, match="cannot be sent: check the url and the headers"):
            await http.ask(Request(url=url.replace("//", f"//{user}"), headers=headers))


async def test_nobody_there() -> None:
    """Says why, as the system does."""
    async with opened(VirtualClock()) as http:
        with pytest.raises(Disconnected, match=r"unreachable: http://127.0.0.1:1: .*[Cc]onnect"):
            await http.ask(Request(url="http://127.0.0.1:1"))


async def test_a_connection_that_breaks() -> None:
    """Before, or amid an answer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        if request.path == "/amid":
            await response.prepare(request)
            await response.write(b"x")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with asking(handle) as (http, url):
        for path in ("before", "amid"):
            with pytest.raises(Disconnected, match=r"unreachable"):
                await http.ask(Request(url=f"{url}/{path}"))


class Renewing:
    """Proofs ``1``, ``2``…; ``renewable``: how often it can be renewed."""

    def __init__(self, renewable: int) -> None:
        self.number = 1
        self.renewable = renewable

    async def apply(self, request: Request, http: Http) -> Request:
        return request.with_headers({"X-Proof": str(self.number)})

    def expire(self, refused: Request) -> bool:
        assert refused.headers["X-Proof"] == str(self.number)
        self.number += 1
        self.renewable -= 1
        return self.renewable >= 0


@pytest.mark.parametrize(
    ("good", "renewable", "status", "proofs"), [("1", 9, 200, "1"), ("2", 9, 200, "12"), ("3", 9, 401, "12"), ("2", 0, 401, "1")]
)
async def test_a_refused_proof_is_renewed_once(good: str, renewable: int, status: int, proofs: str) -> None:
    """And not at all where no other can be had; the same for a stream."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers["X-Proof"])
        return web.Response(status=200 if seen[-1] == good else 401)

    async with asking(handle, Renewing(renewable)) as (http, url):
        assert (await http.ask(Request(url=url))).status == status
    async with asking(handle, Renewing(renewable)) as (http, url):
        if status == 200:
            async with http.stream(Request(url=url)) as stream:
                assert await stream.read() == b""
        else:
            with pytest.raises(Refused, match=r"unauthorised"):
                async with http.stream(Request(url=url)):
                    pass
    assert "".join(seen) == proofs * 2


async def test_a_stream_is_read_as_it_comes() -> None:
    """Its head within the timeout, its body whenever; leaving it hangs up."""
    gone = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(3):
            await response.write(b"x")
            await asyncio.sleep(0.2)
        while request.transport is not None:
            await asyncio.sleep(0.01)
        gone.set()
        return response

    async with asking(handle, patience=0.3) as (http, url), http.stream(Request(url=url)) as stream:
        assert [await stream.read() for _ in range(3)] == [b"x"] * 3
        reading = asyncio.create_task(stream.read())
        await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.wait([reading])
        assert not gone.is_set()
        hung_up = asyncio.create_task(gone.wait())
    async with asyncio.timeout(5):
        await hung_up


async def test_a_stream_that_does_not_begin() -> None:
    """Is cut off like any other request."""

    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with asking(handle, patience=0.1) as (http, url):
        with pytest.raises(Disconnected, match=r"timeout"):
            async with http.stream(Request(url=url)):
                pass


async def test_certificates_are_verified() -> None:
    """By the authorities given, and by the host's name; an authority that nobody named is not trusted."""
    authority = trustme.CA()
    right, wrong = (ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(right)
    authority.issue_cert("elsewhere.example").configure_cert(wrong)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with serving(echo, right) as url:
        async with opened(VirtualClock(), tls=trusting) as http:
            assert (await http.ask(Request(url=url))).status == 200
        async with opened(VirtualClock()) as http:
            with pytest.raises(Disconnected, match=r"certificate: https://.*unable to get local issuer|certificate: .*self.signed"):
                await http.ask(Request(url=url))
    async with serving(echo, wrong) as url, opened(VirtualClock(), tls=trusting) as http:
        with pytest.raises(Disconnected, match=r"certificate: https://.*elsewhere|certificate: .*mismatch"):
            await http.ask(Request(url=url))
