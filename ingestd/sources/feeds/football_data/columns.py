"""What a header names: who, when, how it ended, and whose prices of what.

Column dictionary: https://www.football-data.co.uk/notes.txt. A closing price has a C between bookmaker and outcome. Names are built from
the table of bookmakers, never taken apart: ``AHW`` (hit woodwork) is no price, ``AHh`` is a line, ``BFD`` is Betfair's draw, not Betfred.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from ingestd.errors import Malformed
from ingestd.model import BookmakerKind

MATCH_ODDS: Final = "match_odds"
TOTAL: Final = "total"
HANDICAP: Final = "asian_handicap"
WORDS: Final = {MATCH_ODDS: "match_result", TOTAL: "total", HANDICAP: "spread"}
"""The vocabulary's words; the names above are older, and stand in identities."""
GOALS_LINE: Final = 2.5
"""The one line of over and under; the columns are named after it, so it is part of the identity."""
MARKETS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    MATCH_ODDS: (("home", "H"), ("draw", "D"), ("away", "A")),
    TOTAL: (("over", ">2.5"), ("under", "<2.5")),
    HANDICAP: (("home", "AHH"), ("away", "AHA")),
}
"""Outcomes of each market, and how their columns end."""
BOOKS: Final[dict[str, str]] = {
    "1XB": "1xBet",
    "B365": "Bet365",
    "BF": "Betfair Sportsbook",
    "BFD": "Betfred",
    "BFE": "Betfair Exchange",
    "BMGM": "BetMGM",
    "BS": "Blue Square",
    "BV": "BetVictor",
    "BW": "Bet&Win",
    "CL": "Coral",
    "GB": "Gamebookers",
    "IW": "Interwetten",
    "LB": "Ladbrokes",
    "P": "Pinnacle",
    "SB": "Sportingbet",
    "SJ": "Stan James",
    "SO": "Sporting Odds",
    "SY": "Stanleybet",
    "VC": "VC Bet",
    "WH": "William Hill",
    "Avg": "Market average",
    "Max": "Market maximum",
    "BbAv": "Betbrain average",
    "BbMx": "Betbrain maximum",
}
AGGREGATES: Final = frozenset(("Avg", "Max", "BbAv", "BbMx"))
EXCHANGES: Final = frozenset(("BFE",))
SPELLINGS: Final = {
    "B36CA": "B365CA",
    "Home": "HomeTeam",
    "Away": "AwayTeam",
    "HG": "FTHG",
    "AG": "FTAG",
    "Res": "FTR",
}
"""A misprint of the "new leagues" files, and the names that these have for what the others call otherwise."""
REQUIRED: Final = ("Date", "HomeTeam", "AwayTeam")
CORE: Final = (*REQUIRED, "Div", "Country", "League", "Season", "Time", "FTHG", "FTAG", "FTR", "HTHG", "HTAG", "HTR")
UNREAD: Final = frozenset(
    "HS AS HST AST HHW AHW HC AC HF AF HFKC AFKC HO AO HY AY HR AR HBP ABP Attendance Referee Bb1X2 BbOU BbAH".split()  # noqa: SIM905
)
"""Statistics of the match, and numbers of bookmakers behind an average: known, and not prices."""
_SHOWN: Final = 80


class Prices(Struct, frozen=True):
    """One bookmaker's prices of one market: (outcome, its column), and the column of the line (None: there is none)."""

    prefix: str
    market: str
    closing: bool
    outcomes: tuple[tuple[str, str], ...]
    line: str | None

    @property
    def bookmaker(self) -> str:
        """Whose they are, in full."""
        return BOOKS[self.prefix]

    @property
    def word(self) -> str:
        """What the vocabulary calls the market."""
        return WORDS[self.market]

    @property
    def kind(self) -> BookmakerKind:
        """What that is."""
        return "aggregate" if self.prefix in AGGREGATES else "exchange" if self.prefix in EXCHANGES else "book"


class Layout(Struct, frozen=True):
    """What a header says: where each name stands that names something, how many cells it has, which of them are unlabelled."""

    place: Mapping[str, int]
    width: int
    blank: frozenset[int]
    prices: tuple[Prices, ...]
    repeated: tuple[str, ...]
    """Names that stand twice: nobody can say which of them is meant, so none is read."""
    unknown: int
    """Columns that nobody here knows: a new bookmaker, or something else altogether."""

    def text(self, cells: Sequence[str], name: str) -> str:
        """The cell of that name; empty where there is none."""
        place = self.place.get(name, -1)
        return cells[place] if 0 <= place < len(cells) else ""


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names columns instead of a match."""
    return cells[0] in ("Div", "Country") and "Date" in cells


def read_header(cells: Sequence[str]) -> Layout:
    """Raises Malformed where it is not the header of such a file."""
    taken = frozenset(cells)
    names = [cell if SPELLINGS.get(cell, cell) in taken else SPELLINGS.get(cell, cell) for cell in cells]
    counts = Counter(filter(None, names))
    place = {name: at for at, name in enumerate(names) if counts[name] == 1}
    if not is_header(cells) or any(name not in place for name in REQUIRED):
        shown = ",".join(cells)[:_SHOWN]
        raise Malformed("format", f"{shown!r} is not the header of a results file: no Div or Country, Date and teams")
    prices = tuple(_prices(place, new="Country" in place))
    read = {name for group in prices for _, name in group.outcomes} | {group.line for group in prices}
    return Layout(
        place=place,
        width=len(names),
        blank=frozenset(at for at, name in enumerate(names) if not name),
        prices=prices,
        repeated=tuple(sorted(name for name, count in counts.items() if count > 1)),
        unknown=sum(name not in read and name not in CORE and name not in UNREAD for name in place),
    )


def _prices(place: Mapping[str, int], *, new: bool) -> Iterable[Prices]:
    """Opening prices of everybody, then closing ones. The "new leagues" files hold closing prices whether they say so or not."""
    for closing in (False, True):
        for prefix in BOOKS:
            for market, outcomes in MARKETS.items():
                stems = [_stem(prefix, market) + "C" * closing]
                if new:
                    stems = [*stems, _stem(prefix, market), prefix] if closing else []
                found = next((found for stem in stems if (found := _columns(place, stem, outcomes))), ())
                if found:
                    yield Prices(prefix, market, closing, found, _line(place, prefix, closing=closing) if market == HANDICAP else None)


def _stem(prefix: str, market: str) -> str:
    return "PS" if prefix == "P" and market == MATCH_ODDS else prefix


def _columns(place: Mapping[str, int], stem: str, outcomes: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((outcome, stem + suffix) for outcome, suffix in outcomes if stem + suffix in place)


def _line(place: Mapping[str, int], prefix: str, *, closing: bool) -> str:
    """The column of a bookmaker's handicap: its own where it has one, else the one of all."""
    if closing:
        return "AHCh"
    own = f"{prefix}AH"
    return own if own in place else "BbAHh" if prefix.startswith("Bb") else "AHh"
