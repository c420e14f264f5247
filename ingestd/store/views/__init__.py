"""The views for people: prices with their names, what is live, what was best, first and last, and how far history can be trusted.

Times are ISO text in SQLite and timestamptz in PostgreSQL. No view of prices looks at a row of history that the question does not need:
the next, the first and the last row of a selection are found by its key, never by a window over the table.
"""

from typing import Final

from ingestd.store.statements import Dialect
from ingestd.store.views import affairs, history, now
from ingestd.store.views.words import Words

_MAKERS: Final = (
    *(now.current_odds, now.live_odds, now.best_odds, now.consensus),
    *(history.price_history, history.opening_odds, history.closing_odds, history.trusted_history),
    *(affairs.event_results, affairs.coverage_intervals),
)
NAMES: Final = tuple(maker.__name__ for maker in _MAKERS)


def views(dialect: Dialect) -> list[str]:
    """CREATE VIEW statements, in order."""
    return [maker(Words(dialect)) for maker in _MAKERS]
