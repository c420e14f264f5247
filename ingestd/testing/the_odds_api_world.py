"""What the emulated Odds API offers: a short script of a few events, seeded, and how everything stands after each step."""

from collections.abc import Callable
from random import Random
from typing import Final

from msgspec import Struct, field

from ingestd.testing.emulator import Key, Stand

SPORT: Final = "soccer_epl"
TITLE: Final = "EPL"
MINUTE: Final = 60
BOOKS: Final = {"onebet": "One Bet", "twobet": "Two Bet", "betfair_ex_uk": "Betfair"}
FEATURED: Final = frozenset(("h2h", "spreads", "totals", "h2h_lay"))

Price = tuple[str, float, float | None]
"""Name, decimal price, point."""
Books = dict[str, dict[str, list[Price]]]
"""Prices by bookmaker and market."""


class Match(Struct):
    """An event. ``starts``: seconds from the beginning of the script. ``scores``: None before the kick-off."""

    id: str
    home: str
    away: str
    starts: int
    books: Books = field(default_factory=dict)
    scores: tuple[int, int] | None = None
    completed: bool = False
    listed: bool = True


class World:
    """The offers as they stand after ``step`` steps; ``ever``: everything that was offered, and how it stands."""

    def __init__(self, seed: int) -> None:
        self.step = 0
        self.ever: dict[Key, Stand] = {}
        self._random = Random(seed)
        self.matches = {key: self._match(key, minutes) for key, minutes in (("a", 40), ("b", -20), ("c", -100))}
        self.matches["b"].scores, self.matches["c"].scores = (0, 1), (2, 0)
        self._script: tuple[Callable[[], None], ...] = (
            self._rest,
            lambda: self._price("a", "onebet", "h2h"),
            lambda: self._line("a", "twobet"),
            lambda: self._vanish("a", "onebet"),
            self._appear,
            lambda: self._price("b", "betfair_ex_uk", "h2h_lay"),
            self._shorten,
            self._finish,
            self._return,
            self._ladder,
            lambda: self._price("b", "twobet", "totals"),
        )
        self._gone: Books = {}
        self._count()

    @property
    def over(self) -> bool:
        """Whether the script is at its end."""
        return self.step == len(self._script)

    def advance(self) -> None:
        """The next step, if there is one. It may be that nothing changes."""
        if not self.over:
            self._script[self.step]()
            self.step += 1
            self._count()

    def _match(self, key: str, minutes: int) -> Match:
        home, away = f"{key.upper()} Rovers", f"{key.upper()} United"
        match = Match(key * 32, home, away, minutes * MINUTE)
        for book in BOOKS:
            match.books[book] = {"h2h": [(name, self._some(), None) for name in (home, away, "Draw")]}
        match.books["betfair_ex_uk"]["h2h_lay"] = [(name, self._some(), None) for name in (home, away, "Draw")]
        for book in ("onebet", "twobet"):
            match.books[book]["spreads"] = [(home, self._some(), -0.5), (away, self._some(), 0.5)]
            match.books[book]["totals"] = [("Over", self._some(), 2.5), ("Under", self._some(), 2.5)]
            match.books[book]["alternate_totals"] = [(name, self._some(), line) for line in (1.5, 3.5) for name in ("Over", "Under")]
        return Match(key * 32, home, away, minutes * MINUTE, match.books)

    def _some(self) -> float:
        return round(self._random.uniform(1.2, 6.0), 2)

    def _rest(self) -> None:
        """Nothing changes but the times."""

    def _price(self, match: str, book: str, market: str) -> None:
        prices = self.matches[match].books[book][market]
        name, price, point = prices[0]
        prices[0] = (name, round(price + 0.07, 2), point)

    def _line(self, match: str, book: str) -> None:
        """The main line moves: the same selections, another point."""
        spreads = self.matches[match].books[book]["spreads"]
        spreads[:] = [(name, round(price + 0.05, 2), (point or 0.0) * 3) for name, price, point in spreads]

    def _vanish(self, match: str, book: str) -> None:
        """A bookmaker suspends, so it is not there."""
        self._gone = {book: self.matches[match].books.pop(book)}

    def _return(self) -> None:
        self.matches["a"].books.update(self._gone)

    def _appear(self) -> None:
        match = self.matches["d"] = self._match("d", 600)
        for markets in match.books.values():
            markets.pop("alternate_totals", None)

    def _shorten(self) -> None:
        """In play: as short as it gets, and shorter, which is no price at all."""
        prices = self.matches["b"].books["onebet"]["h2h"]
        prices[:2] = [(prices[0][0], 1.01, None), (prices[1][0], 1.0, None)]

    def _finish(self) -> None:
        """The match is over: a final score, and it is in no list any more."""
        match = self.matches["c"]
        match.scores, match.completed, match.listed = (2, 1), True, False

    def _ladder(self) -> None:
        """In a ladder each line is by itself: one goes, another comes."""
        for book in ("onebet", "twobet"):
            ladder = self.matches["b"].books[book]["alternate_totals"]
            ladder[:2] = [(name, self._some(), 4.5) for name in ("Over", "Under")]

    def _count(self) -> None:
        """Everything that is offered stands as it is, everything else that ever was is withdrawn."""
        self.ever = dict.fromkeys(self.ever, Stand(None, "withdrawn"))
        for match in self.matches.values():
            for book, markets in match.books.items() if match.listed else ():
                for market, prices in markets.items():
                    for price in prices:
                        self.ever[_key(match, book, market, price)] = _stand(price[1])


def _key(match: Match, book: str, market: str, price: Price) -> Key:
    name, _, point = price
    outcome = "home" if name == match.home else "away" if name == match.away else name.lower()
    side = "lay" if market.endswith("_lay") else "back"
    line = point if market.startswith("alternate_") else None
    return Key(f"{match.id}|{book}|{market.removesuffix('_lay')}", outcome, side, line)


def _stand(price: float) -> Stand:
    return Stand(None, "suspended") if price == 1.0 else Stand(price, "open")
