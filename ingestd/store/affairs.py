"""Single statements that both databases run alike: runs, journals, checkpoints, fences, and the clean-up of late rows.

``?n`` is the n-th argument, ``@n`` one that is a time (UTC µs); ``{ids}`` stands for "is one of the ids in argument 1", ``{each}`` for the
elements of a JSON list in argument 1, ``{early}`` for 12 hours.
"""

import re
from typing import Final

from ingestd.store.statements import EXACT_TIME, Dialect

BEGIN_RUN: Final = "INSERT INTO runs (run_id, source, kind, started_at, status) VALUES (?1, ?2, ?3, @4, 'running') ON CONFLICT DO NOTHING"
DIED: Final = "UPDATE runs SET status = 'died' WHERE kind = 'live' AND status = 'running' AND run_id <> ?1"
END_RUN: Final = "UPDATE runs SET ended_at = @2, status = ?3, counts = ?4, error = ?5 WHERE run_id = ?1"
JOURNAL: Final = (
    "INSERT INTO journals (uid, path, created_at) VALUES (?1, ?2, @3) ON CONFLICT (uid) DO UPDATE SET path = excluded.path "
    "RETURNING journal_id"
)
HIGHEST_FENCE: Final = "SELECT coalesce(max(fence), 0) FROM checkpoints WHERE reader = ?1"
FENCE_OFF: Final = "UPDATE checkpoints SET fence = ?2 WHERE reader = ?1"
CHECKPOINT: Final = (
    "INSERT INTO checkpoints (reader, journal_id, position, updated_at, fence) VALUES (?1, ?2, ?3, @4, ?5) "
    "ON CONFLICT (reader, journal_id) DO UPDATE SET fence = excluded.fence, "
    "position = CASE WHEN excluded.reader IN ('replay', 'retry') THEN excluded.position ELSE checkpoints.position END RETURNING position"
)
"""A replay or a retry begins where it is told, however far another one came."""
POSITION: Final = "SELECT position, fence FROM checkpoints WHERE reader = ?1 AND journal_id = ?2{lock}"
ADVANCE: Final = (
    "UPDATE checkpoints SET position = {greatest}(position, ?1), updated_at = @2 WHERE reader = ?3 AND journal_id = ?4 AND fence = ?5"
)
IDENTITIES: Final = "SELECT selection_id, identity FROM selections WHERE selection_id {ids}"
SETTLE: Final = (
    "DELETE FROM odds_history WHERE (selection_id, changed_at, seq) IN (SELECT selection_id, changed_at, seq FROM ("
    "SELECT selection_id, changed_at, seq, "
    + " AND ".join(f"{name} {{same}} lag({name}) OVER earlier" for name in ("price", "line", "size", "status", "result"))
    + " AS repeats FROM odds_history WHERE selection_id {ids} "
    "WINDOW earlier AS (PARTITION BY selection_id ORDER BY changed_at, seq)) AS compared WHERE repeats)"
    " AND time_basis <> 'nominal'"
)
"""Frees the history of rows that equal the row before them; that a price stood at one nominal moment says nothing of the next."""
CHUNK: Final = 1_000
"""Ids in one statement."""


def render(statement: str, dialect: Dialect) -> str:
    """A statement in the words of one database."""
    if dialect == "sqlite":
        said = statement.format(
            greatest="max",
            ids="IN (SELECT value FROM json_each(?1))",
            each="json_each(?1)",
            bytewise="",
            same="IS",
            lock="",
            epoch="0",
            early="43200000000",
        )
        return said.replace("@", "?")
    said = statement.format(
        greatest="greatest",
        ids="= ANY(?1::int8[])",
        each="json_array_elements(?1::json)",
        bytewise=' COLLATE "C"',
        same="IS NOT DISTINCT FROM",
        lock=" FOR UPDATE",
        epoch="timestamptz 'epoch'",
        early="interval '12 hours'",
    )
    return re.sub(r"@(\d+)", lambda found: EXACT_TIME.format(f"${found[1]}::int8"), said).replace("?", "$")
