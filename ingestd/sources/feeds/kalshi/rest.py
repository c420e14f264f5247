"""Which markets there are: asked of the web service at the start of a session, then again and again, without ever ending the stream.

Source: Kalshi's OpenAPI document (``/events``, ``/events/{ticker}``, ``/markets``); public, without a signature.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ingestd.errors import Disconnected, IngestdError, Malformed, Refused, Throttled
from ingestd.sources.feeds.kalshi.answers import STATUSES, read_answer
from ingestd.sources.feeds.kalshi.options import KalshiOptions
from ingestd.sources.http import Http, Request
from ingestd.sources.kind import FeedContext

BREAKER: Final = "kalshi-rest"
MOST_PAGES: Final = 200
MARKETS_AT_ONCE: Final = 100
"""Tickers in one request: they stand in its address."""
TRADED: Final = frozenset(("active", "inactive"))
"""Words for a market that has a book: it can be traded at, or will be again."""
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
NOT_FOUND: Final = "http_404"


class Heard(Struct, frozen=True):
    """An answer: when it was asked for (UTC µs), and the address."""

    asked_at: int
    url: str
    body: bytes


class _Page(Struct):
    cursor: str = ""


class _Told(Struct):
    """What came of one look: its answers, and the events and markets in them; ``named``: events that followed markets belong to."""

    heard: list[Heard] = field(default_factory=list)
    events: set[str] = field(default_factory=set)
    markets: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)


class Catalogue:
    """What is known of events and markets. One per source; outlives its sessions."""

    def __init__(self, options: KalshiOptions, context: FeedContext) -> None:
        self._options = options
        self._context = context
        self._statuses: dict[str, str] = dict.fromkeys(options.tickers, "")
        """Every market that is or was followed, with Kalshi's own word for its status (``""``: not heard yet)."""
        self._events: dict[str, None] = dict.fromkeys(options.event_tickers)
        self._latest: list[Heard] = []
        self._called = asyncio.Event()

    def tickers(self) -> list[str]:
        """The markets that have a book."""
        return [ticker for ticker, status in self._statuses.items() if status in TRADED or not status]

    def over(self, ticker: str) -> bool:
        """Whether a market is settled: nothing more will come of it."""
        return STATUSES.get(self._statuses.get(ticker, "")) == "settled"

    def known(self, ticker: str) -> bool:
        """Whether a market is, or was, followed."""
        return ticker in self._statuses

    def latest(self) -> list[Heard]:
        """The answers of the last look, for a decoder that begins empty."""
        return self._latest

    def hurry(self) -> None:
        """Something is new: look at once."""
        self._called.set()

    async def look(self, http: Http) -> list[Heard]:
        """Ask for everything. Raises Disconnected, Throttled, Refused.

        An event that is gone is no reason to stop, unless nothing else is known.
        """
        told = _Told()
        missing: Refused | None = None
        for request in self._requests():
            try:
                await self._walk(http, request, told, chosen=True)
            except Refused as no:
                if no.reason != NOT_FOUND:
                    raise
                missing = no
        for start in range(0, len(rest := self._untold(told)), MARKETS_AT_ONCE):
            some = ",".join(rest[start : start + MARKETS_AT_ONCE])
            await self._walk(http, self._request("/markets", tickers=some, limit="1000"), told)
        for event in sorted(told.named - told.events):
            await self._walk(http, self._request(f"/events/{event}"), told)
        if missing is not None and not self._statuses:
            raise Refused("unknown", missing.detail, "check series_tickers, event_tickers and tickers")
        self._latest = told.heard
        return told.heard

    async def keep_looking(self, http: Http, deliver: Callable[[Sequence[Heard]], Awaitable[None]]) -> None:
        """Look again and again, for as long as this runs, and hand on what was heard; after a failure sooner, then ever more seldom."""
        failures = 0
        pause = self._options.refresh_seconds if self._latest else 0.0
        while True:
            await self._rest(pause)
            try:
                heard = await self.look(http)
            except Throttled as busy:
                pause = max(busy.seconds, self._options.refresh_seconds)
            except IngestdError:
                failures += 1
                longest = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
                pause = longest * self._context.random.uniform(0.5, 1.0)
            else:
                failures, pause = 0, self._options.refresh_seconds
                await deliver(heard)

    async def _rest(self, seconds: float) -> None:
        """Wait, but no longer than until somebody calls."""
        async with asyncio.TaskGroup() as group:
            ways = (self._context.clock.sleep(seconds), self._called.wait())
            both = [group.create_task(way, name="pause") for way in ways]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
        self._called.clear()

    def _requests(self) -> list[Request]:
        series = [
            self._request("/events", series_ticker=name, status="open", with_nested_markets="true", limit="200")
            for name in self._options.series_tickers
        ]
        return series + [self._request(f"/events/{name}", with_nested_markets="true") for name in self._events]

    def _request(self, path: str, **params: str) -> Request:
        return Request(url=self._options.rest_url + path, params=tuple(params.items()))

    def _untold(self, told: _Told) -> list[str]:
        """Markets that are not over and that no answer told of: asked for by name, for their results."""
        return [ticker for ticker in self._statuses if ticker not in told.markets and not self.over(ticker)]

    async def _walk(self, http: Http, request: Request, told: _Told, *, chosen: bool = False) -> None:
        """All pages of an answer. ``chosen``: every market in it is to be followed."""
        page, pages = request, 0
        while pages < MOST_PAGES:
            asked_at = self._context.clock.now()
            body = await self._context.breaker(BREAKER).call(lambda page=page: _ask(http, page))  # type: ignore[misc]
            cursor = self._learn(page, body, told, chosen=chosen)
            told.heard.append(Heard(asked_at, page.shown, body))
            if not cursor:
                return
            page, pages = replace(request, params=(*request.params, ("cursor", cursor))), pages + 1

    def _learn(self, page: Request, body: bytes, told: _Told, *, chosen: bool) -> str:
        """Take note of what an answer names; returns the cursor of the next page. Raises Disconnected for an answer that is none."""
        try:
            answer = read_answer(body)
            cursor = msgspec.json.decode(body, type=_Page).cursor
        except (Malformed, msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Disconnected("catalogue", f"no answer from {page.shown}") from error
        told.events.update(event.event_ticker for event in answer.events)
        for market in answer.markets:
            told.markets.add(market.ticker)
            if market.ticker in self._statuses or chosen:
                self._statuses[market.ticker] = market.status
                told.named.add(market.event_ticker)
        return cursor


async def _ask(http: Http, request: Request) -> bytes:
    answer = await http.ask(request)
    if (error := http.judge(answer)) is not None:
        raise error
    return answer.body
