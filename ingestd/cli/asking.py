"""Asking the running daemon over HTTP: where it is, by the configuration, and every way in which it may not answer."""

import asyncio
import os
from typing import Final, TypeVar

import aiohttp
import msgspec

from ingestd.errors import IngestdError
from ingestd.settings import HttpSettings

WITHIN: Final = 5.0
"""Seconds for the whole of an answer: a daemon that is well takes a tenth of one under any load."""
MOST: Final = 16 << 20
"""Bytes that an answer may have."""
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked for, not bound

T = TypeVar("T")


class NoAnswer(IngestdError):
    """No daemon answered; the message says where it was looked for, and why not."""


async def ask(http: HttpSettings, path: str, shape: type[T]) -> tuple[int, T]:
    """The status code and what the page says. Raises NoAnswer, at the latest after ``WITHIN``."""
    place = address(http)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN)) as session,
            session.get(place + path, allow_redirects=False) as answer,
        ):
            if answer.headers.get("Server") != "ingestd":
                raise NoAnswer(f"another program answers on {place}; is http.port right?")
            body = await answer.content.read(MOST)
            while len(body) < MOST and (part := await answer.content.read(MOST - len(body))):
                body += part
            return answer.status, msgspec.json.decode(body, type=shape)
    except TimeoutError as error:
        raise NoAnswer(f"the daemon on {place} does not answer within {WITHIN:g} s; does it hang?") from error
    except aiohttp.ClientConnectorError as error:
        raise NoAnswer(f"no daemon answers on {place} ({_reason(error.os_error)})") from error
    except (aiohttp.ClientError, OSError) as error:
        raise NoAnswer(f"what answers on {place} speaks no HTTP ({type(error).__name__}); is http.port right?") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoAnswer(f"the daemon on {place} has no {path} that is understood here; is it of another version?") from error


def address(http: HttpSettings) -> str:
    """Where to ask a daemon with this configuration. Raises NoAnswer where it chose its port itself."""
    if not http.port:
        raise NoAnswer("http.port is 0: the daemon took any free port, so nobody knows where to ask it")
    host = EVERYWHERE.get(http.host, http.host)
    return f"http://[{host}]:{http.port}" if ":" in host else f"http://{host}:{http.port}"


def _reason(error: OSError) -> str:
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error)


def asked(http: HttpSettings, path: str, shape: type[T]) -> tuple[int, T]:
    """``ask`` where no loop runs."""
    return asyncio.run(ask(http, path, shape))
