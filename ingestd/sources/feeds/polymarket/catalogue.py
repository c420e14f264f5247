"""Gamma beside the stream: walks through what it lists, says which assets are to be subscribed, and tells what is news.

A walk asks for every chosen list page by page, then for the events of markets that were listed before and are not any more: those have
closed, and their answer says how they ended. It outlives sessions, so that Gamma being away ends none.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.errors import Disconnected, Malformed
from ingestd.sources.feeds.polymarket.gamma import Page, read
from ingestd.sources.feeds.polymarket.options import Filter, PolymarketOptions
from ingestd.sources.feeds.polymarket.told import EventTold
from ingestd.sources.http import Http, Request

MOST_PAGES: Final = 1_000
"""Pages of one list; beyond, something goes in circles."""
NAMED: Final = frozenset(("id", "slug"))
"""Queries for one event, which have no second page."""
EVERYTHING: Final[Filter] = (("closed", "false"),)
AT_ONCE: Final = 20
"""Events asked for by number in one request."""


class Told(Struct, frozen=True):
    """An answer that says something new: which query and page it is of (``key``), its address, type and body.

    ``lost``: it was asked for because it is about markets that are not listed any more.
    """

    key: str
    url: str
    type: str
    body: bytes
    lost: bool = False


Found = dict[str, tuple[list[EventTold], Told]]
"""What each page says, and the answer that said it."""
Tell = Callable[[Told], None]


class Catalogue:
    """What Gamma lists. ``wanted``: the assets to subscribe by market, as of the last whole walk; None before the first one."""

    def __init__(self, options: PolymarketOptions) -> None:
        self.wanted: dict[str, tuple[str, ...]] | None = None
        self._options = options
        self._event_of: dict[str, str] = {}
        self._known: Found = {}

    @property
    def known(self) -> list[Told]:
        """What was last told of each page, for a decoder that begins empty."""
        return [told for _, told in self._known.values()]

    async def walk(self, http: Http, tell: Tell, *, afresh: bool) -> None:
        """Ask for everything; ``tell`` hears each answer that says something new, or (``afresh``) each.

        Raises Disconnected, Throttled, Refused; what is known is then as before.
        """
        known = {} if afresh else self._known
        found: Found = {}
        for query in self._options.filters() or [EVERYTHING]:
            async for told, page in self._pages(http, query, tell):
                found[told.key] = page.events, told
                if told.key not in known or known[told.key][0] != page.events or page.problems:
                    tell(told)
        await self._follow(http, found, tell)
        self._known = found
        self.wanted = self._choose(found)

    async def _follow(self, http: Http, found: Found, tell: Tell) -> None:
        """Ask after the markets that are not listed any more, by their events."""
        listed = {market.id for events, _ in found.values() for event in events for market in event.markets}
        lost = sorted({self._event_of[market] for market in self.wanted or () if market not in listed})
        for start in range(0, len(lost), AT_ONCE):
            told, _ = await self._ask(http, tuple(("id", one) for one in lost[start : start + AT_ONCE]), 0, tell)
            tell(replace(told, lost=True))

    def _choose(self, found: Found) -> dict[str, tuple[str, ...]]:
        """Assets by market: those that can still be traded and have a book."""
        wanted: dict[str, tuple[str, ...]] = {}
        for events, told in found.values():
            for event in events:
                if not (self._options.wants(event) or told.key.startswith("slug=")):
                    continue
                for market in event.markets:
                    assets = tuple(dict.fromkeys(one.asset for one in market.outcomes if one.asset))
                    if assets and market.orderly and not market.closed:
                        wanted[market.id] = assets
                        self._event_of[market.id] = event.id
        return wanted

    async def _pages(self, http: Http, query: Filter, tell: Tell) -> AsyncIterator[tuple[Told, Page]]:
        """The pages of a list, until one is empty: a server may give fewer at once than it is asked for."""
        offset = 0
        for _ in range(MOST_PAGES):
            told, page = await self._ask(http, query, offset, tell)
            if page.size:
                yield told, page
            if not page.size or query[0][0] in NAMED:
                return
            offset += page.size
        raise Disconnected("paging", f"{self._options.gamma_url}: no end after {MOST_PAGES} pages")

    async def _ask(self, http: Http, query: Filter, offset: int, tell: Tell) -> tuple[Told, Page]:
        paging = (("limit", str(self._options.page_size)), ("offset", str(offset)), ("order", "id"), ("ascending", "true"))
        answer = await http.ask(Request(url=f"{self._options.gamma_url.rstrip('/')}/events", params=(*query, *paging)))
        if (error := http.judge(answer)) is not None:
            raise error
        told = Told(
            f"{'&'.join('='.join(pair) for pair in query)}@{offset}", answer.url, answer.headers.get("content-type", ""), answer.body
        )
        try:
            return told, read(answer.body)
        except Malformed as problem:
            # it goes to the journal all the same, and from there into quarantine
            tell(told)
            raise Disconnected("gamma", f"{answer.url}: {problem.reason}") from problem
