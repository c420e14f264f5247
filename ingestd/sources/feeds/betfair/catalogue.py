"""Names of markets, asked of ``listMarketCatalogue`` on first sight, in batches, without ever holding up the stream.

Source: Betfair API-NG documentation. Limits that could not be confirmed (request weight) are options.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Raw, Struct

from ingestd.errors import Disconnected, IngestdError, Throttled
from ingestd.sources.feeds.betfair.faults import Expired, fault
from ingestd.sources.feeds.betfair.login import Login
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.http import Http, Request
from ingestd.sources.kind import FeedContext

BREAKER: Final = "betfair-rest"
PROJECTION: Final = ("EVENT", "EVENT_TYPE", "COMPETITION", "MARKET_START_TIME", "MARKET_DESCRIPTION", "RUNNER_DESCRIPTION")
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
MOST_KNOWN: Final = 20_000
"""Answers kept for the images of later epochs."""
MOST_TRIES: Final = 8
"""Times a market is asked for that the catalogue does not hold."""
_ERROR_CODE: Final = re.compile(rb'"errorCode"\s*:\s*"(\w+)"')


class _Entry(Struct, rename="camel"):
    market_id: str


class _Wanted(Struct):
    due: float
    tries: int = 0


class Catalogue:
    """What is known of markets' names, and which are wanted. One per source; outlives its sessions."""

    def __init__(self, options: BetfairOptions, context: FeedContext, login: Login) -> None:
        self._options = options
        self._context = context
        self._login = login
        self._known: dict[str, bytes] = {}
        self._wanted: dict[str, _Wanted] = {}
        self._weight = options.catalogue_weight
        self._called = asyncio.Event()

    def look(self, market_ids: Iterable[str]) -> bytes:
        """One answer made of what is known of these markets (``b""``: nothing); the others will be asked for."""
        found: list[bytes] = []
        for market_id in market_ids:
            if (entry := self._known.get(market_id)) is not None:
                found.append(entry)
            elif market_id not in self._wanted:
                self._wanted[market_id] = _Wanted(self._context.clock.monotonic())
                self._called.set()
        return b"[" + b",".join(found) + b"]" if found else b""

    async def run(self, http: Http, deliver: Callable[[bytes], None]) -> None:
        """Ask for what is wanted and hand each answer on, for as long as this runs. Failures are tried again later."""
        while True:
            batch = await self._due()
            try:
                body = await self._context.breaker(BREAKER).call(lambda batch=batch: self._ask(http, batch))  # type: ignore[misc]
            except Throttled as error:
                self._postpone(batch, error.seconds)
            except IngestdError:
                self._postpone(batch)
            else:
                if body:
                    self._learn(batch, body)
                    deliver(body)

    async def _due(self) -> list[str]:
        """The next batch, once there is one."""
        while True:
            now = self._context.clock.monotonic()
            due = [market_id for market_id, wanted in self._wanted.items() if wanted.due <= now][: self._weight]
            if due:
                return due
            self._called.clear()
            pause = min((wanted.due - now for wanted in self._wanted.values()), default=LONGEST_PAUSE)
            try:
                async with asyncio.timeout(pause):
                    await self._called.wait()
            except TimeoutError:
                continue

    async def _ask(self, http: Http, batch: list[str]) -> bytes:
        """The answer for a batch; empty where the batch was too large and is to be asked again in parts."""
        options = self._options
        token = await self._login.token(http)
        headers = {
            "X-Application": options.app_key.get_secret_value(),
            "X-Authentication": token,
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        wanted = {"filter": {"marketIds": batch}, "maxResults": len(batch), "marketProjection": PROJECTION}
        answer = await http.ask(Request(url=options.catalogue_url, method="POST", headers=headers, body=msgspec.json.encode(wanted)))
        if isinstance(busy := http.judge(answer), Disconnected | Throttled):
            raise busy
        if answer.status == HTTPStatus.OK and answer.body.lstrip().startswith(b"["):
            return answer.body
        code = found[1].decode() if (found := _ERROR_CODE.search(answer.body)) else ""
        if code == "TOO_MUCH_DATA" and self._weight > 1:
            self._weight = max(1, len(batch) // 2)
            return b""
        error = fault(code, f"HTTP {answer.status} from {answer.url}") if code else Disconnected("catalogue", f"HTTP {answer.status}")
        if isinstance(error, Expired):
            self._login.expire(token)
        raise error

    def _learn(self, batch: list[str], body: bytes) -> None:
        entries = _entries(body)
        for market_id, entry in entries.items():
            self._known[market_id] = entry
            self._wanted.pop(market_id, None)
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        missing = [market_id for market_id in batch if market_id not in entries]
        self._postpone(missing)
        for market_id in missing:
            if self._wanted[market_id].tries >= MOST_TRIES:
                del self._wanted[market_id]

    def _postpone(self, batch: list[str], seconds: float | None = None) -> None:
        """Ask again later: after ``seconds``, else after a pause that grows and scatters."""
        now = self._context.clock.monotonic()
        for market_id in batch:
            wanted = self._wanted[market_id]
            wanted.tries += 1
            longest = min(FIRST_PAUSE * 2 ** min(wanted.tries, 10), LONGEST_PAUSE)
            wanted.due = now + (seconds if seconds is not None else longest)
        if seconds is None and batch:
            # together, so that one request asks for all of them again
            shift = self._context.random.uniform(0, FIRST_PAUSE)
            for market_id in batch:
                self._wanted[market_id].due += shift


def _entries(body: bytes) -> dict[str, bytes]:
    """The entries of an answer by market; what cannot be read is left to the decoder to complain about."""
    try:
        entries = msgspec.json.decode(body, type=list[Raw])
    except (msgspec.DecodeError, RecursionError):
        return {}
    found: dict[str, bytes] = {}
    for entry in entries:
        try:
            found[msgspec.json.decode(entry, type=_Entry).market_id] = bytes(entry)
        except (msgspec.DecodeError, RecursionError):
            continue
    return found
