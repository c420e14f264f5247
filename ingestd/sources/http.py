"""Requests over HTTP: bounded in time and size, redirects off, failures in our words, secrets kept out of whatever is shown."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote, quote_plus, urlencode, urlsplit

import aiohttp
from msgspec import Struct, field
from msgspec.structs import replace

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.interfaces import Clock
from ingestd.model import SECOND

LARGEST_ANSWER: Final = 32 << 20
"""Bytes of an answer, decompressed, at most."""
TIMEOUT: Final = 20.0
"""Seconds for one request, the last byte of its answer included: a body that drips is cut off as well."""
PAUSE: Final = 60.0
"""Seconds to wait where a server asks for patience and does not say how long."""
LONGEST_PAUSE: Final = 86_400.0
"""A ``Retry-After`` beyond a day is a mistake, or is meant to keep us out."""
FORBIDDEN: Final = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN))
EXCERPT: Final = 200
"""Bytes of the body of an error that a person is shown."""
LEAST_SECRET: Final = 4
"""Letters of a secret, at least: hiding shorter ones would spoil every text and keep nothing."""
_PLAIN: Final = frozenset(
    ("accept", "accept-encoding", "cache-control", "content-type", "if-modified-since", "if-none-match", "last-event-id")
)
"""Headers that hold no secret."""


class Request(Struct, frozen=True, kw_only=True):
    """What to ask. ``secret_params`` go into the query, ``headers`` onto the wire; neither is ever shown."""

    url: str
    params: tuple[tuple[str, str], ...] = ()
    secret_params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: bytes = b""

    @property
    def shown(self) -> str:
        """The address, fit for a log or a journal."""
        url = urlsplit(self.url)
        query = "&".join(part for part in (url.query, urlencode(self.params)) if part)
        return self.hide(url._replace(netloc=url.netloc.rpartition("@")[2], query=query, fragment="").geturl())

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """The same with more headers."""
        return replace(self, headers={**self.headers, **headers})

    def hide(self, text: str) -> str:
        """The text without what this request must not show: servers quote keys, and put them into the links that they give."""
        secrets = {value for _, value in self.secret_params}
        for name, value in self.headers.items():
            if name.lower() not in _PLAIN:
                secrets |= {value, *value.split()}
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= LEAST_SECRET:
                for form in (secret, quote(secret, safe=""), quote_plus(secret)):
                    text = text.replace(form, "***")
        return text


class Answer(Struct, frozen=True, kw_only=True):
    """What came: status, headers by their names in small letters, the whole body unpacked, and the address as it may be shown.

    ``said``: how the body of an error begins, fit to be shown.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    said: str = ""


class Auth(Protocol):
    """Lets a request in: adds a header, a query parameter or a signature."""

    async def apply(self, request: Request, http: "Http") -> Request:
        """The request with proof of who asks. Raises Disconnected, Throttled, Refused."""

    def expire(self, refused: Request) -> bool:
        """The proof in this request was refused: forget it. False where no other can be had."""


class Stream:
    """An answer that is still coming, good so far; ``headers`` by their names in small letters."""

    def __init__(self, request: Request, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.headers = _headers(response)
        self.url = request.shown
        self._content = response.content

    async def read(self) -> bytes:
        """The bytes that have come since, at least one; none at the end. Cancelling it loses none. Raises Disconnected (``broken``)."""
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise Disconnected("broken", f"{self.url}: {_why(error)}") from error


class Http:
    """Asks for one source; ``opened`` makes it."""

    def __init__(
        self, session: aiohttp.ClientSession, clock: Clock, auth: Auth | None, tls: ssl.SSLContext | None, timeout: float, largest: int
    ) -> None:
        self._session = session
        self._clock = clock
        self._auth = auth
        self._tls = tls
        self._timeout = timeout
        self._largest = largest

    async def ask(self, request: Request) -> Answer:
        """One request, with proof of who asks; one refused proof is renewed once.

        Raises Disconnected (``timeout``, ``unreachable``, ``certificate``, ``oversize``), Refused (``url``: it is none), and whatever
        getting a proof raises.
        """
        proven = await self._proven(request)
        answer = await self.bare(proven)
        if self._may_renew(answer, proven):
            answer = await self.bare(await self._proven(request))
        return answer

    async def bare(self, request: Request) -> Answer:
        """One request as it is."""
        with self._told(request):
            async with asyncio.timeout(self._timeout), self._sent(request) as response:
                return await self._whole(request, response)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """``ask`` for what has no end: the head of the answer comes in time, its body when it comes.

        Raises also what ``judge`` makes of an answer that is none.
        """
        proven = await self._proven(request)
        async with AsyncExitStack() as stack:
            begun = await self._begun(stack, proven)
            if isinstance(begun, Answer) and self._may_renew(begun, proven):
                begun = await self._begun(stack, await self._proven(request))
            if isinstance(begun, Answer):
                raise self.judge(begun) or Disconnected("unavailable", f"HTTP {begun.status} from {begun.url}")
            yield begun

    async def _begun(self, stack: AsyncExitStack, request: Request) -> Stream | Answer:
        """The answer to a request, left open on the stack if it is good; else read to its end."""
        with self._told(request):
            async with asyncio.timeout(self._timeout):
                response = await stack.enter_async_context(self._sent(request))
                stack.callback(response.close)
                return Stream(request, response) if _good(response.status) else await self._whole(request, response)

    async def _whole(self, request: Request, response: aiohttp.ClientResponse) -> Answer:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._largest:
                raise Disconnected("oversize", f"{request.shown}: more than {self._largest} bytes")
        said = "" if _good(response.status) else request.hide(body[:EXCERPT].decode("utf-8", "replace"))
        return Answer(status=response.status, headers=_headers(response), body=bytes(body), url=request.shown, said=said)

    def _sent(self, request: Request) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._session.request(
            request.method,
            request.url,
            params=[*request.params, *request.secret_params],
            headers=request.headers,
            data=request.body or None,
            ssl=True if self._tls is None else self._tls,
            allow_redirects=False,
        )

    async def _proven(self, request: Request) -> Request:
        return request if self._auth is None else await self._auth.apply(request, self)

    def _may_renew(self, answer: Answer, proven: Request) -> bool:
        return answer.status == HTTPStatus.UNAUTHORIZED and self._auth is not None and self._auth.expire(proven)

    @contextmanager
    def _told(self, request: Request) -> Iterator[None]:
        """Failures in our words: the library's own may quote the whole address, key included."""
        try:
            yield
        except TimeoutError as error:
            raise Disconnected("timeout", f"{request.shown}: no whole answer within {self._timeout:g} s") from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise Refused("url", request.shown, "it must begin with http:// or https://") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise Disconnected("certificate", f"{request.shown}: {error.certificate_error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Disconnected("unreachable", f"{request.shown}: {_why(error)}") from error
        except ValueError as error:
            # a header with a line break in it, or two ways at once to say who asks
            raise Refused("request", f"{request.shown} cannot be sent", "check the url and the headers") from error

    def judge(self, answer: Answer) -> IngestdError | None:
        """What to do about an answer that is none, by HTTP's own rules; None for 2xx and 304."""
        status = answer.status
        if status == HTTPStatus.NOT_MODIFIED or _good(status):
            return None
        if (busy := patience(status, answer.headers.get("retry-after", ""), self._clock.now())) is not None:
            return busy
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return Disconnected("unavailable", f"HTTP {status} from {answer.url}")
        return _refused(answer)


def _refused(answer: Answer) -> Refused:
    status, shown = answer.status, answer.url
    if status in FORBIDDEN:
        return Refused("unauthorised", f"HTTP {status} from {shown}", "check the key, and what it may do")
    if status < HTTPStatus.BAD_REQUEST:
        host = urlsplit(answer.headers.get("location", "")).netloc
        return Refused("redirected", f"{shown} points elsewhere ({host or 'nowhere'})", "set the url to where it moved")
    return Refused(f"http_{status}", f"{shown}: {answer.said}", "check the options of the source")


def _good(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _headers(response: aiohttp.ClientResponse) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


@asynccontextmanager
async def opened(
    clock: Clock,
    *,
    auth: Auth | None = None,
    tls: ssl.SSLContext | None = None,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - of each request, a part of the contract
    largest: int = LARGEST_ANSWER,
) -> AsyncIterator[Http]:
    """A client of its own connections; ``timeout`` in seconds, ``largest`` in bytes. No cookies, no proxy, no redirect."""
    # deadlines are kept here: a stream has none for its body
    patience = aiohttp.ClientTimeout(total=None, sock_connect=None)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=patience) as session:
        yield Http(session, clock, auth, tls, timeout, largest)


def patience(status: int, after: str, now: int | None) -> Throttled | None:
    """Whether an answer asks for patience, and for how much: a 429, or a 503 that says how long (``after``: its ``Retry-After``).

    A 503 that does not is trouble like any other 5xx: whoever goes on failing is to be left alone for longer and longer.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and after):
        return Throttled(retry_after(after, now), f"http_{status}")
    return None


def retry_after(value: str, now: int | None) -> float:
    """Seconds that a ``Retry-After`` header asks for, given as seconds or as a date (RFC 9110, 10.2.3).

    ``now`` in UTC µs; None: nobody knows, and a date says nothing.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_PAUSE)
    until = http_date(value)
    if until is None or now is None:
        return PAUSE
    return min(max(0.0, (until - now) / SECOND), LONGEST_PAUSE)


def http_date(value: str) -> int | None:
    """The time of a date in a header, UTC µs; None where it is none."""
    try:
        date = parsedate_to_datetime(value)
        return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()) * SECOND
    except (ValueError, OverflowError):
        return None
