"""Events, names, status and results of markets, from answers of the web service and from the lifecycle channel."""

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ingestd.model import NO_PRICE, SECOND, Decoded, Fixture, Result
from ingestd.sources.feeds.kalshi.answers import STATUSES, Answer, EventAnswer, MarketAnswer, reject, struck
from ingestd.sources.feeds.kalshi.market import Market
from ingestd.sources.feeds.kalshi.meanings import TIED, Words, sides, sport, winner
from ingestd.sources.feeds.kalshi.wire import UNREADABLE, EventCreated, Lifecycle, Trade, first_line, micros

_TURNS: Final = frozenset(("activated", "deactivated", "determined"))
"""What changes whether a market can be traded at; only the first of them says that it can."""


class _Event(Struct):
    """What its markets' words need of an event, and the markets that were named."""

    title: str = ""
    drawn: bool = False
    exclusive: bool = False
    markets: set[str] = set()


class Names:
    """What was told of events and markets; ``market`` finds one by its ticker, or makes it."""

    def __init__(self, market: Callable[[str], Market]) -> None:
        self._market = market
        self._events: dict[str, _Event] = {}
        self._fixtures: dict[str, Fixture] = {}
        self._winners: dict[str, str] = {}

    def answer(self, answer: Answer, asked_at: int, *, recorded: bool) -> list[Decoded]:
        """What an answer says; it was asked for at ``asked_at`` (UTC µs)."""
        out: list[Decoded] = []
        of: dict[str, list[MarketAnswer]] = {}
        for market in answer.markets:
            of.setdefault(market.event_ticker, []).append(market)
        for event in answer.events:
            self._learn(event.event_ticker, event.title, exclusive=event.mutually_exclusive)
            self._event(event, of.get(event.event_ticker, []), out)
        for event_ticker, markets in of.items():
            self._learn(event_ticker, drawn=any(market.ticker.endswith(TIED) for market in markets))
        for said in answer.markets:
            self._describe(said, asked_at, out, recorded=recorded)
        for event_ticker in (*of, *(event.event_ticker for event in answer.events)):
            self._rename(event_ticker, out)
        self._trades(answer.trades, out)
        return [*out, *answer.rejects]

    def _trades(self, trades: Iterable[Trade], out: list[Decoded]) -> None:
        for trade in trades:
            try:
                price, size = trade.terms()
            except UNREADABLE as error:
                out.append(reject("price", first_line(error), f"trades.{trade.ticker[:60]}"))
            else:
                self._market(trade.ticker or trade.market_ticker).trade(price, size, trade.stamp(), out)

    def lifecycle(self, said: Lifecycle, received_at: int, out: list[Decoded], *, recorded: bool) -> None:
        """What became of a market."""
        market = self._market(said.market_ticker)
        words = self._renamed(said, market.words)
        self._learn(words.event_id, drawn=said.market_ticker.endswith(TIED))
        market.describe(self._within(said.market_ticker, words), out)
        self._rename(words.event_id, out)
        if said.event_type == "determined":
            market.result = said.result
        if said.event_type in _TURNS:
            market.status_at = received_at
            market.state("open" if said.event_type == "activated" else "suspended", None, out)
        elif said.event_type == "settled":
            at = None if said.settled_ts is None else said.settled_ts * SECOND
            market.settle(at, out, price=NO_PRICE if recorded and not market.based else None)

    def created(self, said: EventCreated, out: list[Decoded]) -> None:
        """An event that is new."""
        self._learn(said.event_ticker, said.title)
        starts_at = None if said.strike_date is None else said.strike_date * SECOND
        home, away = sides(said.title)
        self._tell(
            Fixture(
                source_event_id=said.event_ticker,
                sport=sport(said.series_ticker, ""),
                name=said.title,
                league=said.series_ticker,
                home=home,
                away=away,
                starts_at=starts_at,
            ),
            out,
        )
        self._rename(said.event_ticker, out)

    def _learn(self, event_ticker: str, title: str = "", *, drawn: bool = False, exclusive: bool = False) -> None:
        """What was once said of an event holds."""
        event = self._events.setdefault(event_ticker, _Event())
        event.title = title or event.title
        event.drawn |= drawn
        event.exclusive |= exclusive

    def _within(self, ticker: str, words: Words) -> Words:
        """A market's words with those of its event."""
        event = self._events.setdefault(words.event_id, _Event())
        event.markets.add(ticker)
        return replace(words, title=event.title or words.title, drawn=event.drawn, exclusive=event.exclusive)

    def _rename(self, event_ticker: str, out: list[Decoded]) -> None:
        """Tell those markets again whose event is known better by now."""
        for ticker in sorted(self._events[event_ticker].markets) if event_ticker else ():
            market = self._market(ticker)
            market.describe(self._within(ticker, market.words), out)

    def _renamed(self, said: Lifecycle, words: Words) -> Words:
        told = said.additional_metadata
        if told is not None:
            line, strike = struck(told.strike_type, told.floor_strike, told.cap_strike)
            return Words(told.event_ticker, told.yes_sub_title, line, strike, told.title)
        line, strike = words.line, words.strike
        if said.strike_type:
            line, strike = struck(said.strike_type, said.floor_strike, said.cap_strike)
        return replace(words, subject=said.yes_sub_title or words.subject, line=line, strike=strike)

    def _event(self, event: EventAnswer, markets: list[MarketAnswer], out: list[Decoded]) -> None:
        home, away = sides(event.title)
        over = bool(markets) and all(STATUSES.get(market.status) == "settled" for market in markets)
        self._tell(
            Fixture(
                source_event_id=event.event_ticker,
                sport=sport(event.series_ticker, event.category),
                name=event.title,
                league=event.series_ticker,
                home=home,
                away=away,
                starts_at=micros(event.strike_date),
                status="finished" if over else "scheduled",
            ),
            out,
        )
        winners = [winner(event.title, market.yes_sub_title) for market in markets if market.result == "yes"]
        if over and event.mutually_exclusive and len(winners) == 1 and self._winners.get(event.event_ticker) != winners[0]:
            self._winners[event.event_ticker] = winners[0]
            out.append(Result(source_event_id=event.event_ticker, winner=winners[0]))

    def _tell(self, fixture: Fixture, out: list[Decoded]) -> None:
        if self._fixtures.get(fixture.source_event_id) != fixture:
            self._fixtures[fixture.source_event_id] = fixture
            out.append(fixture)

    def _describe(self, said: MarketAnswer, asked_at: int, out: list[Decoded], *, recorded: bool) -> None:
        """Name, status and result of a market. What the stream said of its status after the question is newer than the answer.

        Prices only where no stream tells them, in a recorded answer; there, too, no last price can be repeated at the settlement.
        """
        market = self._market(said.ticker)
        market.describe(self._within(said.ticker, said.words()), out)
        status = STATUSES.get(said.status, "suspended")
        market.result = said.result or market.result
        if status == "settled":
            market.settle(micros(said.settlement_ts), out, price=NO_PRICE if recorded and not market.based else None)
        elif said.status and asked_at >= market.status_at:
            market.state(status, None, out)
        if recorded and not market.based and status != "settled":
            _prices(market, said, out)


def _prices(market: Market, said: MarketAnswer, out: list[Decoded]) -> None:
    try:
        tops, last = said.tops(), said.last()
    except UNREADABLE as error:
        out.append(reject("price", first_line(error), said.ticker[:60]))
        return
    for side, top in tops.items():
        market.top(side, top, out)
    if last:
        market.trade(last, None, None, out)
