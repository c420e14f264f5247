"""Polymarket to updates: what is subscribed, what Gamma says of it, and the market channel's messages.

Frames say in ``content`` what they are: Gamma's answers, our own subscriptions as they were sent, a REST book; all others are the
channel's. Recorded files have no such word: what stands in them is told by its shape.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Decoded, Frame, Gap, Reject, Scope, Skipped
from ingestd.sources.feeds.polymarket.channel import Channel
from ingestd.sources.feeds.polymarket.events import Events
from ingestd.sources.feeds.polymarket.gamma import Page
from ingestd.sources.feeds.polymarket.gamma import read as read_gamma
from ingestd.sources.feeds.polymarket.told import EventTold, MarketTold
from ingestd.sources.feeds.polymarket.wire import UNREADABLE, Element, Message, first_line
from ingestd.sources.feeds.polymarket.wire import read as read_channel

GAMMA: Final = "gamma"
BOOK: Final = "book"
SUBSCRIPTION: Final = "subscription"
NO_BOOK: Final = "404"
"""Status of a REST book that there is none of."""


class Subscription(Struct):
    """What we sent: the first one names all assets; later ones add (``subscribe``) or take away (``unsubscribe``)."""

    assets_ids: list[str]
    operation: str = ""


_SUBSCRIPTION: Final = msgspec.json.Decoder(Subscription)


class PolymarketDecoder:
    """The whole state of one source."""

    def __init__(self, source: str) -> None:
        self._counts = dict.fromkeys(("messages", "books", "confirmed", "changes", "trades", "events", "markets"), 0)
        self.counts: Mapping[str, int] = self._counts
        self._source = source
        self._recorded = False
        self._begin()

    def _begin(self) -> None:
        """Empty state, as at the start of an epoch."""
        self._told: dict[str, tuple[EventTold, MarketTold]] = {}
        self._market_of: dict[str, str] = {}
        self._forget()

    def _forget(self) -> None:
        """What the channel said; not what Gamma did."""
        self._blind = False
        self.channel = Channel(self._source, self._counts)
        self._events = Events()
        if self._recorded:
            self.channel.subscribed = None

    def __call__(self, frame: Frame) -> list[Decoded]:
        """What a frame says. Raises Malformed."""
        if frame.kind == "opened":
            self._recorded = "recorded" in frame.meta
        if frame.epoch:
            self._begin()
        out: list[Decoded] = []
        if frame.kind != "data":
            return out
        content = frame.meta.get("content", "")
        if content == GAMMA:
            self._take_page(read_gamma(frame.payload), out, whatever="lost" in frame.meta)
        elif content == SUBSCRIPTION:
            self._subscribe(frame.payload, out)
        elif content == BOOK and frame.meta.get("status") == NO_BOOK:
            empty = Message(event_type="book", market=frame.meta["market"], asset_id=frame.meta["asset"], bids=[], asks=[])
            self.channel.take(Element(empty, ""), out)
        else:
            self._take_messages(frame.payload, out)
        return out

    def broken(self, reason: str, frame: Frame | None = None) -> list[Decoded]:
        """A frame is missing. Gamma's is asked for again anyway, a REST book is one market's; of any other nobody knows whose it was."""
        if self._recorded:
            gaps: list[Decoded] = []
            for market in self.channel.markets.values():
                self.channel.lose(market, reason, gaps)
            return gaps
        content = frame.meta.get("content", "") if frame is not None else ""
        if content == GAMMA:
            return []
        if frame is not None and content == BOOK:
            return [Gap(Scope("market", frame.meta["market"]), reason)]
        self._forget()
        self._blind = True
        return [Gap(WHOLE, reason)]

    def _take_messages(self, payload: bytes, out: list[Decoded]) -> None:
        elements = read_channel(payload)
        if self._recorded and not any(_of_channel(element) for element in elements):
            page = read_gamma(payload)
            if page.events or page.others or not elements:
                self._take_page(page, out, whatever=True)
                return
        for element in elements:
            self.channel.take(element, out)
            market = self.channel.markets.get(element.message.market)
            if market is not None and market.settled:
                self._events.decide(market, None, out)
        if any(not problem.market for element in elements for problem in element.problems):
            out.extend(self.broken("unreadable"))

    def _take_page(self, page: Page, out: list[Decoded], *, whatever: bool) -> None:
        """What Gamma says: of what is subscribed (or ``whatever`` it is about) it is told, the rest is remembered."""
        for event in page.events:
            self._counts["events"] += 1
            self._counts["markets"] += len(event.markets)
            for market in event.markets:
                self._told[market.id] = event, market
                self._market_of.update((one.asset, market.id) for one in market.outcomes)
                if whatever or market.id in self.channel.markets:
                    self._describe(market.id, out)
            if self._recorded and not event.markets:
                self._events.tell(event, out)
        if page.others:
            out.append(Skipped("filtered", "neither event nor market", page.others))
        out.extend(Reject(stage="decode", category="shape", reason=problem.error, path=problem.path) for problem in page.problems)

    def _describe(self, market_id: str, out: list[Decoded]) -> None:
        event, told = self._told[market_id]
        market = self.channel.market(market_id)
        self._events.tell(event, out)
        before = market.settled
        market.describe(told, event.id, None, out)
        if market.settled:
            self._events.decide(market, None, out)
            if not before:
                self.channel.settle_down(market, None, out)

    def _subscribe(self, payload: bytes, out: list[Decoded]) -> None:
        """What is subscribed from here on."""
        try:
            said = _SUBSCRIPTION.decode(payload)
        except UNREADABLE as error:
            raise Malformed("shape", first_line(error)) from error
        if said.operation and self._blind:
            return
        if said.operation == "unsubscribe":
            self._unsubscribe(said.assets_ids, out)
        else:
            assets = set(said.assets_ids)
            self.channel.begun = True
            self.channel.subscribed = (self.channel.subscribed or set()) | assets
            self.channel.awaited |= assets
            for market_id in dict.fromkeys(self._market_of[asset] for asset in said.assets_ids if asset in self._market_of):
                self._describe(market_id, out)
        self.channel.tell_whole(None, out)

    def _unsubscribe(self, assets: list[str], out: list[Decoded]) -> None:
        channel = self.channel
        channel.subscribed = (channel.subscribed or set()) - set(assets)
        channel.awaited -= set(assets)
        for market_id in dict.fromkeys(self._market_of[asset] for asset in assets if asset in self._market_of):
            market = channel.markets.pop(market_id, None)
            if market is not None:
                market.withdraw(None, out)
            if market is not None and market.missing and channel.whole:
                channel.settle_down(market, None, out)


def _of_channel(element: Element) -> bool:
    message = element.message
    return bool(message.event_type) or bool(message.asset_id and message.bids is not None) or bool(element.problems)
