"""What Kalshi's markets mean in our words: a contract says yes or no to something, and what that is says its series.

Yes is the outcome that the contract is about, and No is the contrary: of a result, the other two (a double chance); of a match of two, the
other side; of "over", "under". A series is the first part of every ticker and ends in what is asked (``KXEPLGAME``); what is not known
keeps the series' name, and its outcomes are yes and no.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from ingestd.markets import contrary, line_of_contrary, participant, side

TIE: Final = "Tie"
"""What the contract on a draw is called."""
TIED: Final = "-TIE"
"""And how its ticker ends."""
_SPORTS: Final = {
    "football": ("EPL", "UCL", "UEL", "MLS", "LALIGA", "SERIEA", "BUNDESLIGA", "LIGUE", "SOCCER"),
    "basketball": ("NBA", "WNBA", "NCAAB", "NCAAMB", "NCAAWB", "BASKETBALL"),
    "american_football": ("NFL", "NCAAF"),
    "baseball": ("MLB", "BASEBALL"),
    "ice_hockey": ("NHL", "HOCKEY"),
    "tennis": ("ATP", "WTA", "TENNIS"),
    "mma": ("UFC", "MMA"),
}
_VERSUS: Final = re.compile(r"(?:.*: )?(?P<first>.+?) (?P<how>vs\.?|v|at|@) (?P<second>.+?)(?: [Ww]inner)?\??")
_MARGIN: Final = re.compile(r"(?P<team>.+?) wins? by (?:over|more than) \d.*")

Strike = Literal["", "above", "below"]
Offered = tuple[str, str, str, float | None]
"""Market, outcome, participant, line."""
Asked = tuple[str, str, float | None]
"""Market, outcome and line that yes stands for; an outcome that is no word: it cannot be told."""


class Words(Struct, frozen=True):
    """What Kalshi calls a market. ``subject``: what yes stands for; ``line``, ``strike``: where it is struck, and on which side yes is.

    Of its event: ``title``; ``drawn``: there is a contract on a draw; ``exclusive``: only one of the event's contracts can come true.
    """

    event_id: str = ""
    subject: str = ""
    line: float | None = None
    strike: Strike = ""
    title: str = ""
    drawn: bool = False
    exclusive: bool = False


class Meaning(Struct, frozen=True):
    """A market in our words; ``yes`` and ``no`` may be offers of two markets."""

    yes: Offered
    no: Offered

    @property
    def market(self) -> str:
        """What yes is an offer of."""
        return self.yes[0]


def sides(title: str) -> tuple[str, str]:
    """Both teams of a title: the first one is taken to play at home, except as the guest of "at"; empty where it names none."""
    found = _VERSUS.fullmatch(title)
    if found is None:
        return "", ""
    first, second = found["first"].strip(), found["second"].strip()
    return (second, first) if found["how"] in ("at", "@") else (first, second)


def winner(title: str, subject: str) -> str:
    """Which side a subject is, or a draw; else the subject as it is."""
    return "draw" if subject == TIE else side(subject, *sides(title)) or subject


def sport(series: str, category: str) -> str:
    """By the league in the name of the series; else the category, where that says more than that it is one."""
    bare = series.removeprefix("KX")
    other = "" if category == "Sports" else category.lower().replace(" ", "_")
    return next((sport for sport, leagues in _SPORTS.items() if bare.startswith(leagues)), other)


def meaning(ticker: str, words: Words) -> Meaning:
    """What yes and no of a market are."""
    series = ticker.partition("-")[0]
    asked = next((read(ticker, words) for end, read in _ASKED.items() if series.endswith(end)), None)
    if asked is not None and (other := contrary(*asked[:2])):
        market, outcome, line = asked
        return Meaning((market, outcome, "", line), (*other, "", line_of_contrary(market, line)))
    one_of_many = words.exclusive and words.subject and not words.strike
    market, line = ("outright", None) if one_of_many else (series, words.line)
    who = participant(words.subject)
    return Meaning((market, "yes", who, line), (market, "no", who, line))


def _result(ticker: str, words: Words) -> Asked:
    tie = ticker.endswith(TIED)
    drawn = tie or words.drawn or sport(ticker, "") == "football"
    return "match_result" if drawn else "moneyline", "draw" if tie else winner(words.title, words.subject), None


def _total(_: str, words: Words) -> Asked:
    return "total", {"above": "over", "below": "under"}.get(words.strike, ""), words.line


def _spread(_: str, words: Words) -> Asked:
    said = _MARGIN.fullmatch(words.subject) if words.strike == "above" else None
    team = side(said["team"], *sides(words.title)) if said else ""
    return "spread", team, None if words.line is None else -words.line


def _both(_: str, words: Words) -> Asked:
    return "both_teams_to_score", "no" if words.subject == "No" else "yes", None


_ASKED: Final[dict[str, Callable[[str, Words], Asked]]] = {
    **dict.fromkeys(("GAME", "MATCH", "FIGHT"), _result),
    "TOTAL": _total,
    "SPREAD": _spread,
    "BTTS": _both,
}
"""How a series ends, and what it then asks."""
