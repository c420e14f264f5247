"""The simulated exchange in small, after ``docs/feeds/simulated.md``: numbered statements, images of everything and of one market."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from random import Random
from typing import ClassVar, Final

from msgspec import Struct, field

from ingestd.model import Frame
from tests.properties.ledger import Key
from tests.properties.provider import HOUR, T0, Provider

BOOKMAKERS: Final = (("A", "Acme", "book"), ("X", "Exchange", "exchange"))
PRICES: Final = (1.5, 2.0, 3.75)
RESULTS: Final = ("won", "lost", "half_won", "half_lost", "void")


class Offer(Struct):
    """A selection: index in its market, words, and how it stands (``t``: since when)."""

    i: int
    bookmaker: str
    outcome: str
    line: float | None
    price: float = 2.0
    size: float | None = None
    status: str = "open"
    t: int = 0


class Market(Struct):
    """A market: ``on`` are its offers by index, ``known`` all that it ever had."""

    id: str
    event: str
    kind: str
    status: str = "open"
    t: int = 0
    settled: bool = False
    on: dict[int, Offer] = field(default_factory=dict)
    known: dict[tuple[str, str, float | None], int] = field(default_factory=dict)


class Simulated(Provider):
    """Two events of up to three markets each."""

    options: ClassVar[Mapping[str, object]] = {"url": "ws://127.0.0.1:1"}

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.n = 0
        self.markets: dict[str, Market] = {}
        self.said: list[bytes] = []

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A welcome, and the image of everything."""
        for number in range(dice.randint(1, 3)):
            self._found(dice, number)
        yield from self._session(dice)

    def step(self, dice: Random) -> Iterator[Frame]:
        """A statement, an image, a repetition, a reconnection."""
        self.wait(dice)
        act = dice.choice(
            (self._delta, self._delta, self._withdraw, self._suspend, self._settle, self._image, self._everything, self._again, self._cut)
        )
        yield from act(dice)

    def _session(self, dice: Random) -> Iterator[Frame]:
        welcome = {"op": "welcome", "n": self.n, "run": "r", "session": 1, "resumed": False, "heartbeat_ms": 1000, "window": 10}
        frame = self.opened()
        frame.payload = self.data(welcome).payload
        yield frame
        yield from self._everything(dice)

    def _cut(self, dice: Random) -> Iterator[Frame]:
        """The link breaks; what is said meanwhile nobody hears, unless all of it is said again."""
        yield self.closed()
        if dice.random() < 0.5:
            yield self.opened(resumed="replay")
            return
        known = deepcopy(self.ledger)
        for _ in dice.choice((self._delta, self._withdraw, self._settle))(dice):
            pass
        self.ledger = known
        yield from self._session(dice)

    def _found(self, dice: Random, number: int) -> Market:
        market = Market(f"E{number % 2}.{number}", f"E{number % 2}", dice.choice(("match_odds", "total", "alternate_total")), t=self.now)
        self.markets[market.id] = market
        for _ in range(dice.randint(1, 3)):
            self._offer(market, dice)
        return market

    def _offer(self, market: Market, dice: Random) -> None:
        """One more offer, or one that was gone is back."""
        lined = market.kind != "match_odds"
        bookmaker, outcome = dice.choice("AX"), dice.choice(("over", "under") if lined else ("home", "away"))
        line = dice.choice((2.5, 3.5)) if lined else None
        named = (bookmaker, outcome, line if market.kind == "alternate_total" else None)
        i = market.known.setdefault(named, len(market.known))
        market.on[i] = Offer(i, bookmaker, outcome, line, dice.choice(PRICES), dice.choice((None, 10.0)), t=self.now)

    def _key(self, market: Market, offer: Offer) -> Key:
        key = (market.id, offer.bookmaker, offer.outcome, "back")
        return (*key, repr(offer.line)) if market.kind == "alternate_total" else key

    def _say(self, op: str, **more: object) -> Frame:
        """The next statement."""
        self.n += 1
        frame = self.data({"op": op, "n": self.n, **more})
        self.said.append(frame.payload)
        return frame

    def _chosen(self, dice: Random) -> Market:
        live = [market for market in self.markets.values() if not market.settled]
        return dice.choice(live) if live else self._found(dice, len(self.markets))

    def _fresh(self, market: Market) -> bool:
        """Whether no image has told of this market yet."""
        return market.id not in self.ledger.markets

    def _delta(self, dice: Random) -> Iterator[Frame]:
        market = self._chosen(dice)
        if self._fresh(market):
            yield from self._one(market, asked=False)
            return
        chosen = dice.sample(sorted(market.on), dice.randint(0, len(market.on)))
        for i in chosen:
            offer = market.on[i]
            offer.price, offer.status = dice.choice(PRICES), dice.choice(("open", "open", "suspended"))
            offer.size, offer.t = dice.choice((None, 10.0)), self.now
            if market.kind == "total":
                offer.line = dice.choice((2.5, 3.5))
            self._told(market, offer, self.now)
        quotes = [[i, market.on[i].price, market.on[i].size, market.on[i].line, market.on[i].status] for i in chosen]
        yield self._say("delta", t=self.now, market=market.id, quotes=quotes)

    def _told(self, market: Market, offer: Offer, at: int) -> None:
        self.ledger.price(
            self._key(market, offer), market.id, at, offer.price, line=offer.line, size=offer.size, own=offer.status
        )  # fmt: skip

    def _withdraw(self, dice: Random) -> Iterator[Frame]:
        market = self._chosen(dice)
        if self._fresh(market) or len(market.on) < 2:
            return
        gone = dice.sample(sorted(market.on), dice.randint(1, len(market.on) - 1))
        for i in gone:
            self.ledger.state(self._key(market, market.on.pop(i)), self.now, "withdrawn")
        yield self._say("withdraw", t=self.now, market=market.id, selections=gone)

    def _suspend(self, dice: Random) -> Iterator[Frame]:
        market = self._chosen(dice)
        if self._fresh(market):
            return
        market.status, market.t = dice.choice(("open", "suspended")), self.now
        self.ledger.market(market.id, self.now, market.status)
        yield self._say("status", t=self.now, market=market.id, status=market.status)

    def _settle(self, dice: Random) -> Iterator[Frame]:
        """Over; what was on offer has a result."""
        market = self._chosen(dice)
        if self._fresh(market):
            return
        results = [(i, dice.choice(RESULTS)) for i in sorted(market.on)]
        for i, result in results:
            self.ledger.state(self._key(market, market.on[i]), self.now, "void" if result == "void" else "settled", result)
        self.ledger.market(market.id, self.now, "settled")
        market.settled = True
        yield self._say("settle", t=self.now, market=market.id, results=results)

    def _image(self, dice: Random) -> Iterator[Frame]:
        """Of one market: with an offer more or less, one that was settled wrongly, or as it is."""
        market = dice.choice(list(self.markets.values()))
        asked = dice.random() < 0.3 and not market.settled
        if not asked:
            if market.settled:
                market.settled, market.status, market.t = False, "open", self.now
            if len(market.on) > 1 and dice.random() < 0.5:
                del market.on[dice.choice(sorted(market.on))]
            else:
                self._offer(market, dice)
        yield from self._one(market, asked=asked)

    def _one(self, market: Market, *, asked: bool) -> Iterator[Frame]:
        listed = self._listed(market)
        members = [key for key, row in self.ledger.rows.items() if row.market == market.id]
        self.ledger.listing(market.id, members, listed, self.now)
        said = {"t": self.now, "asked": asked, "market": self._shape(market)}
        yield self.data({"op": "market", "n": self.n, **said}) if asked else self._say("market", **said)

    def _listed(self, market: Market) -> set[Key]:
        """The ledger takes a market as an image tells it: what opens, opens last."""
        if market.status != "open":
            self.ledger.market(market.id, market.t, market.status)
        for offer in market.on.values():
            self._told(market, offer, offer.t)
        self.ledger.market(market.id, market.t, market.status)
        return {self._key(market, offer) for offer in market.on.values()}

    def _everything(self, dice: Random) -> Iterator[Frame]:
        """In one part or two; what a cut made miss stands in it as it is now."""
        live = [market for market in self.markets.values() if not market.settled]
        parts = dice.randint(1, 2)
        halves = [live] if parts == 1 else [live[: len(live) // 2], live[len(live) // 2 :]]
        for part, half in enumerate(halves, 1):
            if part == parts:
                listed = {key for market in live for key in self._listed(market)}
                self.ledger.listing("", list(self.ledger.rows), listed, self.now)
            yield self.data(
                {
                    "op": "image", "n": self.n, "t": self.now, "part": part, "parts": parts, "bookmakers": BOOKMAKERS if part == 1 else [],
                    "fixtures": [self._fixture(event) for event in ("E0", "E1")] if part == 1 else [],
                    "results": [], "markets": [self._shape(market) for market in half],
                },
                epoch=part == 1,
            )  # fmt: skip

    def _shape(self, market: Market) -> dict[str, object]:
        names = {code: code for code, *_ in BOOKMAKERS}
        quotes = [
            [one.i, one.price, one.size, one.line, one.status, one.t, names[one.bookmaker], one.outcome, "", "back"]
            for one in market.on.values()
        ]
        return {
            "id": market.id, "event": market.event, "market": market.kind, "period": "", "status": market.status, "t": market.t,
            "quotes": quotes,
        }  # fmt: skip

    def _fixture(self, event: str) -> dict[str, object]:
        return {
            "id": event, "t": T0, "sport": "football", "league": "L", "season": "", "name": "Reds v Blues", "home": "Reds", "away": "Blues",
            "starts": T0 + HOUR, "started": None, "status": "scheduled",
        }  # fmt: skip

    def _again(self, dice: Random) -> Iterator[Frame]:
        """A statement that was heard before, however long ago."""
        if self.said:
            yield self.data(dice.choice(self.said))
