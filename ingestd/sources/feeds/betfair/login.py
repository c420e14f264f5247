"""The session token of an account: got by certificate, prolonged while in use, got anew when it is refused.

Source: Betfair developer documentation, "Non-interactive (bot) login" and "Keep alive".
"""

import asyncio
import ssl
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Refused
from ingestd.sources.feeds.betfair.faults import Expired, fault, login_fault
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.rest import post
from ingestd.sources.kind import FeedContext

BREAKER: Final = "betfair-login"
_OK: Final = 200


class _LoginAnswer(Struct, rename="camel"):
    login_status: str = ""
    session_token: str = ""


class _KeepAliveAnswer(Struct):
    status: str = ""
    error: str = ""


class Login:
    """Shared by all connections of a source; outlives them."""

    def __init__(self, options: BetfairOptions, context: FeedContext, tls: ssl.SSLContext) -> None:
        self._options = options
        self._context = context
        self._tls = tls
        self._given = options.session_token.get_secret_value() if options.session_token else ""
        self._token = self._given
        self._lock = asyncio.Lock()

    async def token(self, http: aiohttp.ClientSession) -> str:
        """The session token; logs in where there is none. Raises Disconnected, Throttled, Refused."""
        async with self._lock:
            if not self._token:
                self._token = await self._context.breaker(BREAKER).call(lambda: self._login(http))
            return self._token

    def expire(self, token: str) -> bool:
        """This token was refused: forget it. False where no other can be got."""
        if self._token == token:
            self._token = ""
        if not self._options.username:
            self._token = self._given
            return False
        return True

    async def keep_alive(self, http: aiohttp.ClientSession) -> None:
        """Prolong the session for as long as this runs; after a failure sooner than usual. A session that has ended is forgotten."""
        every = self._options.keep_alive_seconds
        pause = every
        while True:
            await self._context.clock.sleep(pause)
            token = self._token
            try:
                await self._prolong(http, token)
                pause = every
            except Expired:
                self.expire(token)
                pause = every
            except IngestdError:
                # the stream tells by itself when the session is over; until then there is time to try again
                pause = every / 10

    async def _login(self, http: aiohttp.ClientSession) -> str:
        options = self._options
        if not options.username:
            raise Refused("NO_SESSION", "the given session_token is no good any more", "set a new one, or username, password and cert_file")
        status, body = await post(
            http,
            options.login_url,
            headers={"X-Application": options.app_key.get_secret_value(), "Accept": "application/json"},
            content={"username": options.username, "password": options.password.get_secret_value()},
            tls=self._tls,
            timeout=options.request_timeout,
        )
        if status != _OK:
            raise Refused("login_refused", f"HTTP {status} from {options.login_url}", "check app_key, cert_file and login_url")
        try:
            answer = msgspec.json.decode(body, type=_LoginAnswer)
        except msgspec.DecodeError as error:
            raise Disconnected("login", f"{options.login_url} did not answer in JSON") from error
        if answer.login_status != "SUCCESS" or not answer.session_token:
            raise login_fault(answer.login_status)
        return answer.session_token

    async def _prolong(self, http: aiohttp.ClientSession, token: str) -> None:
        options = self._options
        status, body = await post(
            http,
            options.keep_alive_url,
            headers={
                "X-Application": options.app_key.get_secret_value(),
                "X-Authentication": token,
                "Accept": "application/json",
            },
            content=b"",
            tls=self._tls,
            timeout=options.request_timeout,
        )
        try:
            answer = msgspec.json.decode(body, type=_KeepAliveAnswer)
        except msgspec.DecodeError as error:
            raise Disconnected("keep_alive", f"HTTP {status}, not JSON") from error
        if answer.status != "SUCCESS":
            raise Expired(answer.error or "keep_alive") if answer.error in ("NO_SESSION", "INPUT_VALIDATION_ERROR") else fault(answer.error)
