"""The provider's words in ours: sports, sides of an event, bookmakers, and which markets have a line that moves."""

from typing import Final

from ingestd.model import BookmakerKind
from ingestd.sources.feeds.the_odds_api.wire import Event

COMMON: Final = frozenset(("draw", "over", "under", "yes", "no"))
LAY: Final = "_lay"
MAIN: Final = ("spreads", "totals", "team_totals")
"""Markets of one line per bookmaker, with a suffix where they are of a period: the line moves, and it stays the same selection."""
EXCHANGES: Final = ("betfair_ex_", "matchbook", "smarkets", "betopenly", "novig", "prophetx")
PREDICTIONS: Final = ("kalshi", "polymarket")


def sport_of(sport_key: str) -> str:
    """``americanfootball_nfl`` is American football."""
    return sport_key.partition("_")[0]


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


def outcome_of(event: Event, name: str) -> tuple[str, str]:
    """Outcome and participant."""
    if event.home_team != event.away_team:
        if name == event.home_team:
            return "home", name
        if name == event.away_team:
            return "away", name
    return (name.lower(), "") if name.lower() in COMMON else (name, name)
