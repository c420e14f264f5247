"""The Odds API in small, v4: the odds of a sport, of what is upcoming in any, and of single events; each answer whole, each by itself."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import ClassVar, Final

from msgspec import Struct, field

from ingestd.model import Frame
from tests.properties.ledger import Key
from tests.properties.provider import HOUR, SECOND, T0, Provider

QUERIES: Final = ("odds/basketball_nba", "odds/upcoming", "odds/basketball_nba/e0", "odds/basketball_nba/e1")
BOOKS: Final = ("acme", "betfair_ex_uk")
MARKETS: Final = ("h2h", "h2h_lay", "spreads", "alternate_totals")
LINED: Final = {"spreads": (-1.5, 2.5), "alternate_totals": (210.5, 211.5)}
GONE: Final = {"message": "Event not found", "error_code": "EVENT_NOT_FOUND"}


class Market(Struct):
    """Prices of one bookmaker: by outcome and line, and when somebody last looked (seconds)."""

    at: int
    prices: dict[tuple[str, float | None], float] = field(default_factory=dict)


class TheOddsApi(Provider):
    """Two events, three bookmakers' markets each; what a query lists changes from answer to answer."""

    options: ClassVar[Mapping[str, object]] = {"api_key": "k", "sports": ["basketball_nba"], "regions": ["eu"]}

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.events: dict[str, dict[tuple[str, str], Market]] = {"e0": {}, "e1": {}}
        self.of: dict[Key, str] = {}
        """The query that listed a price last."""
        self.last: Frame | None = None

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A session, and one answer to each query."""
        for event in self.events:
            self._look(event, dice)
        yield self.opened()
        for query in QUERIES:
            yield self._answer(query, dice)

    def step(self, dice: Random) -> Iterator[Frame]:
        """Prices move, and a query is answered, or not."""
        self.wait(dice)
        act = dice.choice((self._asked, self._asked, self._asked, self._asked, self._again, self._failed, self._scores, self._cut))
        yield from act(dice)

    def _look(self, event: str, dice: Random) -> None:
        """The provider looks at some bookmakers again: what they offer, and at which price."""
        for book in BOOKS:
            for market in MARKETS:
                if dice.random() < 0.4:
                    self.events[event].pop((book, market), None)
                if dice.random() < 0.5:
                    self.events[event][book, market] = self._priced(market, dice)

    def _priced(self, market: str, dice: Random) -> Market:
        lines = LINED.get(market, (None,))
        names = ("Over", "Under") if market == "alternate_totals" else ("Reds", "Blues")
        named = [
            (name, line)
            for name in names
            for line in (dice.sample(lines, dice.randint(1, len(lines))) if market != "spreads" else lines[:1])
        ]
        moved = dice.choice(LINED["spreads"])
        found = Market(self.now // SECOND)
        for name, line in named:
            if dice.random() < 0.8:
                found.prices[name, moved if market == "spreads" else line] = dice.choice((1.0, 1.5, 2.25))
        return found

    def _asked(self, dice: Random) -> Iterator[Frame]:
        for event in self.events:
            if dice.random() < 0.5:
                self._look(event, dice)
        yield self._answer(dice.choice(QUERIES), dice)

    def _answer(self, query: str, dice: Random) -> Frame:
        """What a query lists, whole: it may leave out an event that another one lists."""
        self.now += 1
        single = query.count("/") > 1
        events = [query.rsplit("/", 1)[1]] if single else [event for event in self.events if dice.random() < 0.8]
        if single and dice.random() < 0.3:
            events = []
        listed = {key for event in events for key in self._listed(query, event)}
        self.ledger.listing(query, [key for key, of in self.of.items() if of == query], listed, self.now)
        said: object = [self._event(event) for event in events]
        if single:
            said = self._event(events[0]) if events else GONE
        meta = {"key": query, "url": "https://a/v4?oddsFormat=decimal", "status": "200" if events else "404", "page": "1"}
        self.last = self.data(said, meta, epoch=True)
        return self.last

    def _listed(self, query: str, event: str) -> Iterator[Key]:
        """Prices that an answer lists; they belong to its query now. A price of 1 is none."""
        for (book, market), told in self.events[event].items():
            for (name, line), price in told.prices.items():
                key: Key = (event, book, market, name, "")
                if market == "alternate_totals":
                    key = (*key, repr(line))
                self.of[key] = query
                within, at = f"{event}|{book}|{market.removesuffix('_lay')}", told.at * SECOND
                if price > 1:
                    self.ledger.price(key, within, at, price, line=line)
                else:
                    self.ledger.price(key, within, at, None, line=line, own="suspended")
                yield key

    def _event(self, event: str) -> dict[str, object]:
        return {
            "id": event, "sport_key": "basketball_nba", "sport_title": "NBA", "commence_time": _iso((T0 + 6 * HOUR) // SECOND),
            "home_team": "Reds", "away_team": "Blues",
            "bookmakers": [{"key": book, "title": book.title(), "markets": self._markets(event, book)} for book in BOOKS],
        }  # fmt: skip

    def _markets(self, event: str, book: str) -> list[dict[str, object]]:
        return [
            {
                "key": market, "last_update": _iso(told.at),
                "outcomes": [{"name": name, "price": price} | _point(line) for (name, line), price in told.prices.items()],
            }
            for (of, market), told in self.events[event].items()
            if of == book
        ]  # fmt: skip

    def _again(self, dice: Random) -> Iterator[Frame]:
        """The same answer once more; that an empty one is repeated makes it believed."""
        if self.last is None:
            return
        query, said = self.last.meta["key"], self.last.payload
        if b'"outcomes"' not in said:
            self.ledger.listing(query, [key for key, of in self.of.items() if of == query], set(), self.now)
            yield self.data(said, self.last.meta, epoch=True)

    def _failed(self, dice: Random) -> Iterator[Frame]:
        """A query goes unanswered: an empty answer before it does not count any more."""
        query = dice.choice(QUERIES)
        self.ledger.empty.discard(query)
        yield Frame(self.source, "alive", self.now, meta={"failed": query, "reason": "timeout"})

    def _scores(self, dice: Random) -> Iterator[Frame]:
        """Scores and the list of events say nothing of prices."""
        scores = [{"name": "Reds", "score": "1"}, {"name": "Blues", "score": "0"}]
        said = {"id": "e0", "sport_key": "basketball_nba", "sport_title": "NBA", "commence_time": _iso(T0 // SECOND), "completed": True}
        said |= {"home_team": "Reds", "away_team": "Blues", "scores": scores, "last_update": _iso(self.now // SECOND)}
        yield self.data([said], {"key": "scores/basketball_nba", "url": "https://a/v4", "status": "200", "page": "1"}, epoch=True)

    def _cut(self, dice: Random) -> Iterator[Frame]:
        """A session ends; the next goes on with what is due."""
        yield self.closed()
        yield self.opened(resumed="conflated")


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _point(line: float | None) -> dict[str, float]:
    return {} if line is None else {"point": line}
