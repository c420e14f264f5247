"""The life of one event, from its announcement to its settlement, as a generator of statements."""

from collections.abc import Iterator
from random import Random
from typing import Final, Protocol

from msgspec.structs import replace

from ingestd.testing.exchange import wire
from ingestd.testing.exchange.world import MOVING, PRICES, Event, Market, Offer

QUARTER_HOUR: Final = 15 * 60 * 1_000_000
EVEN: Final = 0.5
PAUSE: Final = 0.02
"""Chance that a market is suspended for a moment instead of traded."""
TWICE: Final = 0.05
"""Chance that a delta says one selection twice."""
CORRECTED: Final = 0.2
"""Chance that a final score is corrected."""
BACK: Final = 0.1
ON: Final = 0.7
SIZED: Final = 0.9
LINE: Final = 0.95
LINE_UP: Final = 0.965
STATUS: Final = 0.98
NO_PRICE: Final = 0.998
"""What an offer's step is, by chance: below the first three, or above the others; between them it is none."""


class Now(Protocol):
    """The number and the time (µs UTC) of the statement being made; ``shared``: the time is that of the one before."""

    n: int
    t: int
    shared: bool


class Life:
    """Says what happens to an event. ``ahead``: turns before its kick-off; ``turns``: in play."""

    def __init__(self, now: Now, event: Event, ahead: int, turns: int, random: Random) -> None:
        self.event = event
        self._now = now
        self._ahead = ahead
        self._turns = turns
        self._random = random
        self._market = event.markets[0]
        self._start = 0

    def whole(self) -> Iterator[wire.Statement]:
        """From nothing to nothing."""
        yield from self.announce()
        yield from self.public()

    def announce(self) -> Iterator[wire.Statement]:
        """The event becomes public, market by market."""
        self.event.public = True
        yield self._fixture()
        for market in self.event.markets:
            self.event.announced += 1
            for offer in market.offers:
                offer.t = self._now.t
            market.t = self._now.t
            yield self._image(market)

    def public(self) -> Iterator[wire.Statement]:
        """Everything after the announcement."""
        ahead, turns = self._ahead, self._turns
        yield from self._trade(ahead * 0.3)
        if self._random.random() < EVEN:
            self.event.fixture.starts += QUARTER_HOUR
            yield self._fixture()
        yield from self._withdrawal()
        yield from self._trade(ahead * 0.3)
        yield from self._absence()
        yield from self._trade(ahead * 0.4)
        yield from self._kick_off()
        yield from self._trade(turns * 0.4)
        yield from self._half_time()
        yield from self._trade(turns * 0.3)
        yield from self._haste()
        yield from self._trade(turns * 0.3)
        yield from self._finish()

    def drop_one(self) -> None:
        """One offer is there no longer; the next image says so by not listing it."""
        for market in self.event.open():
            there = [offer for offer in market.offers if not offer.gone]
            if len(there) > 1:
                there[int(self._random.random() * len(there))].gone = True
                return

    def _trade(self, turns: float) -> Iterator[wire.Statement]:
        for _ in range(int(turns)):
            market = self._pick()
            if self._random.random() < PAUSE:
                yield self._change(market, "suspended")
                yield self._delta(market)
                yield self._delta(market)
                yield self._change(market, "open")
            else:
                yield self._delta(market)

    def _withdrawal(self) -> Iterator[wire.Statement]:
        """Some offers go by message, and come back by an image of their market."""
        market = self._pick()
        gone = self._drop(market)
        yield wire.Withdraw(n=self._now.n, t=self._now.t, market=market.id, selections=[offer.i for offer in gone])
        yield from self._trade(5)
        self._bring_back(gone)
        yield self._image(market)

    def _absence(self) -> Iterator[wire.Statement]:
        """Some offers go by not being listed; half of them come back."""
        market = self._pick()
        gone = self._drop(market)
        yield self._image(market)
        yield from self._trade(5)
        self._bring_back(gone[::2])
        yield self._image(market)

    def _kick_off(self) -> Iterator[wire.Statement]:
        markets = self.event.open()
        for market in markets:
            yield self._change(market, "suspended")
        yield self._delta(markets[0])
        self.event.fixture.status = "in_play"
        self.event.fixture.started = self._now.t
        yield self._fixture()
        for market in markets:
            yield self._change(market, "open")

    def _half_time(self) -> Iterator[wire.Statement]:
        yield self._score("first_half", "final", 2)
        for market in self.event.open():
            if market.period == "first_half":
                yield self._change(market, "suspended")
                yield self._settle(market)

    def _haste(self) -> Iterator[wire.Statement]:
        """Every second event has a market settled too early, and taken back."""
        if self._random.random() < EVEN or len(self.event.open()) == 1:
            return
        market = self._pick()
        yield self._settle(market)
        yield from self._trade(3)
        market.status = "suspended"
        market.t = self._now.t
        for offer in market.offers:
            offer.t = offer.t if offer.gone else self._now.t
            offer.status = "open"
        yield self._image(market)
        yield self._delta(market)
        yield self._change(market, "open")

    def _finish(self) -> Iterator[wire.Statement]:
        for market in self.event.open():
            yield self._change(market, "suspended")
        self.event.fixture.status = "finished"
        yield self._fixture()
        yield self._score("", "provisional", 4)
        yield self._score("", "final", 4)
        if self._random.random() < CORRECTED:
            yield self._score("", "corrected", 4)
        for market in self.event.open():
            yield self._settle(market)

    def _pick(self) -> Market:
        """Some market that is not settled: the one before, where the time is that of the one before."""
        if not (self._now.shared and not self._market.closed):
            markets = self.event.open()
            self._market = markets[int(self._random.random() * len(markets))]
            self._start = int(self._random.random() * len(self._market.offers))
        return self._market

    def _delta(self, market: Market) -> wire.Delta:
        random = self._random.random
        offers = market.offers
        size = len(offers)
        chosen = [offers[(self._start + k) % size] for k in range(1 + int(random() * 8))]
        moving = [offer for offer in chosen if not offer.gone] or [offer for offer in offers if not offer.gone][:1]
        if random() < TWICE:
            moving.append(moving[0])
        line_moves = market.market in MOVING
        return wire.Delta(n=self._now.n, t=self._now.t, market=market.id, quotes=[self._move(offer, line_moves) for offer in moving])

    def _move(self, offer: Offer, line_moves: bool) -> wire.Price:
        """One step of an offer: back to where it was, on, in size, not at all, in line, closed or opened, or to no price."""
        chance = self._random.random()
        offer.t = self._now.t
        if chance < BACK or offer.tick == 0:
            offer.tick, offer.before = offer.before, offer.tick
        elif chance < ON or (chance < SIZED and offer.size is None):
            offer.before = offer.tick
            offer.tick = min(max(offer.tick + int(chance * 1000) % 7 - 3, 1), len(PRICES) - 1)
        elif chance < SIZED:
            offer.size = float(int(chance * 1_000_003) % 2000)
        elif chance > NO_PRICE:
            offer.tick, offer.before = 0, offer.tick
        elif chance > STATUS:
            offer.status = "open" if offer.status == "suspended" else "suspended"
        elif chance > LINE and line_moves and offer.line is not None:
            offer.line += 0.5 if chance > LINE_UP else -0.5
        return offer.said()

    def _drop(self, market: Market) -> list[Offer]:
        """Up to a quarter of a market's offers are withdrawn, never the last."""
        there = [offer for offer in market.offers if not offer.gone]
        gone = there[int(self._random.random() * len(there)) :][: max(1, len(there) // 4)]
        gone = gone if len(there) > 1 else []
        for offer in gone:
            offer.gone = True
        return gone

    def _bring_back(self, offers: list[Offer]) -> None:
        for offer in offers:
            offer.gone = False
            offer.status = "open"
            offer.t = self._now.t

    def _change(self, market: Market, status: str) -> wire.MarketChange:
        market.status = status
        market.t = self._now.t
        return wire.MarketChange(n=self._now.n, t=self._now.t, market=market.id, status=status)

    def _settle(self, market: Market) -> wire.Settle:
        self._change(market, "settled")
        ways = (
            ("won", "lost", "lost", "half_won", "half_lost", "void")
            if market.period or market.market != "match_odds"
            else ("won", "lost", "lost")
        )
        results = [(offer.i, ways[int(self._random.random() * len(ways))]) for offer in market.offers if not offer.gone]
        return wire.Settle(n=self._now.n, t=self._now.t, market=market.id, results=results)

    def _score(self, period: str, state: str, goals: int) -> wire.Score:
        home, away = int(self._random.random() * goals), int(self._random.random() * goals)
        winner = "home" if home > away else "away" if away > home else "draw"
        score = wire.ScoreState(self.event.fixture.id, period, self._now.t, home, away, winner, state)
        self.event.results[period] = score
        return wire.Score(n=self._now.n, t=self._now.t, result=score)

    def _fixture(self) -> wire.Fixture:
        self.event.fixture.t = self._now.t
        return wire.Fixture(n=self._now.n, t=self._now.t, fixture=replace(self.event.fixture))

    def _image(self, market: Market) -> wire.MarketImage:
        return wire.MarketImage(n=self._now.n, t=self._now.t, asked=False, market=market.image())
