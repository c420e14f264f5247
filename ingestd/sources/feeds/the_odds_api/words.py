"""The provider's words in ours: sports, sides of an event, bookmakers, and which markets have a line that moves. Markets: ``names``."""

from typing import Final

from ingestd.markets import EITHER, RESULT, participant
from ingestd.model import BookmakerKind
from ingestd.sources.feeds.the_odds_api.names import NAMED_BY_OUTCOME, named
from ingestd.sources.feeds.the_odds_api.wire import Event, Named

COMMON: Final = frozenset(("draw", "over", "under", "yes", "no"))
LAY: Final = "_lay"
MAIN: Final = ("spreads", "totals", "team_totals")
"""Markets of one line per bookmaker, with a suffix where they are of a period: the line moves, and it stays the same selection."""
EXCHANGES: Final = ("betfair_ex_", "matchbook", "smarkets", "betopenly", "novig", "prophetx")
PREDICTIONS: Final = ("kalshi", "polymarket")
SPORTS: Final = {
    "americanfootball": "american_football",
    "aussierules": "australian_rules",
    "icehockey": "ice_hockey",
    "rugbyleague": "rugby_league",
    "rugbyunion": "rugby_union",
    "soccer": "football",
}
"""What the first part of a sport's key means; one that is not here is our word already."""
FOOTBALL: Final = "football"


def sport_of(sport_key: str) -> str:
    """``americanfootball_nfl`` is American football."""
    first = sport_key.partition("_")[0]
    return SPORTS.get(first, first)


def name_of(event: Event) -> str:
    """Home before away; an outright is called as its competition."""
    if event.home_team and event.away_team:
        return f"{event.home_team} v {event.away_team}"
    return event.home_team or event.away_team or event.sport_title or event.sport_nice or event.sport_key


def kind_of(bookmaker: str) -> BookmakerKind:
    """By the bookmaker's key."""
    if bookmaker.startswith(EXCHANGES):
        return "exchange"
    return "prediction" if bookmaker.startswith(PREDICTIONS) else "book"


def line_moves(market: str) -> bool:
    """Whether a market has one line that moves, rather than many that stand beside each other (alternates, players' points)."""
    return any(market == main or market.startswith(f"{main}_") for main in MAIN)


def market_of(event: Event, key: str, *, drawn: bool) -> tuple[str, str]:
    """Market and period of a key; ``drawn``: the bookmaker has a price for a draw. In football one can always draw."""
    return named(key.removesuffix(LAY), drawn=drawn or sport_of(event.sport_key) == FOOTBALL)


def words_of(event: Event, market: str, said: Named) -> tuple[str, str]:
    """Outcome and participant, once the market has its word: a runner is a participant whose outcome is yes."""
    outcome, who = _outcome(event, said.name), said.description or ""
    if market in NAMED_BY_OUTCOME and outcome == said.name:
        return "yes", participant(said.name)
    if market == "double_chance":
        outcome = _either(event, said.name)
    side = _outcome(event, who)
    return outcome, side if side in RESULT else participant(who)


def _outcome(event: Event, name: str) -> str:
    if event.home_team != event.away_team:
        if name == event.home_team:
            return "home"
        if name == event.away_team:
            return "away"
    return name.lower() if name.lower() in COMMON else name


def _either(event: Event, name: str) -> str:
    """``Harrow or Draw``, ``Harrow/Draw``: in the order of home, draw, away."""
    for separator in (" or ", "/"):
        both = {_outcome(event, part.strip()) for part in name.split(separator)}
        found = "_or_".join(word for word in RESULT if word in both)
        if found in EITHER:
            return found
    return name
