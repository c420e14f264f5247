"""What every fact table must hold after the exchange's first ``n`` statements: the rules of the road in their plainest form.

It shares no code with the feed, the pipeline or the store; ids come from ``ingestd.model``. It reads the exchange's statements
themselves, never their bytes. Rules: an ordered feed (a later statement is never earlier than what it replaces; equal times are told
apart by ``seq``); what is shown is the worse of a price's own status and its market's; a withdrawn or settled price repeats the last
one; a row of history where anything that is shown changed; what an image does not list is withdrawn.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from ingestd.model import Scope, Selection, hash64, selection
from ingestd.testing.exchange import wire
from ingestd.testing.exchange.script import Script

Row = tuple[object, ...]
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "leagues": ("id", "sport", "name"),
    "teams": ("id", "sport", "name"),
    "bookmakers": ("id", "name", "kind"),
    "events": (
        *("event_id", "sport", "league_id", "season", "home_team_id", "away_team_id", "name", "starts_at", "started_at", "started_by"),
        "status",
    ),
    "event_links": (
        *("source", "source_event_id", "event_id", "sport", "league", "league_id", "season", "name", "home", "away", "home_team_id"),
        *("away_team_id", "starts_at", "started_at", "started_by", "status", "changed_at", "seq"),
    ),
    "results": ("source", "source_event_id", "period", "home_score", "away_score", "winner", "state", "changed_at"),
    "markets": ("source", "source_market_id", "source_event_id", "market", "period", "status", "changed_at", "seq"),
    "selections": (
        *(
            "selection_id",
            "identity",
            "source",
            "bookmaker_id",
            "source_event_id",
            "source_market_id",
            "scope_kind",
            "scope_id",
        ),
        *("market", "period", "outcome", "participant", "side"),
    ),
    "odds": ("selection_id", "price", "line", "size", "own_status", "result", "changed_at", "seq", "time_basis"),
    "odds_history": ("selection_id", "changed_at", "seq", "price", "line", "size", "status", "result", "time_basis"),
}
"""The columns of each table that the statements decide, in the order of the tuples."""
WORSE: Final = ("open", "suspended", "withdrawn", "settled", "void")


class Priced(Struct):
    """A selection and the last that was said of it."""

    told: Selection
    market: str
    price: float | None = None
    line: float | None = None
    size: float | None = None
    own: str = ""
    shown: str = ""
    result: str = ""
    changed_at: int = -1
    seq: int = 0


class Traded(Struct):
    """A market, and its selections by their ``i``. ``changed_at`` 0: its status was never said."""

    state: wire.MarketState
    status: str = "open"
    changed_at: int = 0
    seq: int = 0
    offers: dict[int, Priced] = {}


class Oracle:
    """The facts, statement by statement."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._bookmakers: dict[str, wire.Bookmaker] = {}
        self._fixtures: dict[str, tuple[wire.FixtureState, int, int]] = {}
        self._scores: dict[tuple[str, str], tuple[wire.ScoreState, int]] = {}
        self._markets: dict[str, Traded] = {}
        self._history: list[Row] = []

    def take(self, statement: wire.Statement) -> None:
        """One statement, or an image that was asked for."""
        if isinstance(statement, wire.Image):
            self._image(statement)
        elif isinstance(statement, wire.MarketImage):
            self._market(statement.market)
            self._absent(self._markets[statement.market.id], {offer.i for offer in statement.market.quotes}, statement.t)
        elif isinstance(statement, wire.Fixture):
            self._fixture(statement.fixture)
        elif isinstance(statement, wire.Score):
            self._score(statement.result)
        else:
            self._within(statement, self._markets[statement.market])

    def facts(self) -> dict[str, set[Row]]:
        """Every table, in ``COLUMNS``."""
        priced = [offer for market in self._markets.values() for offer in market.offers.values()]
        fixtures = [fixture for fixture, _, _ in self._fixtures.values()]
        return {
            "leagues": {(_league(f), f.sport, f.league) for f in fixtures},
            "teams": {(_team(f, name), f.sport, name) for f in fixtures for name in (f.home, f.away)},
            "bookmakers": {(hash64("bookmaker", p.told.bookmaker), p.told.bookmaker, p.told.bookmaker_kind) for p in priced},
            "events": {self._event_row(f) for f in fixtures},
            "event_links": {self._link_row(*held) for held in self._fixtures.values()},
            "results": {(self._source, s.event, s.period, s.home, s.away, s.winner, s.state, at) for s, at in self._scores.values()},
            "markets": {
                (self._source, m.state.id, m.state.event, _word(m.state.market), m.state.period, m.status, m.changed_at, m.seq)
                for m in self._markets.values()
            },
            "selections": {self._selection_row(p.told) for p in priced},
            "odds": {(p.told.id, p.price, p.line, p.size, p.own, p.result, p.changed_at, p.seq, "provider") for p in priced},
            "odds_history": set(self._history),
        }

    def _image(self, image: wire.Image) -> None:
        self._bookmakers.update({bookmaker.code: bookmaker for bookmaker in image.bookmakers})
        for fixture in image.fixtures:
            self._fixture(fixture)
        for market in image.markets:
            self._market(market)
        for score in image.results:
            self._score(score)
        listed = {market.id: {offer.i for offer in market.quotes} for market in image.markets}
        for name, traded in self._markets.items():
            self._absent(traded, listed.get(name, set()), image.t)

    def _absent(self, traded: Traded, listed: set[int], t: int) -> None:
        for i, offer in traded.offers.items():
            if i not in listed and offer.own in ("open", "suspended") and offer.shown not in ("settled", "void"):
                self._repeat(traded, offer, "withdrawn", "", t)

    def _market(self, state: wire.MarketState) -> None:
        traded = self._markets.get(state.id)
        if traded is None:
            traded = self._markets[state.id] = Traded(state, offers={})
        if state.status != "open":
            self._status(traded, state.status, state.t)
        for said in state.quotes:
            offer = traded.offers.get(said.i)
            if offer is None:
                offer = traded.offers[said.i] = Priced(self._name(state, said), state.id)
            self._price(traded, offer, said, said.t)
        if state.status == "open":
            self._status(traded, state.status, state.t)

    def _within(self, statement: "wire.Delta | wire.MarketChange | wire.Withdraw | wire.Settle", traded: Traded) -> None:
        if isinstance(statement, wire.Delta):
            for said in statement.quotes:
                self._price(traded, traded.offers[said.i], said, statement.t)
        elif isinstance(statement, wire.MarketChange):
            self._status(traded, statement.status, statement.t)
        elif isinstance(statement, wire.Withdraw):
            for i in statement.selections:
                self._repeat(traded, traded.offers[i], "withdrawn", "", statement.t)
        else:
            for i, result in statement.results:
                self._repeat(traded, traded.offers[i], "void" if result == "void" else "settled", result, statement.t)
            self._status(traded, "settled", statement.t)

    def _price(self, traded: Traded, offer: Priced, said: "wire.Price | wire.Listed", t: int) -> None:
        if said.price == 1.0:
            self._say(traded, offer, (None, said.line, said.size), "suspended", "", t)
        else:
            self._say(traded, offer, (said.price, said.line, said.size), said.status, "", t)

    def _repeat(self, traded: Traded, offer: Priced, own: str, result: str, t: int) -> None:
        self._say(traded, offer, (offer.price, offer.line, offer.size), own, result, t)

    def _say(self, traded: Traded, offer: Priced, terms: tuple[float | None, ...], own: str, result: str, t: int) -> None:
        before = (offer.price, offer.line, offer.size, offer.own, offer.result)
        if offer.own and (*terms, own, result) == before:
            return
        shown_before = (offer.price, offer.line, offer.size, offer.shown, offer.result)
        offer.price, offer.line, offer.size = terms
        offer.own, offer.result = own, result
        self._show(traded, offer, shown_before, t)

    def _show(self, traded: Traded, offer: Priced, before: tuple[object, ...], t: int) -> None:
        """The offer changed at ``t``: that is a row of history where it can be seen."""
        offer.changed_at, offer.seq = (t, 0) if t > offer.changed_at else (offer.changed_at, offer.seq + 1)
        offer.shown = max(offer.own, traded.status, key=WORSE.index)
        after = (offer.price, offer.line, offer.size, offer.shown, offer.result)
        if after != before:
            self._history.append((offer.told.id, offer.changed_at, offer.seq, *after, "provider"))

    def _status(self, traded: Traded, status: str, t: int) -> None:
        if traded.changed_at and status == traded.status:
            return
        after = t > traded.changed_at or not traded.changed_at
        traded.changed_at, traded.seq = (t, 0) if after else (traded.changed_at, traded.seq + 1)
        traded.status = status
        for offer in traded.offers.values():
            if max(offer.own, status, key=WORSE.index) != offer.shown:
                self._show(traded, offer, (offer.price, offer.line, offer.size, offer.shown, offer.result), t)

    def _fixture(self, said: wire.FixtureState) -> None:
        held = self._fixtures.get(said.id)
        if held is None:
            self._fixtures[said.id] = (said, said.t, 0)
            return
        was, changed_at, seq = held
        now = wire.FixtureState(**{name: getattr(said, name) for name in said.__struct_fields__})
        now.started = was.started if said.started is None else said.started
        now.t = was.t
        if now != was:
            self._fixtures[said.id] = (now, said.t, 0) if said.t > changed_at else (now, changed_at, seq + 1)

    def _score(self, said: wire.ScoreState) -> None:
        key = (said.event, said.period)
        held = self._scores.get(key)
        if held is None:
            self._scores[key] = (said, said.t)
        elif (said.home, said.away, said.winner, said.state) != (held[0].home, held[0].away, held[0].winner, held[0].state):
            self._scores[key] = (said, max(said.t, held[1] + 1))

    def _name(self, state: wire.MarketState, said: wire.Listed) -> Selection:
        key = (state.id, said.bookmaker, said.outcome, said.side)
        bookmaker = self._bookmakers[said.bookmaker]
        return selection(
            self._source,
            (*key, str(said.line)) if state.market == "alternate_total" else key,
            bookmaker=bookmaker.name,
            bookmaker_kind=bookmaker.kind,
            source_event_id=state.event,
            source_market_id=state.id,
            scope=Scope("market", state.id),
            market=_word(state.market),
            period=state.period,
            outcome=said.outcome,
            participant="" if said.outcome in ("home", "away") else said.participant,
            side=said.side,
        )

    def _event(self, event: str) -> int:
        return hash64("event", self._source, event)

    def _event_row(self, f: wire.FixtureState) -> Row:
        teams = (_team(f, f.home), _team(f, f.away))
        return (self._event(f.id), f.sport, _league(f), f.season, *teams, f.name, f.starts, f.started, _started_by(f), f.status)

    def _link_row(self, f: wire.FixtureState, changed_at: int, seq: int) -> Row:
        words = (self._source, f.id, self._event(f.id), f.sport, f.league, _league(f), f.season, f.name, f.home, f.away)
        return (*words, _team(f, f.home), _team(f, f.away), f.starts, f.started, _started_by(f), f.status, changed_at, seq)

    def _selection_row(self, told: Selection) -> Row:
        ids = (told.id, told.identity, told.source, hash64("bookmaker", told.bookmaker))
        where = (told.source_event_id, told.source_market_id, told.scope.kind, told.scope.id)
        return (*ids, *where, told.market, told.period, told.outcome, told.participant, told.side)


def expected(script: Script, n: int, *, source: str, missed: Iterable[tuple[int, int]] = ()) -> dict[str, set[Row]]:
    """The facts of a client that took an image at statement 0 and every statement up to ``n``; ``script`` is new.

    ``missed``: pairs (a, b): it had everything up to a, nothing of a+1 … b, then an image of everything as of b.
    """
    oracle = Oracle(source)
    oracle.take(script.image())
    gaps = sorted(missed)
    while script.n < n:
        statement = script.step()
        if not any(after < script.n <= until for after, until in gaps):
            oracle.take(statement)
        elif any(script.n == until for _, until in gaps):
            oracle.take(script.image())
    return oracle.facts()


def _league(f: wire.FixtureState) -> int:
    return hash64("league", f.sport, f.league)


def _team(f: wire.FixtureState, name: str) -> int:
    return hash64("team", f.sport, name)


def _started_by(f: wire.FixtureState) -> str:
    return "" if f.started is None else "in_play"


def _word(market: str) -> str:
    """The vocabulary's word for a market of the exchange."""
    return {"match_odds": "match_result", "alternate_total": "total"}.get(market, market)
