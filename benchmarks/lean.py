"""``python -m benchmarks.lean EXCHANGE STORE``: what a good programmer would write by hand for this one exchange.

It reads, decodes, drops what did not change, orders what did, and writes the same facts as ``ingestd`` in the same statements, in batches
of the same size. It has no journal, no stages, no coverage, no accounting, no metrics, no second try: any error ends it.
"""

import asyncio
import gc
import sys
import time
from typing import Final, Literal

import msgspec
from msgspec import Struct, field
from websockets.asyncio.client import connect

from benchmarks.lean_store import LeanStore, Pending, Row, enter, now
from ingestd.markets import TEAMS, participant
from ingestd.model import CLOSED, QuoteResult, Scope, Status, hash64, selection
from ingestd.pipeline.held import worse
from ingestd.sources.feeds.simulated import wire
from ingestd.sources.feeds.simulated.decoder import LINE_NAMES, WORDS

SOURCE: Final = "exchange"
ROWS: Final = 5_000
PACE: Final = 0.01
SLICE: Final = 256
"""Messages after which the database's answers are heard."""


class Offer(Struct):
    """A selection as it stands; ``changed_at`` -1: nothing was written of it yet."""

    id: int
    price: float | None = None
    line: float | None = None
    size: float | None = None
    own: Status = "open"
    shown: Status = "open"
    result: QuoteResult = ""
    changed_at: int = -1
    seq: int = 0


class Market(Struct):
    """A market, and its offers by their number in it; ``changed_at`` 0: nothing was said of its status yet."""

    said: wire.MarketState[wire.Listed]
    offers: dict[int, Offer] = field(default_factory=dict)
    status: Status = "open"
    changed_at: int = 0
    seq: int = 0


class Facts:
    """Everything held, and what is to be written of it."""

    def __init__(self) -> None:
        self.pending = Pending()
        self._markets: dict[str, Market] = {}
        self._bookmakers: dict[str, wire.Bookmaker] = {}
        self._fixtures: dict[str, tuple[wire.FixtureState, int, int]] = {}
        self._scores: dict[tuple[str, str], wire.ScoreState] = {}
        self._parts: list[wire.Image[wire.Listed]] = []
        self._received_at = self._position = 0

    def take(self, message: wire.Statement) -> None:
        """One message, received now."""
        self._received_at = now()
        self._position += 1
        if isinstance(message, wire.Delta):
            market = self._markets[message.market]
            for said in message.quotes:
                self._quote(market, market.offers[said.i], said, message.t)
        elif isinstance(message, wire.Image):
            self._parts.append(message)
            if message.part < message.parts:
                return
            self._image(message.t)
        elif isinstance(message, wire.MarketImage):
            self._listing(message.market)
            self._withdraw(self._markets[message.market.id], {said.i for said in message.market.quotes}, message.t)
        else:
            self._rarer(message)
        self.pending.position = self._position

    def _rarer(self, message: wire.Plain) -> None:
        if isinstance(message, wire.MarketChange):
            self._status(self._markets[message.market], message.status, message.t)
        elif isinstance(message, wire.Withdraw):
            market = self._markets[message.market]
            for i in message.selections:
                self._close(market, market.offers[i], ("withdrawn", ""), message.t)
        elif isinstance(message, wire.Settle):
            market = self._markets[message.market]
            for i, result in message.results:
                self._close(market, market.offers[i], ("void" if result == "void" else "settled", result), message.t)
            self._status(market, "settled", message.t)
        elif isinstance(message, wire.Fixture):
            self._fixture(message.fixture)
        elif isinstance(message, wire.Score):
            self._score(message.result)

    def _image(self, t: int) -> None:
        listed: dict[str, set[int]] = {}
        for part in self._parts:
            self._bookmakers.update({bookmaker.code: bookmaker for bookmaker in part.bookmakers})
            for fixture in part.fixtures:
                self._fixture(fixture)
            for state in part.markets:
                self._listing(state)
                listed[state.id] = {said.i for said in state.quotes}
            for score in part.results:
                self._score(score)
        for name, market in self._markets.items():
            if market.status not in CLOSED:
                self._withdraw(market, listed.get(name, set()), t)
        self._parts.clear()

    def _listing(self, state: wire.MarketState[wire.Listed]) -> None:
        market = self._markets.get(state.id)
        if market is None:
            market = self._markets[state.id] = Market(state)
            self._market_row(market)
        if state.status != "open":
            self._status(market, state.status, state.t)
        for said in state.quotes:
            self._quote(market, market.offers.get(said.i) or self._met(market, said), said, said.t)
        if state.status == "open":
            self._status(market, state.status, state.t)

    def _quote(self, market: Market, offer: Offer, said: wire.Price | wire.Listed, t: int) -> None:
        none = said.price == 1.0
        own: Status = "suspended" if none else said.status
        terms = (None if none else said.price, said.line, said.size)
        if terms != (offer.price, offer.line, offer.size) or own != offer.own or offer.result or offer.changed_at < 0:
            shown = worse(own, market.status)
            visible = shown != offer.shown or terms != (offer.price, offer.line, offer.size) or offer.result != "" or offer.changed_at < 0
            offer.price, offer.line, offer.size = terms
            offer.own, offer.result = own, ""
            self._write(offer, shown, t, visible=visible)

    def _close(self, market: Market, offer: Offer, how: tuple[Status, QuoteResult], t: int) -> None:
        """Withdrawn or settled at the last price."""
        if how != (offer.own, offer.result):
            shown = worse(how[0], market.status)
            visible = shown != offer.shown or how[1] != offer.result
            offer.own, offer.result = how
            self._write(offer, shown, t, visible=visible)

    def _withdraw(self, market: Market, listed: set[int], t: int) -> None:
        for i, offer in market.offers.items():
            if i not in listed and offer.own in ("open", "suspended") and offer.shown not in CLOSED:
                self._close(market, offer, ("withdrawn", offer.result), t)

    def _status(self, market: Market, status: Status, t: int) -> None:
        if market.changed_at and status == market.status:
            return
        market.seq = market.seq + 1 if market.changed_at and t <= market.changed_at else 0
        market.changed_at = max(t, market.changed_at)
        market.status = status
        self._market_row(market)
        for offer in market.offers.values():
            shown = worse(offer.own, status)
            if shown != offer.shown:
                self._write(offer, shown, t, visible=True)

    def _write(self, offer: Offer, shown: Status, t: int, *, visible: bool) -> None:
        if t > offer.changed_at:
            offer.changed_at, offer.seq = t, 0
        else:
            offer.seq += 1
        offer.shown = shown
        self.pending.prices.append(
            (offer.id, offer.changed_at, offer.seq, offer.price, offer.line, offer.size, offer.own, shown, offer.result,
             self._received_at, self._position, visible)
        )  # fmt: skip

    # what prices refer to

    def _row(self, table: str, key: object, row: Row) -> None:
        self.pending.rows[table][key] = row

    def _met(self, market: Market, said: wire.Price | wire.Listed) -> Offer:
        if not isinstance(said, wire.Listed):
            raise TypeError("a price of an offer that no image has told")
        state, bookmaker = market.said, self._bookmakers[said.bookmaker]
        key = (state.id, said.bookmaker, said.outcome, said.side)
        told = selection(
            SOURCE, (*key, repr(said.line)) if state.market == LINE_NAMES else key,
            bookmaker=bookmaker.name, bookmaker_kind=bookmaker.kind, source_event_id=state.event, source_market_id=state.id,
            scope=Scope("market", state.id), market=WORDS.get(state.market, state.market), period=state.period, outcome=said.outcome,
            participant="" if said.outcome in TEAMS else participant(said.participant), side=said.side,
        )  # fmt: skip
        bookmaker_id = hash64("bookmaker", bookmaker.name)
        self._row("bookmakers", bookmaker_id, (bookmaker_id, bookmaker.name, bookmaker.kind))
        self._row(
            "selections",
            told.id,
            (
                *(told.id, told.identity, SOURCE, bookmaker_id, state.event, state.id, "market", state.id),
                *(told.market, state.period, said.outcome, told.participant, said.side, self._received_at, said.t),
            ),
        )
        offer = market.offers[said.i] = Offer(told.id)
        return offer

    def _market_row(self, market: Market) -> None:
        said = market.said
        terms = (said.event, WORDS.get(said.market, said.market), said.period, market.status, market.changed_at, market.seq)
        self._row("markets", said.id, (SOURCE, said.id, *terms))

    def _fixture(self, said: wire.FixtureState) -> None:
        held, changed_at, seq = self._fixtures.get(said.id, (None, -1, 0))
        if held is not None:
            now = msgspec.structs.replace(said, started=held.started if said.started is None else said.started, t=held.t)
            if now == held:
                return
            said = msgspec.structs.replace(now, t=said.t)
        changed_at, seq = (said.t, 0) if said.t > changed_at else (changed_at, seq + 1)
        self._fixtures[said.id] = (said, changed_at, seq)
        league = hash64("league", said.sport, said.league)
        home, away = (hash64("team", said.sport, name) for name in (said.home, said.away))
        event_id = hash64("event", SOURCE, said.id)
        self._row("leagues", league, (league, said.sport, said.league))
        self._row("teams", home, (home, said.sport, said.home))
        self._row("teams", away, (away, said.sport, said.away))
        self._row("events", event_id, (event_id,))
        words = (said.sport, said.league, league, said.season, said.name, said.home, said.away, home, away)
        started: Literal["", "in_play"] = "" if said.started is None else "in_play"
        times = (said.starts, said.started, started, said.status, "")
        self._row("event_links", said.id, (SOURCE, said.id, event_id, 0, "auto", 1.0, None, "", changed_at, seq, *words, *times))

    def _score(self, said: wire.ScoreState) -> None:
        key = (said.event, said.period)
        held = self._scores.get(key)
        if held is not None:
            if (said.home, said.away, said.winner, said.state) == (held.home, held.away, held.winner, held.state):
                return
            said = msgspec.structs.replace(said, t=max(said.t, held.t + 1))
        self._scores[key] = said
        self._row("results", key, (SOURCE, said.event, said.period, said.home, said.away, said.winner, said.state, said.t))


class Committer:
    """One transaction after another, of whatever has gathered."""

    def __init__(self, facts: Facts, store: LeanStore) -> None:
        self._facts = facts
        self._store = store
        self.more = asyncio.Event()
        self.room = asyncio.Event()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.more.wait()
            self.more.clear()
            began = time.monotonic()
            batch, self._facts.pending = self._facts.pending, Pending()
            self.room.set()
            await self._store.commit(batch)
            if len(batch.prices) < ROWS:
                await asyncio.sleep(began + PACE - time.monotonic())


async def main(exchange: str, url: str) -> None:
    """Follow the exchange until stopped."""
    facts = Facts()
    committer = Committer(facts, await enter(url))
    gc.freeze()
    gc.set_threshold(10_000)
    decode = wire.WHOLE_MESSAGE.decode
    count = 0
    async with connect(exchange, compression=None, proxy=None, max_size=1 << 24) as link, asyncio.TaskGroup() as group:
        group.create_task(committer.run())
        await link.send(b"{}", text=True)
        while True:
            facts.take(decode(await link.recv(decode=False)))
            committer.more.set()
            count += 1
            if len(facts.pending.prices) >= ROWS:
                committer.room.clear()
                await committer.room.wait()
            elif count % SLICE == 0:
                await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
