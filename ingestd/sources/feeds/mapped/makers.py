"""What an element says, made of compiled fields: fixtures, results, states of markets, prices."""

from collections.abc import Iterable
from typing import Final, cast

from msgspec import Struct

from ingestd.markets import participant
from ingestd.model import (
    BookmakerKind,
    EventStatus,
    Fixture,
    MarketStatus,
    Quote,
    QuoteResult,
    Result,
    ResultState,
    Scope,
    Selection,
    Side,
    Status,
    selection,
)
from ingestd.sources.feeds.mapped.cells import Cell, Place
from ingestd.sources.feeds.mapped.paths import Unmapped

MOST: Final = 100_000
"""Selections kept ready; beyond, they are built anew."""
Optional = Cell[int | None]


class FixtureMaker(Struct, frozen=True):
    """An event."""

    event: Cell[str]
    sport: Cell[str]
    name: Cell[str]
    league: Cell[str]
    season: Cell[str]
    home: Cell[str]
    away: Cell[str]
    starts_at: Optional
    started_at: Optional
    status: Cell[str]
    changed_at: Optional

    def make(self, at: Place) -> Fixture:
        """As of this element."""
        started_at = self.started_at(at)
        name, home, away = self.name(at), self.home(at), self.away(at)
        if not name and not (home and away):
            raise Unmapped("missing", "name: neither a name nor home and away are there")
        return Fixture(
            source_event_id=self.event(at),
            sport=self.sport(at),
            name=name or f"{home} v {away}",
            league=self.league(at),
            season=self.season(at),
            home=home,
            away=away,
            starts_at=self.starts_at(at),
            started_at=started_at,
            started_by="" if started_at is None else "status",
            status=cast("EventStatus", self.status(at)),
            changed_at=self.changed_at(at),
        )


class ResultMaker(Struct, frozen=True):
    """How an event ended."""

    event: Cell[str]
    period: Cell[str]
    home_score: Cell[float | None]
    away_score: Cell[float | None]
    winner: Cell[str]
    state: Cell[str]
    changed_at: Optional

    def make(self, at: Place) -> Result:
        """As of this element."""
        return Result(
            source_event_id=self.event(at),
            period=self.period(at),
            home_score=_score(self.home_score(at)),
            away_score=_score(self.away_score(at)),
            winner=self.winner(at),
            state=cast("ResultState", self.state(at)),
            changed_at=self.changed_at(at),
        )


class MarketMaker(Struct, frozen=True):
    """The state of a market."""

    event: Cell[str]
    market_id: Cell[str]
    market: Cell[str]
    period: Cell[str]
    status: Cell[str]
    changed_at: Optional

    def make(self, at: Place) -> MarketStatus:
        """As of this element."""
        return MarketStatus(
            source_event_id=self.event(at),
            source_market_id=self.market_id(at),
            market=self.market(at),
            period=self.period(at),
            status=cast("Status", self.status(at)),
            changed_at=self.changed_at(at),
        )


class Selections:
    """Selections of one source by what names and describes them, so that quotes share them; what it forgets is built anew."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...], Scope | None], Selection] = {}

    def get(self, key: tuple[str, ...], words: tuple[str, ...], scope: Scope | None) -> Selection:
        """``words``: bookmaker, its kind, event, market id, market, period, outcome, participant, side."""
        found = self._known.get((key, words, scope))
        if found is None:
            if len(self._known) >= MOST:
                self._known.clear()
            bookmaker, kind, event, market_id, market, period, outcome, who, side = words
            found = self._known[key, words, scope] = selection(
                self._source,
                (*key, side),
                bookmaker=bookmaker,
                bookmaker_kind=cast("BookmakerKind", kind),
                source_event_id=event,
                source_market_id=market_id,
                scope=scope or Scope("event", event),
                market=market,
                period=period,
                outcome=outcome,
                participant=participant(who),
                side=cast("Side", side),
            )
        return found


class QuoteMaker(Struct, frozen=True):
    """A price; ``words`` in the order that ``Selections`` wants."""

    key: tuple[Cell[str], ...]
    words: tuple[Cell[str], ...]
    price: Cell[float | None]
    size: Cell[float | None]
    line: Cell[float | None]
    status: Cell[str]
    result: Cell[str]
    changed_at: Optional
    selections: Selections

    def name(self, at: Place, scope: Scope | None) -> tuple[tuple[str, ...], Selection]:
        """Its key, and what it is a price of; ``scope`` None: that of its event."""
        key = tuple([part(at) for part in self.key])
        return key, self.selections.get(key, tuple([word(at) for word in self.words]), scope)

    def make(self, at: Place, what: Selection) -> Quote:
        """As of this element."""
        return Quote(
            what,
            self.price(at),
            self.size(at),
            cast("Status", self.status(at)),
            self.line(at),
            self.changed_at(at),
            cast("QuoteResult", self.result(at)),
        )


class Withdrawer(Struct, frozen=True):
    """What is withdrawn by its id: ``kind`` says of what (``key``, ``market``, ``event``)."""

    kind: str
    ids: tuple[Cell[str], ...]
    status: Status
    changed_at: Optional

    def make(self, at: Place, known: "Offers") -> list[Quote]:
        """A withdrawal of each selection that this names and that was offered."""
        name = (self.kind, *(part(at) for part in self.ids))
        stamp = self.changed_at(at)
        return [Quote(what, None, status=self.status, changed_at=stamp) for what in known.named(name)]


class Offers:
    """What was offered since the epoch began, by its names; only kept where a mapping withdraws by name."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._count = 0
        self._named: dict[tuple[str, ...], dict[int, Selection]] = {}

    def take(self, key: tuple[str, ...], what: Selection, *, offered: bool) -> None:
        """A selection is offered, or no longer. Beyond the bound all is forgotten: withdrawals then find nothing, images still do."""
        if not offered:
            self._drop(key, what)
            return
        if self._count >= self._most:
            self._named.clear()
            self._count = 0
        for name in (("key", *key), ("market", what.source_market_id), ("event", what.source_event_id)):
            members = self._named.setdefault(name, {})
            self._count += what.id not in members
            members[what.id] = what

    def _drop(self, key: tuple[str, ...], what: Selection) -> None:
        for name in (("key", *key), ("market", what.source_market_id), ("event", what.source_event_id)):
            self._count -= self._named.get(name, {}).pop(what.id, None) is not None

    def named(self, name: tuple[str, ...]) -> Iterable[Selection]:
        """All of this name."""
        return tuple(self._named.get(name, {}).values())


def _score(value: float | None) -> int | None:
    if value is None or value.is_integer():
        return None if value is None else int(value)
    raise Unmapped("score", f"{value} is no score")
