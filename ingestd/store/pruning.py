"""What of the store is over, in the form of ``affairs``; ``@1`` is the border before which it must have been so.

A price that still stands at the border, or whose event begins later, keeps its last open row of before and whatever follows it. One that
was told of late, with something of before the border stored after it, keeps all. So whatever is asked of a moment since the border, as
known at a time since, has the answer that it had, and a replay finds what its frames were compared with.
"""

from collections.abc import Mapping
from typing import Final

from ingestd.batch import Prunable
from ingestd.model import ON_OFFER

CHUNK: Final = 1_000
"""Rows that one transaction deletes, at most."""
LOT: Final = 1_000
"""Selections that one transaction looks at, at most."""

MATTERS: Final = (
    "((SELECT o.status FROM odds_history AS o WHERE o.selection_id = s.selection_id AND o.changed_at < @1 "
    f"ORDER BY o.changed_at DESC, o.seq DESC LIMIT 1) IN ({', '.join(map(repr, sorted(ON_OFFER)))}) "
    "OR EXISTS (SELECT 1 FROM event_links AS k JOIN events AS e ON e.event_id = k.event_id "
    "WHERE k.source = s.source AND k.source_event_id = s.source_event_id "
    "AND (e.starts_at >= @1 OR e.started_at >= @1 OR k.starts_at >= @1)))"
)
"""Of a selection ``s``: it stands at the border, or its event begins later."""
LATE: Final = (
    "EXISTS (SELECT 1 FROM odds_history AS o WHERE o.selection_id = s.selection_id AND o.changed_at < @1 AND o.committed_at >= @1)"
)
"""Of a selection ``s``: what it was before the border was not all stored by then."""
OUTLIVED: Final = (
    "coalesce((h.changed_at, h.seq) < (SELECT o.changed_at, o.seq FROM odds_history AS o WHERE o.selection_id = h.selection_id "
    "AND o.changed_at >= h.changed_at AND o.changed_at < @1 AND o.status = 'open' AND o.price IS NOT NULL "
    "ORDER BY o.changed_at DESC, o.seq DESC LIMIT 1), false)"
)
"""Of a row ``h`` of history: a later open one lies before the border as well. One step down the index, which no planner makes a join of."""
LAST_OF_LOT: Final = (
    f"SELECT max(selection_id) FROM (SELECT selection_id FROM selections WHERE selection_id > ?1 ORDER BY selection_id LIMIT {LOT}) AS lot"
)
HISTORY: Final = (
    "DELETE FROM odds_history WHERE (selection_id, changed_at, seq) IN (SELECT h.selection_id, h.changed_at, h.seq "
    "FROM selections AS s CROSS JOIN odds_history AS h ON h.selection_id = s.selection_id AND h.changed_at < @1 "
    f"WHERE s.selection_id > ?2 AND s.selection_id <= ?3 AND NOT {LATE} AND ({OUTLIVED} OR NOT {MATTERS}) "
    f"ORDER BY s.selection_id, h.changed_at, h.seq LIMIT {CHUNK})"
)
"""Of a lot of selections, the oldest rows first: what a price was last says whether it matters, until all else of it is gone."""


def _over(table: str, key: str, where: str) -> str:
    return f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} AS t WHERE {where} LIMIT {CHUNK})"


_OLDER_IS_OPEN: Final = (
    "EXISTS (SELECT 1 FROM coverage AS c WHERE c.source = t.source AND c.scope_kind = t.scope_kind AND c.scope_id = t.scope_id "
    "AND c.began_at < t.began_at AND c.ended_at IS NULL)"
)
"""What is open behind an interval that has ended is not open any more, for whoever asks which is the latest."""
OVER: Final[Mapping[Prunable, str]] = {
    "coverage": _over(
        "coverage", "source, scope_kind, scope_id, began_at", f"t.ended_at < @1 AND t.seen_until < @1 AND NOT {_OLDER_IS_OPEN}"
    ),
    "market_flags": _over("market_flags", "source, source_market_id, bookmaker_id, category, began_at", "t.ended_at < @1"),
    "incidents": _over("incidents", "id", "t.last_at < @1"),
    "quarantine": _over("quarantine", "quarantine_id", "t.state <> 'open' AND t.last_at < @1"),
    "runs": _over(
        "runs",
        "run_id",
        "t.status <> 'running' AND coalesce(t.ended_at, t.started_at) < @1 "
        "AND NOT EXISTS (SELECT 1 FROM incidents AS i WHERE i.run_id = t.run_id)",
    ),
}
