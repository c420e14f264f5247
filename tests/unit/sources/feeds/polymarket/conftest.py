"""An emulator with one event of two markets, the feed pointed at it, and messages made by hand."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

import msgspec
import pytest

from ingestd.model import Decoded, Frame, Quote
from ingestd.sources.feeds.polymarket.decoder import GAMMA, SUBSCRIPTION, PolymarketDecoder
from ingestd.sources.feeds.polymarket.feed import PolymarketFeed, build, record_time
from ingestd.sources.feeds.polymarket.options import PolymarketOptions
from ingestd.testing.context import feed_context
from ingestd.testing.listener import Listener
from ingestd.testing.polymarket import PolymarketServer
from ingestd.testing.polymarket_world import World

Ear = Listener[PolymarketDecoder]
YES, NO, MARKET = "71", "72", "0xa1"
T: Final = 1_775_401_000_000
"""Milliseconds of the first message."""


class MakeFeed(Protocol):
    """A feed for the emulator, with short patience; options may be other than that."""

    def __call__(self, **options: object) -> PolymarketFeed: ...


@pytest.fixture
async def emulator() -> AsyncIterator[PolymarketServer]:
    """Polymarket on a free port: two markets of one event, nothing moves by itself."""
    world = World(T)
    world.add_event("9001", "Northtown vs Southtown")
    world.add_market("9001", 1, "moneyline", ("Northtown", "Southtown"))
    world.add_market("9001", 2, "totals", ("Over", "Under"), 2.5)
    async with PolymarketServer(world) as server:
        yield server


@pytest.fixture
def make_feed(emulator: PolymarketServer) -> MakeFeed:
    """Makes one."""

    def make(**options: object) -> PolymarketFeed:
        patience = {"refresh": 0.1, "ping_every": 0.2, "image_within": 0.4, "connect_timeout": 1.0, "request_timeout": 0.5}
        chosen = PolymarketOptions.model_validate({**emulator.options(), "tag_ids": ("1",), **patience, **options})
        feed = build(chosen, feed_context("pm"))
        assert isinstance(feed, PolymarketFeed)
        return feed

    return make


@pytest.fixture
def listener() -> Ear:
    """Reads and decodes."""
    return Listener(PolymarketDecoder("pm"), record_time)


class Talk:
    """A live decoder that is told of one market of two tokens, and then whatever a test says. ``at`` is in ms after ``T``."""

    def __init__(self, *, listed: bool = True) -> None:
        self.decoder = PolymarketDecoder("pm")
        self.frame(b"", kind="opened")
        if listed:
            self.gamma()
        self.frame(msgspec.json.encode({"assets_ids": [YES, NO], "type": "market"}), content=SUBSCRIPTION)

    def frame(self, payload: bytes, *, kind: str = "data", **meta: str) -> list[Decoded]:
        """Hand over a frame."""
        opened = kind == "opened"
        return self.decoder(Frame("pm", "opened" if opened else "data", 0, payload, epoch=opened, meta=meta))

    def say(self, *messages: object) -> list[Decoded]:
        """Messages of the channel, as one frame."""
        return self.frame(msgspec.json.encode(messages[0] if len(messages) == 1 else messages))

    def gamma(self, lost: str = "", **more: object) -> list[Decoded]:
        """What Gamma lists; ``more`` differs from an open market."""
        market = {
            "conditionId": MARKET,
            "outcomes": '["Yes", "No"]',
            "outcomePrices": '["0.5", "0.5"]',
            "clobTokenIds": f'["{YES}", "{NO}"]',
            "sportsMarketType": "moneyline",
            "groupItemTitle": "Northtown",
            **more,
        }
        meta = {"lost": lost} if lost else {}
        return self.frame(msgspec.json.encode([{"id": "9", "title": "A match", "markets": [market]}]), content=GAMMA, **meta)

    def images(self, at: int = 0) -> list[Decoded]:
        """Both books: Yes at .48 to .52."""
        return [
            *self.say(book(YES, {".48": "100", ".45": "250"}, {".56": "300", ".52": "90"}, at)),
            *self.say(book(NO, {".44": "300", ".48": "90"}, {".55": "250", ".52": "100"}, at)),
        ]


def book(asset: str, bids: dict[str, str], asks: dict[str, str], at: int, market: str = MARKET) -> dict[str, object]:
    """A book message."""
    sides = {name: [{"price": price, "size": size} for price, size in side.items()] for name, side in (("bids", bids), ("asks", asks))}
    return {"event_type": "book", "market": market, "asset_id": asset, "timestamp": str(T + at), "hash": f"h{at}", **sides}


def change(asset: str, side: str, price: str, size: str, at: int, best: tuple[str, str] | None = None) -> dict[str, object]:
    """A price_change of one level, of the current generation."""
    level = {"asset_id": asset, "price": price, "size": size, "side": side, "hash": f"c{at}"}
    stated = {"best_bid": best[0], "best_ask": best[1]} if best else {}
    return {"event_type": "price_change", "market": MARKET, "timestamp": str(T + at), "price_changes": [{**level, **stated}]}


def prices(updates: list[Decoded]) -> list[tuple[str, str, float | None, float | None, str]]:
    """Outcome, side, probability, size and status of every quote."""
    return [
        (one.selection.outcome, one.selection.side, one.price and round(1 / one.price, 6), one.size, one.status)
        for one in updates
        if isinstance(one, Quote)
    ]
