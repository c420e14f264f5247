"""Messages of the simulated exchange to updates; pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from ingestd.errors import Malformed
from ingestd.markets import TEAMS, participant
from ingestd.model import (
    WHOLE,
    Complete,
    Decoded,
    Fixture,
    Frame,
    Gap,
    MarketStatus,
    Quote,
    QuoteResult,
    Reject,
    Result,
    Scope,
    Selection,
    Skipped,
    Status,
    selection,
)
from ingestd.sources.feeds.simulated import wire
from ingestd.sources.feeds.simulated.wire import Listed, MarketState, Statement

LINE_NAMES: Final = "alternate_total"
"""The market whose line is part of the identity; elsewhere it moves."""
WORDS: Final = {"match_odds": "match_result", LINE_NAMES: "total"}
"""Where the exchange has another word for a market than the vocabulary."""


class Known(Struct):
    """A market that an image has told. ``based``: nothing is known to be missing."""

    state: MarketState[Listed]
    selections: dict[int, Selection] = field(default_factory=dict)
    based: bool = True


class Walk(Struct):
    """An image of everything, as far as it has come."""

    n: int
    parts: int
    part: int = 0
    updates: list[Decoded] = field(default_factory=list)
    markets: dict[str, Known] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)


class SimulatedDecoder:
    """State: the number of the last statement (None: no base, an image must come first), bookmakers, markets, an unfinished image."""

    def __init__(self, source: str) -> None:
        self._counts = {"messages": 0, "quotes": 0, "images": 0}
        self.counts: Mapping[str, int] = self._counts
        self._source = source
        self._last: int | None = None
        self._bookmakers: dict[str, wire.Bookmaker] = {}
        self._markets: dict[str, Known] = {}
        self._walk: Walk | None = None

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What a frame says. Raises Malformed for a message that cannot be read, or a part of an image out of turn."""
        if frame.kind != "data":
            return []
        message, rejects = wire.read(frame.payload)
        self._counts["messages"] += 1
        if isinstance(message, wire.Image):
            said = self._image(message)
        else:
            refused = self._out_of_turn(message)
            if refused is not None:
                return refused
            said = self._said(message)
        return [*rejects, *said] if rejects else said

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """A message is missing, whatever it said: everything waits for an image."""
        self._last = None
        self._walk = None
        return [Gap(WHOLE, reason)]

    def _out_of_turn(self, message: Statement) -> list[Decoded] | None:
        """What is to be said of a message whose number is not the next one; None where it is."""
        quiet = isinstance(message, wire.Heartbeat | wire.Welcome)
        if self._last is None:
            return [] if quiet else [_no_base("no image yet")]
        counted = quiet or (isinstance(message, wire.MarketImage) and message.asked)
        ahead = message.n - self._last - (0 if counted else 1)
        if ahead < 0:
            return [] if quiet else [Skipped("duplicate", "sequence", _weight(message))]
        if ahead > 0:
            hole = _no_base(f"{message.n} came after {self._last}")
            self._last = None
            return [Gap(WHOLE, "sequence")] if quiet else [Gap(WHOLE, "sequence"), hole]
        self._last = message.n
        return None

    def _said(self, message: Statement) -> list[Decoded]:
        if isinstance(message, wire.Delta | wire.Withdraw | wire.Settle | wire.MarketChange):
            return self._of_market(message)
        if isinstance(message, wire.MarketImage):
            return self._market_image(message)
        if isinstance(message, wire.Fixture):
            return [_fixture(message.fixture)]
        return [_result(message.result)] if isinstance(message, wire.Score) else []

    def _market_image(self, message: "wire.MarketImage[Listed]") -> list[Decoded]:
        self._counts["images"] += 1
        listed: set[int] = set()
        updates = self._listing(message.market, self._markets, listed)
        return [*updates, Complete(Scope("market", message.market.id), frozenset(listed), message.t)]

    def _of_market(self, message: "wire.Delta[wire.Price] | wire.Withdraw | wire.Settle | wire.MarketChange") -> list[Decoded]:
        known = self._markets.get(message.market)
        if known is None:
            return [_reject("unknown_market", message.market), Gap(Scope("market", message.market), "unknown_market")]
        if not known.based:
            return [_no_base("no image of its market yet")]
        updates: list[Decoded]
        if isinstance(message, wire.Delta):
            updates = self._delta(message, known)
        elif isinstance(message, wire.MarketChange):
            updates = [self._status(known.state, message.status, message.t)]
        elif isinstance(message, wire.Withdraw):
            updates = [self._closing(known, k, i, "withdrawn", message.t) for k, i in enumerate(message.selections)]
        else:
            updates = [self._closing(known, k, i, _how(result), message.t, result) for k, (i, result) in enumerate(message.results)]
            updates.append(self._status(known.state, "settled", message.t))
        if any(type(update) is Reject for update in updates):
            known.based = False
            updates.append(Gap(Scope("market", message.market), "unknown_selection"))
        return updates

    def _delta(self, message: "wire.Delta[wire.Price]", known: Known) -> list[Decoded]:
        self._counts["quotes"] += len(message.quotes)
        selections, t = known.selections, message.t
        updates: list[Decoded] = []
        for k, said in enumerate(message.quotes):
            chosen = selections.get(said.i)
            if chosen is None:
                updates.append(_reject("unknown_selection", str(said.i), f"quotes[{k}]"))
            else:
                updates.append(Quote(chosen, said.price, said.size, said.status, said.line, t))
        return updates

    def _closing(self, known: Known, k: int, i: int, status: Status, t: int, result: QuoteResult = "") -> Decoded:
        chosen = known.selections.get(i)
        if chosen is None:
            return _reject("unknown_selection", str(i), f"[{k}]")
        return Quote(chosen, None, None, status, None, t, result)

    def _image(self, message: "wire.Image[Listed]") -> list[Decoded]:
        walk = self._walk
        if message.part == 1:
            self._last = None
            self._bookmakers = {bookmaker.code: bookmaker for bookmaker in message.bookmakers}
            walk = self._walk = Walk(message.n, message.parts)
        if walk is None or (message.n, message.part, message.parts) != (walk.n, walk.part + 1, walk.parts):
            raise Malformed("sequence", f"part {message.part} of {message.parts} of image {message.n} is out of turn")
        walk.part += 1
        walk.updates += map(_fixture, message.fixtures)
        rejects: list[Decoded] = []
        for state in message.markets:
            for update in self._listing(state, walk.markets, walk.listed):
                (rejects if type(update) is Reject else walk.updates).append(update)
        walk.updates += map(_result, message.results)
        if walk.part < walk.parts:
            return rejects
        self._counts["images"] += 1
        self._last, self._markets, self._walk = walk.n, walk.markets, None
        return [*rejects, *walk.updates, Complete(WHOLE, frozenset(walk.listed), message.t)]

    def _listing(self, state: MarketState[Listed], markets: dict[str, Known], listed: set[int]) -> list[Decoded]:
        """A market as an image tells it: its status after its quotes where it is open, before them where it is not."""
        held = self._markets.get(state.id)
        known = markets[state.id] = Known(state, held.selections if held else {})
        updates: list[Decoded] = []
        for k, said in enumerate(state.quotes):
            chosen = known.selections.get(said.i) or self._met(known, said)
            if chosen is None:
                updates.append(_reject("unknown_bookmaker", said.bookmaker, f"{state.id}[{k}]"))
                continue
            listed.add(chosen.id)
            updates.append(Quote(chosen, said.price, said.size, said.status, said.line, said.t))
        self._counts["quotes"] += len(state.quotes)
        status = self._status(state, state.status, state.t)
        return [*updates, status] if state.status == "open" else [status, *updates]

    def _met(self, known: Known, said: Listed) -> Selection | None:
        """A selection told for the first time; None where nobody said who its bookmaker is."""
        bookmaker = self._bookmakers.get(said.bookmaker)
        if bookmaker is None:
            return None
        state = known.state
        key = (state.id, said.bookmaker, said.outcome, said.side)
        chosen = known.selections[said.i] = selection(
            self._source,
            (*key, repr(said.line)) if state.market == LINE_NAMES else key,
            bookmaker=bookmaker.name,
            bookmaker_kind=bookmaker.kind,
            source_event_id=state.event,
            source_market_id=state.id,
            scope=Scope("market", state.id),
            market=_word(state.market),
            period=state.period,
            outcome=said.outcome,
            participant="" if said.outcome in TEAMS else participant(said.participant),
            side=said.side,
        )
        return chosen

    def _status(self, state: MarketState[Listed], status: Status, t: int) -> MarketStatus:
        return MarketStatus(
            source_event_id=state.event,
            source_market_id=state.id,
            market=_word(state.market),
            period=state.period,
            status=status,
            changed_at=t,
        )


def _word(market: str) -> str:
    return WORDS.get(market, market)


def _how(result: str) -> Status:
    return "void" if result == "void" else "settled"


def _fixture(state: wire.FixtureState) -> Fixture:
    return Fixture(
        source_event_id=state.id, sport=state.sport, name=state.name, league=state.league, season=state.season, home=state.home,
        away=state.away, starts_at=state.starts, started_at=state.started, started_by="" if state.started is None else "in_play",
        status=state.status, changed_at=state.t,
    )  # fmt: skip


def _result(state: wire.ScoreState) -> Result:
    return Result(
        source_event_id=state.event, period=state.period, home_score=state.home, away_score=state.away, winner=state.winner,
        state=state.state, changed_at=state.t,
    )  # fmt: skip


def _reject(category: str, what: str, path: str = "") -> Reject:
    return Reject(stage="decode", category=category, reason=f"{what!r} was in no image", path=path, severity="warning")


def _no_base(reason: str) -> Reject:
    return Reject(stage="decode", category="no_base", reason=reason, severity="warning")


def _weight(message: Statement) -> int:
    """How many updates a message would have been."""
    if isinstance(message, wire.Delta):
        return max(1, len(message.quotes))
    if isinstance(message, wire.MarketImage):
        return len(message.market.quotes) + 2
    if isinstance(message, wire.Withdraw):
        return max(1, len(message.selections))
    return len(message.results) + 1 if isinstance(message, wire.Settle) else 1
