"""Requests to Betfair's web services: bounded in time and size, their failures in our words."""

import ssl
from collections.abc import Mapping
from typing import Final

import aiohttp

from ingestd.errors import Disconnected, Throttled

LARGEST_ANSWER: Final = 32 * 1024 * 1024
_BUSY: Final = 429
_SERVER_ERROR: Final = 500
_PAUSE: Final = 60.0


async def post(
    http: aiohttp.ClientSession,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | Mapping[str, str],
    tls: ssl.SSLContext,
    timeout: float,  # noqa: ASYNC109 - a deadline for this one request, part of the contract
) -> tuple[int, bytes]:
    """Status and body of the answer. Raises Disconnected (unreachable, late, too large, HTTP 5xx) and Throttled (HTTP 429)."""
    try:
        async with http.post(
            url, headers=headers, data=content, ssl=tls, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=timeout)
        ) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise Disconnected("oversize", f"{url}: more than {LARGEST_ANSWER} bytes")
    except TimeoutError as error:
        raise Disconnected("timeout", f"{url}: no answer within {timeout:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Disconnected("unreachable", f"{url}: {type(error).__name__}: {error}"[:300]) from error
    if answer.status == _BUSY:
        raise Throttled(_retry_after(answer.headers.get("Retry-After", "")), "http_429")
    if answer.status >= _SERVER_ERROR:
        raise Disconnected("unavailable", f"{url}: HTTP {answer.status}")
    return answer.status, bytes(body)


def _retry_after(value: str) -> float:
    return float(value) if value.isdecimal() else _PAUSE
