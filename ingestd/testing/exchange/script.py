"""What the exchange says, statement by statement: a pure function of its options, for ever."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import msgspec

from ingestd.testing.exchange import wire
from ingestd.testing.exchange.life import Life
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.world import BOOKMAKERS, new_event

SHARED: Final = 7
"""Every seventh statement shares the microsecond of the one before it."""
QUOTES_PER_STATEMENT: Final = 4.0
"""About: for the kick-offs of a world that runs by the wall clock."""


class Script:
    """The world after ``n`` statements, and the next statement. ``now`` (µs UTC) is asked with the wall clock only."""

    def __init__(self, options: Options, now: Callable[[], int] | None = None) -> None:
        self.options = options
        self.n = 0
        self.shared = False
        self.quotes = 0
        """Prices said in deltas so far."""
        self._now = now
        self.t = options.t0 if now is None else now()
        self._random = Random(options.seed)
        self._events = 0
        self._lives: list[Life] = []
        self._turns: list[Iterator[wire.Statement]] = []
        self._last = 0
        for slot in range(options.events):
            self._lives.append(self._new(slot))
            self._turns.append(iter(self._lives[slot].public()))

    def step(self) -> wire.Statement:
        """Say the next statement; the world is as after it."""
        self.n += 1
        self.shared = self.n % SHARED == SHARED - 1
        if not self.shared:
            self.t = self.options.t0 + self.n * self.options.step if self._now is None else max(self.t, self._now())
        if self.n % self.options.whole == 0:
            self._lives[self._last].drop_one()
            return self.image()
        if not self.shared:
            self._last = int(self._random.random() * len(self._turns))
        statement = next(self._turns[self._last], None)
        if statement is None:
            statement = self._replace(self._last)
        if type(statement) is wire.Delta:
            self.quotes += len(statement.quotes)
        return statement

    def image(self) -> wire.Image:
        """Everything as it stands."""
        events = [life.event for life in self._lives]
        return wire.Image(
            n=self.n,
            t=self.t,
            part=1,
            parts=1,
            bookmakers=list(BOOKMAKERS),
            fixtures=[msgspec.structs.replace(event.fixture) for event in events if event.public],
            results=[result for event in events for result in event.results.values()],
            markets=[market.image() for event in events for market in event.open()],
        )

    def market_image(self, market_id: str) -> wire.MarketImage | None:
        """One market as it stands; None where there is no such market (any more)."""
        for life in self._lives:
            for market in life.event.open():
                if market.id == market_id:
                    return wire.MarketImage(n=self.n, t=self.t, asked=True, market=market.image())
        return None

    def _new(self, slot: int) -> Life:
        """An event for a slot; those of the beginning are public at once, and of every age."""
        self._events += 1
        options = self.options
        every = options.step if self._now is None else int(1e6 * QUOTES_PER_STATEMENT / (options.rate or 10_000.0))
        turns = options.life // 2
        ahead = turns if self.n else turns * (slot + 1) // options.events
        event = new_event(self._events, self.t + ahead * options.events * every, options.markets, self._random)
        life = Life(self, event, ahead, turns, Random(options.seed * 1_000_003 + self._events))
        if not self.n:
            for _ in life.announce():
                pass
        return life

    def _replace(self, slot: int) -> wire.Statement:
        self._lives[slot] = self._new(slot)
        self._turns[slot] = iter(self._lives[slot].whole())
        return next(self._turns[slot])
