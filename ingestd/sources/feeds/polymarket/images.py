"""Books asked for one by one: those of markets that have no base any more, and those that a subscription did not bring.

Source: ``GET /book?token_id=`` of the CLOB; 404 says that there is none.
"""

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Throttled
from ingestd.interfaces import Clock
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.sources.feeds.polymarket.wire import UNREADABLE, Message
from ingestd.sources.http import Answer, Http, Request

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
_BOOK: Final = msgspec.json.Decoder(Message)


class Image(Struct, frozen=True):
    """A book as it was answered: of which asset of which market, the status, the address and the body."""

    asset: str
    market: str
    status: int
    url: str
    body: bytes


class Images:
    """Which books are wanted. ``run`` asks for them, again and again until each has come; the market may be unknown (``""``)."""

    def __init__(self, options: PolymarketOptions, clock: Clock, random: Random) -> None:
        self._url = f"{options.clob_url.rstrip('/')}/book"
        self._clock = clock
        self._random = random
        self._wanted: dict[str, str] = {}
        self._called = asyncio.Event()

    def want(self, assets: Iterable[str], market: str) -> None:
        """Ask for the books of these assets."""
        self._wanted.update(dict.fromkeys(assets, market))
        self._called.set()

    def forget(self) -> None:
        """Nothing is wanted any more."""
        self._wanted.clear()

    async def run(self, http: Http, tell: Callable[[Image], None]) -> None:
        """Ask for what is wanted and hand each answer on, for as long as this runs. Failures are tried again later."""
        failures = 0
        while True:
            while not self._wanted:
                self._called.clear()
                await self._called.wait()
            asset, market = next(iter(self._wanted.items()))
            try:
                answer = await self._ask(http, asset)
            except IngestdError as error:
                failures += 1
                longest = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
                await self._clock.sleep(error.seconds if isinstance(error, Throttled) else self._random.uniform(0.5, 1.0) * longest)
            else:
                failures = 0
                if self._wanted.pop(asset, None) is not None:
                    tell(Image(asset, market, answer.status, answer.url, answer.body))
            # those that fail make room for others
            if asset in self._wanted:
                self._wanted[asset] = self._wanted.pop(asset)

    async def _ask(self, http: Http, asset: str) -> Answer:
        answer = await http.ask(Request(url=self._url, params=(("token_id", asset),)))
        if answer.status == HTTPStatus.NOT_FOUND:
            return answer
        if (error := http.judge(answer)) is not None:
            raise error
        try:
            book = _BOOK.decode(answer.body)
        except UNREADABLE as error:
            raise Disconnected("shape", f"{answer.url}: no book") from error
        if book.asset_id != asset or book.bids is None or book.asks is None:
            raise Disconnected("shape", f"{answer.url}: another book")
        return answer
