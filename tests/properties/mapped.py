"""A mapped provider in small: documents of one query over polling, whose events list all there is, whose markets have states.

It stands for the feed's own steps; what a mapping may be beyond that, its unit tests say.
"""

from collections.abc import Iterator, Mapping
from random import Random
from typing import ClassVar, Final

from msgspec import Struct, field

from ingestd.model import Frame
from tests.properties.ledger import Key
from tests.properties.provider import Provider

PRICES: Final = (1.5, 2.0, 3.5)
STATES: Final = ("open", "open", "suspended", "settled")
MAPPING: Final = {
    "shared": {"bookmaker": {"const": "Acme"}, "event": "event.id"},
    "walk": [
        {
            "each": "doc.events", "as": "event", "image": "event", "optional": True,
            "fixture": {"sport": {"const": "tennis"}, "name": "event.id"},
            "walk": [
                {
                    "each": "event.markets", "as": "market",
                    "shared": {"market_id": "market.id", "market": {"const": "winner"}},
                    "market": {"status": "market.state"},
                    "walk": [
                        {
                            "each": "market.prices", "as": "price",
                            "quotes": [
                                {
                                    "key": ["market.id", "price.name"], "outcome": "price.name", "size": "price.size",
                                    "price": {"get": "price.odds", "missing": "none"}, "status": "price.state",
                                    "result": {"get": "price.result", "default": ""},
                                }
                            ],
                        }
                    ],
                }
            ],
        },
        {"each": "doc.deltas", "as": "delta", "optional": True, "shared": {"event": "delta.event", "market_id": "delta.market"},
         "quotes": [{"key": ["delta.market", "delta.name"], "outcome": "delta.name", "market": {"const": "winner"},
                     "price": "delta.odds", "size": "delta.size"}]},
        {"each": "doc.gone", "as": "gone", "optional": True, "withdraw": {"key": ["gone.market", "gone.name"]}},
        {"each": "doc.stopped", "as": "stopped", "optional": True, "withdraw": {"event": "stopped", "status": "suspended"}},
        {"each": "doc.over", "as": "over", "optional": True, "withdraw": {"market": "over"}},
    ],
}  # fmt: skip


class Offer(Struct):
    """One price, and how it ended."""

    odds: float | None
    size: float | None
    state: str = "open"
    result: str | None = None


class Market(Struct):
    """By name, what is offered."""

    id: str
    state: str = "open"
    offers: dict[str, Offer] = field(default_factory=dict)


class Mapped(Provider):
    """Two events of two markets, over a WebSocket."""

    options: ClassVar[Mapping[str, object]] = {"mapping": MAPPING, "websocket": {"url": "ws://127.0.0.1:1"}}

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.events = {f"E{one}": [Market(f"E{one}M{two}") for two in range(2)] for one in range(2)}
        self.told: set[Key] = set()
        """What was offered in this session, and not taken back by name since."""
        self.last: bytes | None = None

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A session, and an image of each event."""
        yield self.opened()
        for event in self.events:
            self._deal(event, dice)
            yield self._image([event])

    def step(self, dice: Random) -> Iterator[Frame]:
        """An image, a change, a withdrawal by name, a suspension of an event, a repetition, a reconnection."""
        self.wait(dice)
        act = dice.choice(
            (self._images, self._images, self._delta, self._delta, self._gone, self._stopped, self._over, self._again, self._cut)
        )
        yield from act(dice)

    def _deal(self, event: str, dice: Random) -> None:
        for market in self.events[event]:
            market.state = dice.choice(STATES)
            market.offers = {
                name: Offer(dice.choice((*PRICES, None)), dice.choice((None, 5.0)), dice.choice(("open", "open", "suspended")))
                for name in dice.sample("ABC", dice.randint(0, 3))
            }
            for offer in market.offers.values():
                if offer.odds is None:
                    offer.state = "suspended"
                if market.state == "settled":
                    offer.state, offer.result = "settled", dice.choice(("won", "lost"))

    def _images(self, dice: Random) -> Iterator[Frame]:
        events = dice.sample(sorted(self.events), dice.randint(1, 2))
        for event in events:
            self._deal(event, dice)
        yield self._image(events)

    def _image(self, events: list[str]) -> Frame:
        """Each event lists all there is of it."""
        for event in events:
            self._true(event)
        return self._say({"events": [{"id": event, "markets": [self._shape(market) for market in self.events[event]]} for event in events]})

    def _true(self, event: str) -> None:
        """What closes, closes first; what opens, opens last."""
        listed: set[Key] = set()
        for market in self.events[event]:
            if market.state != "open":
                self.ledger.market(market.id, self.now, market.state)
            for name, offer in market.offers.items():
                key = (market.id, name, "back")
                listed.add(key)
                self.ledger.price(key, market.id, self.now, offer.odds, size=offer.size, own=offer.state)
                self.ledger.rows[key].result = offer.result or ""
                (self.told.add if offer.state in ("open", "suspended") else self.told.discard)(key)
        self.ledger.listing(event, [key for key in self.ledger.rows if key[0].startswith(event)], listed, self.now)
        for market in self.events[event]:
            self.ledger.market(market.id, self.now, market.state)

    def _shape(self, market: Market) -> dict[str, object]:
        prices = [
            {"name": name, "odds": offer.odds, "size": offer.size, "state": offer.state, "result": offer.result}
            for name, offer in market.offers.items()
        ]
        return {"id": market.id, "state": market.state, "prices": prices}

    def _say(self, said: object) -> Frame:
        frame = self.data(said)
        self.last = frame.payload
        return frame

    def _delta(self, dice: Random) -> Iterator[Frame]:
        """A price by itself: new, or other than before, or back."""
        event = dice.choice(sorted(self.events))
        market, name, odds = dice.choice(self.events[event]), dice.choice("ABC"), dice.choice(PRICES)
        key = (market.id, name, "back")
        self.ledger.price(key, market.id, self.now, odds, size=5.0)
        self.told.add(key)
        yield self._say({"deltas": [{"event": event, "market": market.id, "name": name, "odds": odds, "size": 5.0}]})

    def _gone(self, dice: Random) -> Iterator[Frame]:
        """One price is withdrawn, by its key."""
        market, name = f"E{dice.randint(0, 1)}M{dice.randint(0, 1)}", dice.choice("ABC")
        self._named([(market, name, "back")], "withdrawn")
        yield self._say({"gone": [{"market": market, "name": name}]})

    def _stopped(self, dice: Random) -> Iterator[Frame]:
        """A whole event is suspended: what is on offer there, and nothing else."""
        event = dice.choice(sorted(self.events))
        self._named([key for key in self.told if key[0].startswith(event)], "suspended")
        yield self._say({"stopped": [event]})

    def _over(self, dice: Random) -> Iterator[Frame]:
        """A market is withdrawn, by its id."""
        market = f"E{dice.randint(0, 1)}M{dice.randint(0, 1)}"
        self._named([key for key in self.told if key[0] == market], "withdrawn")
        yield self._say({"over": [market]})

    def _named(self, keys: list[Key], own: str) -> None:
        """What was offered since the session began is found by name."""
        for key in keys:
            if key in self.told:
                self.ledger.state(key, self.now, own)
                if own == "withdrawn":
                    self.told.discard(key)

    def _again(self, dice: Random) -> Iterator[Frame]:
        """A withdrawal comes twice: the second says nothing new."""
        if self.last is not None and (b'"gone"' in self.last or b'"over"' in self.last):
            yield self.data(self.last)

    def _cut(self, dice: Random) -> Iterator[Frame]:
        """The link breaks; the next session begins with all events."""
        yield self.closed()
        self.told.clear()
        yield self.opened()
        for event in self.events:
            self._deal(event, dice)
        yield self._image(sorted(self.events))
