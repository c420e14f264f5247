"""football-data.co.uk in small: a file of coming matches, and one of the season; each is read again and again, also as an old copy."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import ClassVar, Final

from msgspec import Struct, field

from ingestd.model import Frame
from tests.properties.ledger import Key, Row, Shown
from tests.properties.provider import HOUR, MINUTE, SECOND, Provider

COLUMNS: Final = (
    "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,B365H,B365D,B365A,B365>2.5,B365<2.5,B365CH,B365CD,B365CA,B365C>2.5,B365C<2.5"
)
OUTCOMES: Final = (("match_odds", "home"), ("match_odds", "draw"), ("match_odds", "away"), ("total", "over"), ("total", "under"))
FILES: Final = ("fixtures", "mmz4281/2526/E0")
WHISTLE: Final = 2 * HOUR
AHEAD: Final = 5 * SECOND
"""No clock is further ahead."""
TUESDAY, FRIDAY = 1, 4


class Match(Struct):
    """Prices by outcome, at first and at the end; ``score`` once it is over."""

    home: str
    kick_off: int
    first: dict[tuple[str, str], float]
    last: dict[tuple[str, str], float] = field(default_factory=dict)
    score: tuple[int, int] | None = None

    @property
    def id(self) -> str:
        """As the files tell matches apart."""
        return f"E0|{_moment(self.kick_off):%Y-%m-%d}|{self.home}|Visitors"


class FootballData(Provider):
    """Up to five matches, each in one of the two files."""

    options: ClassVar[Mapping[str, object]] = {"divisions": ["E0"]}

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.coming: list[Match] = []
        self.played: list[Match] = []
        self.count = 0
        self.of: dict[Key, tuple[str, int]] = {}
        """The file that listed a price last, and the kick-off that it gave."""
        self.told: dict[Key, dict[int, Shown]] = {}
        self.copies: list[tuple[str, list[Match]]] = []

    def begin(self, dice: Random) -> Iterator[Frame]:
        """A session, and both files."""
        for _ in range(dice.randint(1, 3)):
            self._announce(dice)
        yield self.opened()
        for name in FILES:
            yield self._file(name)

    def step(self, dice: Random) -> Iterator[Frame]:
        """Time goes on, matches are moved and played, a file is read."""
        self.now += dice.choice((10 * MINUTE, HOUR, 3 * HOUR))
        act = dice.choice((self._announce, self._move, self._drop, self._correct, self._play, self._play))
        act(dice)
        if self.copies and dice.random() < 0.15:
            name, matches = dice.choice(self.copies)
            yield self._read(name, matches)
        else:
            yield self._file(dice.choice(FILES))

    def history(self) -> dict[Key, list[tuple[int, Shown]]]:
        """At each moment that has a name, what was read of it last; and what was found to be gone, or there again."""
        return {key: sorted(rows.items(), key=lambda row: row[0]) for key, rows in self.told.items()}

    def _announce(self, dice: Random) -> None:
        if self.count < 5:
            kick_off = (self.now // HOUR + dice.randint(2, 30)) * HOUR
            self.coming.append(Match(f"Team {self.count}", kick_off, self._prices(dice)))
            self.count += 1

    def _prices(self, dice: Random) -> dict[tuple[str, str], float]:
        return {outcome: dice.choice((1.5, 2.25, 3.4)) for outcome in OUTCOMES}

    def _move(self, dice: Random) -> None:
        """To another day: the files know it under another id from then on."""
        later = [match for match in self.coming if match.kick_off > self.now]
        if later:
            dice.choice(later).kick_off += dice.choice((24, 48)) * HOUR

    def _drop(self, dice: Random) -> None:
        """A match is not listed any more."""
        if self.coming and dice.random() < 0.5:
            self.coming.remove(dice.choice(self.coming))

    def _correct(self, dice: Random) -> None:
        """A file says another price, or another result."""
        if self.played and dice.random() < 0.5:
            match = dice.choice(self.played)
            match.score = (dice.randint(0, 2), dice.randint(0, 2))
        elif self.coming:
            dice.choice(self.coming).first = self._prices(dice)

    def _play(self, dice: Random) -> None:
        """What is over goes into the file of the season, with its last prices and its result."""
        for match in [match for match in self.coming if match.kick_off + WHISTLE <= self.now]:
            match.last, match.score = self._prices(dice), (dice.randint(0, 3), dice.randint(0, 3))
            self.coming.remove(match)
            self.played.append(match)

    def _file(self, name: str) -> Frame:
        matches = deepcopy(self.coming if name == "fixtures" else self.played)
        self.copies.append((name, matches))
        return self._read(name, matches)

    def _read(self, name: str, matches: list[Match]) -> Frame:
        listed: set[Key] = set()
        for match in matches:
            for market, outcome in OUTCOMES:
                key = (match.id, "B365", market, *(("2.5",) if market == "total" else ()), outcome)
                listed.add(key)
                self._true(key, match, (market, outcome))
                self.of[key] = (name, match.kick_off)
        self._gone(name, listed)
        rows = [COLUMNS, *map(self._row, matches), ""]
        return self.data("\n".join(rows).encode(), {"key": name, "url": "u", "status": "200", "page": "1"}, epoch=True)

    def _row(self, match: Match) -> str:
        goals = ["", "", ""] if match.score is None else [*map(str, match.score), "HDA"[_winner(match.score)]]
        last = [str(match.last[outcome]) if match.last else "" for outcome in OUTCOMES]
        when = _moment(match.kick_off)
        first = [str(match.first[outcome]) for outcome in OUTCOMES]
        return ",".join(["E0", f"{when:%d/%m/%Y}", f"{when:%H:%M}", match.home, "Visitors", *goals, *first, *last])

    def _true(self, key: Key, match: Match, outcome: tuple[str, str]) -> None:
        """First price, last price, result, each at the moment that it has by name."""
        line = 2.5 if outcome[0] == "total" else None
        self._say(key, match, _collected(match.kick_off), Shown(match.first[outcome], line, None, "open", ""))
        if match.last:
            self._say(key, match, match.kick_off - SECOND, Shown(match.last[outcome], line, None, "open", ""))
        if match.score is not None:
            self._say(key, match, match.kick_off + WHISTLE, Shown(None, line, None, "settled", _result(outcome, match.score)))

    def _say(self, key: Key, match: Match, at: int, shown: Shown) -> None:
        """What comes late changes what was, not what is; but before the match, what a file lists is there now, whatever its stamp.

        So is what was collected before the day that is named after collections.
        """
        row = self.ledger.rows.get(key)
        told = self.told.setdefault(key, {})
        if at > self.now + AHEAD or (row is not None and at < row.at and self.now < match.kick_off):
            at = self.now
            if row is not None and (row.own, row.price) == (shown.status, shown.price):
                return
        elif row is not None and at < row.at:
            told[at] = shown
            return
        told[at] = shown
        row = self.ledger.rows.setdefault(key, Row(""))
        row.price, row.line, row.own, row.result, row.at = shown.price, shown.line, shown.status, shown.result, at

    def _gone(self, name: str, listed: set[Key]) -> None:
        """What a file does not list any more is gone, at the latest since the match began; an empty file is not believed at once."""
        gone = [key for key, (of, _) in self.of.items() if of == name and key not in listed and self.ledger.rows[key].own == "open"]
        if not listed and gone and name not in self.ledger.empty:
            self.ledger.empty.add(name)
            return
        self.ledger.empty.discard(name)
        for key in gone:
            row, start = self.ledger.rows[key], self.of[key][1]
            row.own, row.at = "withdrawn", start if row.at <= start < self.now else self.now
            self.told[key][row.at] = Shown(row.price, row.line, None, "withdrawn", "")


def _moment(at: int) -> datetime:
    """London's winter time is UTC."""
    return datetime.fromtimestamp(at / SECOND, UTC)


def _collected(kick_off: int) -> int:
    """Noon of the last Tuesday or Friday before it."""
    noon = datetime.combine(_moment(kick_off).date(), time(12), UTC)
    while noon.weekday() not in (TUESDAY, FRIDAY) or noon >= _moment(kick_off):
        noon -= timedelta(days=1)
    return int(noon.timestamp()) * SECOND


def _winner(score: tuple[int, int]) -> int:
    home, away = score
    return 0 if home > away else 2 if away > home else 1


def _result(outcome: tuple[str, str], score: tuple[int, int]) -> str:
    if outcome[0] == "total":
        return "won" if (sum(score) > 2.5) == (outcome[1] == "over") else "lost"
    return "won" if ("home", "draw", "away")[_winner(score)] == outcome[1] else "lost"
