"""What Polymarket's outcomes mean in our words.

Yes to a team is that result, and No the contrary: the other two results (a double chance). What is bet on is Gamma's ``sportsMarketType``
(``GET /sports/market-types``); one that is not here stays as it is. Of two teams the one that the title names first is taken to play at
home, since nothing says who does: an event that others tell the other way round is linked as flipped.
"""

import re
from typing import Final

from msgspec import Struct

from ingestd.markets import MARKETS, TEAMS, YES_NO, contrary, participant, side
from ingestd.sources.feeds.polymarket.told import MarketTold

KINDS: Final = {
    "moneyline": ("moneyline", ""),
    "spreads": ("spread", ""),
    "totals": ("total", ""),
    "team_totals": ("team_total", ""),
    "both_teams_to_score": ("both_teams_to_score", ""),
    "first_half_moneyline": ("moneyline", "first_half"),
    "first_half_spreads": ("spread", "first_half"),
    "first_half_totals": ("total", "first_half"),
    "map_handicap": ("spread", ""),
}
"""Market and period of a kind of market. In esports the score is counted in maps."""
GENERAL: Final = frozenset((*YES_NO, "over", "under"))
"""Outcomes that name nobody."""
_VERSUS: Final = re.compile(r"(?:.*: )?(?P<first>.+?) (?P<how>vs\.?|@|at) (?P<second>.+?)(?: \(.*| - .*)?")


class Offered(Struct, frozen=True):
    """What an outcome is: our words where there are any."""

    market: str
    period: str
    outcome: str
    participant: str
    line: float | None


def sides(title: str) -> tuple[str, str]:
    """Both teams of a title, "home" first; empty where it names none."""
    found = _VERSUS.fullmatch(title)
    if found is None:
        return "", ""
    first, second = found["first"].strip(), found["second"].strip()
    return (first, second) if found["how"].startswith("vs") else (second, first)


def offered(told: MarketTold, text: str) -> Offered:
    """What the outcome of this text is."""
    market, period = KINDS.get(told.kind, (told.kind, ""))
    small = text.strip().lower()
    if small in YES_NO:
        return _answer(told, market, period, small)
    if market in MARKETS and MARKETS[market].outcomes == TEAMS:
        first = bool(told.outcomes) and told.outcomes[0].text == text
        line = told.line if told.line is None or first else -told.line + 0.0
        return Offered(market, period, side(text, told.home, told.away) or text, "", line)
    who = side(told.group, told.home, told.away) if market == "team_total" else ""
    return Offered(market, period, small if small in GENERAL else text, who, told.line)


def _answer(told: MarketTold, market: str, period: str, answer: str) -> Offered:
    """Yes or no to what the market's group is."""
    if market == "moneyline":
        draw = told.group.lower().startswith("draw")
        result = "draw" if draw else side(told.group, told.home, told.away)
        other = contrary("match_result", result)
        if other is not None:
            found = ("match_result", result) if answer == "yes" else other
            return Offered(found[0], period, found[1], "", None)
    if not told.kind and told.exclusive and told.group:
        return Offered("outright", "", answer, participant(told.group), None)
    who = "" if market in MARKETS and MARKETS[market].participant == "none" else participant(told.group)
    return Offered(market, period, answer, who, told.line)
