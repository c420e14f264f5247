"""The session token of an account: got by certificate, prolonged while in use, got anew when it is refused.

Source: Betfair developer documentation, "Non-interactive (bot) login" and "Keep alive".
"""

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.feeds.betfair.faults import Expired, fault, login_fault
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.http import Http, Request
from ingestd.sources.kind import FeedContext

BREAKER: Final = "betfair-login"


class _LoginAnswer(Struct, rename="camel"):
    login_status: str = ""
    session_token: str = ""


class _KeepAliveAnswer(Struct):
    status: str = ""
    error: str = ""


class Login:
    """Shared by all connections of a source; outlives them."""

    def __init__(self, options: BetfairOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._given = options.session_token.get_secret_value() if options.session_token else ""
        self._token = self._given
        self._lock = asyncio.Lock()

    async def token(self, http: Http) -> str:
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

    async def keep_alive(self, http: Http) -> None:
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

    def _headers(self) -> dict[str, str]:
        return {"X-Application": self._options.app_key.get_secret_value(), "Accept": "application/json"}

    async def _login(self, http: Http) -> str:
        options = self._options
        if not options.username:
            raise Refused("NO_SESSION", "the given session_token is no good any more", "set a new one, or username, password and cert_file")
        form = {"username": options.username, "password": options.password.get_secret_value()}
        headers = {**self._headers(), "Content-Type": "application/x-www-form-urlencoded"}
        came = await http.ask(Request(url=options.login_url, method="POST", headers=headers, body=urlencode(form).encode()))
        if isinstance(error := http.judge(came), Disconnected | Throttled):
            raise error
        if came.status != HTTPStatus.OK:
            raise Refused("login_refused", f"HTTP {came.status} from {came.url}", "check app_key, cert_file and login_url")
        try:
            answer = msgspec.json.decode(came.body, type=_LoginAnswer)
        except msgspec.DecodeError as unreadable:
            raise Disconnected("login", f"{came.url} did not answer in JSON") from unreadable
        if answer.login_status != "SUCCESS" or not answer.session_token:
            raise login_fault(answer.login_status)
        return answer.session_token

    async def _prolong(self, http: Http, token: str) -> None:
        headers = {**self._headers(), "X-Authentication": token}
        came = await http.ask(Request(url=self._options.keep_alive_url, method="POST", headers=headers))
        try:
            answer = msgspec.json.decode(came.body, type=_KeepAliveAnswer)
        except msgspec.DecodeError as error:
            raise Disconnected("keep_alive", f"HTTP {came.status}, not JSON") from error
        if answer.status != "SUCCESS":
            raise Expired(answer.error or "keep_alive") if answer.error in ("NO_SESSION", "INPUT_VALIDATION_ERROR") else fault(answer.error)
