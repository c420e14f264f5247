"""Everything that one answer says, element by element: offers with their prices as they stand there, fixtures, results, and rejects."""

from collections import Counter
from typing import Final

from msgspec import UNSET, Raw, Struct

from ingestd.model import Decoded, EventStatus, Fixture, Reject, Result
from ingestd.sources.feeds.the_odds_api.wire import (
    Bookmaker,
    Element,
    Event,
    Market,
    Named,
    Outcome,
    Page,
    Site,
    Stamp,
    bare_price,
    decoded,
    microseconds,
)
from ingestd.sources.feeds.the_odds_api.words import name_of, sport_of

DRAW: Final = "Draw"
SIDES: Final = 2
LONGEST_SCORE: Final = 10
"""Digits that no score has."""


class Listed(Struct, frozen=True):
    """A market of a bookmaker on an event; ``changed_at``: when the provider last looked, UTC µs."""

    event: Event
    bookmaker: str
    title: str
    market: str
    changed_at: int | None


class Offer(Struct, frozen=True):
    """A price as it was read, decimal or American; None where it cannot be read."""

    listed: Listed
    named: Named
    price: int | float | None
    path: str


class Reading:
    """One answer. ``markets``: every market that was listed, by sport, event and key, whether it has prices or not.

    ``latest``: the newest time at which something was updated, UTC µs.
    """

    def __init__(self, page: Page) -> None:
        self.counts: Counter[str] = Counter()
        self.offers: list[Offer] = []
        self.said: list[Decoded] = []
        self.markets: dict[tuple[str, str, str], None] = {}
        self.latest: int | None = None
        for index, raw in enumerate(page.elements):
            self._element(raw, page.path if page.single else f"{page.path}[{index}]")

    def _element(self, raw: Raw, path: str) -> None:
        element = decoded(raw, Element)
        if isinstance(element, str):
            self._reject("shape", element, path)
            return
        if element.id is UNSET and element.key is not UNSET:
            self.counts["sports"] += 1
            return
        event = decoded(raw, Event)
        if isinstance(event, str):
            self._reject("shape", event, path)
        elif element.completed is not UNSET:
            self._score(event, path)
        else:
            self._event(event, path)

    def _event(self, event: Event, path: str) -> None:
        self.counts["events"] += 1
        if event.away_team is None and event.home_team in event.teams:
            event.away_team = next((team for team in event.teams if team != event.home_team), None)
        self._fixture(event, path, "")
        for index, raw in enumerate(event.bookmakers):
            self._bookmaker(event, raw, f"{path}.bookmakers[{index}]")
        for index, raw in enumerate(event.sites):
            self._site(event, raw, f"{path}.sites[{index}]")

    def _fixture(self, event: Event, path: str, status: EventStatus) -> None:
        """An event. Its start drifts; whether it is being played only scores say, and what is empty is not told anew."""
        self.said.append(
            Fixture(
                source_event_id=event.id,
                sport=sport_of(event.sport_key),
                name=name_of(event),
                league=event.sport_title or event.sport_nice,
                home=event.home_team or "",
                away=event.away_team or "",
                starts_at=self._time(event.commence_time, f"{path}.commence_time"),
                status=status,
            )
        )

    def _bookmaker(self, event: Event, raw: Raw, path: str) -> None:
        book = decoded(raw, Bookmaker)
        if isinstance(book, str):
            self._reject("shape", book, path)
            return
        at = self._updated(book.last_update, path)
        for index, told in enumerate(book.markets):
            where = f"{path}.markets[{index}]"
            market = decoded(told, Market)
            if isinstance(market, str):
                self._reject("shape", market, where)
                continue
            stamp = self._updated(market.last_update, where)
            listed = Listed(event, book.key, book.title, market.key, at if stamp is None else stamp)
            self.markets[event.sport_key, event.id, market.key] = None
            for number, outcome in enumerate(market.outcomes):
                self._outcome(listed, outcome, f"{where}.outcomes[{number}]")

    def _outcome(self, listed: Listed, raw: Raw, path: str) -> None:
        self.counts["prices"] += 1
        outcome = decoded(raw, Outcome)
        if not isinstance(outcome, str):
            self.offers.append(Offer(listed, outcome, outcome.price, path))
            return
        self._reject("shape", outcome, path)
        named = decoded(raw, Named)
        if not isinstance(named, str):
            self.offers.append(Offer(listed, named, None, path))

    def _site(self, event: Event, raw: Raw, path: str) -> None:
        """v3: prices in the order of the teams, the draw last."""
        site = decoded(raw, Site)
        if isinstance(site, str):
            self._reject("shape", site, path)
            return
        at = self._updated(site.last_update, path)
        for market, told in site.odds.items():
            where = f"{path}.odds.{market}"
            prices = decoded(told, list[Raw])
            if isinstance(prices, str) or len(event.teams) != SIDES or len(prices) not in (SIDES, SIDES + 1):
                self._reject("shape", "not a price for each of two teams, and one for the draw", where)
                continue
            listed = Listed(event, site.site_key, site.site_nice, market, at)
            self.markets[event.sport_key, event.id, market] = None
            for number, (name, price) in enumerate(zip((*event.teams, DRAW), prices, strict=False)):
                self._price(listed, name, price, f"{where}[{number}]")

    def _price(self, listed: Listed, name: str, raw: Raw, path: str) -> None:
        self.counts["prices"] += 1
        price = bare_price(raw)
        if isinstance(price, str):
            self._reject("shape", price, path)
        self.offers.append(Offer(listed, Named(name), None if isinstance(price, str) else price, path))

    def _score(self, event: Event, path: str) -> None:
        self.counts["scores"] += 1
        self._fixture(event, path, "finished" if event.completed else "scheduled" if event.scores is None else "in_play")
        at = self._updated(event.last_update, path)
        points: dict[str, int] = {}
        for index, said in enumerate(event.scores or ()):
            text = str("" if said.score is None else said.score).strip()
            if not (text.isascii() and text.isdecimal() and len(text) < LONGEST_SCORE) or said.name not in (
                event.home_team,
                event.away_team,
            ):
                self._reject("score", f"{said.name!r} has {text!r}", f"{path}.scores[{index}]")
                return
            points[said.name] = int(text)
        if points:
            home, away = points.get(event.home_team or ""), points.get(event.away_team or "")
            self.said.append(
                Result(
                    source_event_id=event.id,
                    home_score=home,
                    away_score=away,
                    winner=_winner(home, away) if event.completed else "",
                    state="final" if event.completed else "provisional",
                    changed_at=at,
                )
            )

    def _updated(self, stamp: Stamp | None, path: str) -> int | None:
        at = self._time(stamp, f"{path}.last_update")
        if at is not None:
            self.latest = at if self.latest is None else max(self.latest, at)
        return at

    def _time(self, stamp: Stamp | None, path: str) -> int | None:
        at = microseconds(stamp)
        if at is None and stamp is not None:
            self._reject("time", f"{stamp!r} is no time", path)
        return at

    def _reject(self, category: str, reason: str, path: str) -> None:
        self.said.append(Reject(stage="decode", category=category, reason=reason, severity="warning", path=path.removeprefix(".")))


def _winner(home: int | None, away: int | None) -> str:
    if home is None or away is None:
        return ""
    return "draw" if home == away else "home" if home > away else "away"
