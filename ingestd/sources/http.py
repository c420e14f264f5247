"""Requests over HTTP: bounded in time and size, redirects off, failures in our words, secrets kept out of whatever is shown."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit

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
BUSY: Final = frozenset((HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE))
FORBIDDEN: Final = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN))


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
        return f"{self.url}?{urlencode(self.params)}" if self.params else self.url

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """The same with more headers."""
        return replace(self, headers={**self.headers, **headers})


class Answer(Struct, frozen=True, kw_only=True):
    """What came: status, headers by their names in small letters, the whole body unpacked, and the address as it may be shown."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Auth(Protocol):
    """Lets a request in: adds a header, a query parameter or a signature."""

    async def apply(self, request: Request, http: "Http") -> Request:
        """The request with proof of who asks. Raises Disconnected, Throttled, Refused."""

    def expire(self, refused: Request) -> bool:
        """The proof in this request was refused: forget it. False where no other can be had."""


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

        Raises Disconnected (``timeout``, ``unreachable``, ``certificate``, ``oversize``), and whatever getting a proof raises.
        """
        if self._auth is None:
            return await self.bare(request)
        proven = await self._auth.apply(request, self)
        answer = await self.bare(proven)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._auth.expire(proven):
            answer = await self.bare(await self._auth.apply(request, self))
        return answer

    async def bare(self, request: Request) -> Answer:
        """One request as it is."""
        shown = request.shown
        try:
            async with self._session.request(
                request.method,
                request.url,
                params=[*request.params, *request.secret_params],
                headers=request.headers,
                data=request.body or None,
                ssl=True if self._tls is None else self._tls,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            ) as answer:
                body = bytearray()
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > self._largest:
                        raise Disconnected("oversize", f"{shown}: more than {self._largest} bytes")
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(status=answer.status, headers=headers, body=bytes(body), url=shown)
        except TimeoutError as error:
            raise Disconnected("timeout", f"{shown}: no whole answer within {self._timeout:g} s") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise Disconnected("certificate", f"{shown}: {error.certificate_error}") from error
        except (aiohttp.ClientError, OSError) as error:
            # the library's own message may quote the whole address, key included
            raise Disconnected("unreachable", f"{shown}: {type(error).__name__}") from error

    def judge(self, answer: Answer) -> IngestdError | None:
        """What to do about an answer that is none, by HTTP's own rules; None for 2xx and 304."""
        status = answer.status
        if status == HTTPStatus.NOT_MODIFIED or HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        if status in BUSY:
            return Throttled(retry_after(answer.headers.get("retry-after", ""), self._clock.now()), f"http_{status}")
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
    return Refused(f"http_{status}", f"{shown}: {answer.body[:200].decode('utf-8', 'replace')}", "check the options of the source")


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
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as session:
        yield Http(session, clock, auth, tls, timeout, largest)


def retry_after(value: str, now: int) -> float:
    """Seconds that a ``Retry-After`` header asks for, given as seconds or as a date (RFC 9110, 10.2.3); ``now`` in UTC µs."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return PAUSE
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(0.0, (until - datetime.fromtimestamp(now / SECOND, UTC)).total_seconds()), LONGEST_PAUSE)
