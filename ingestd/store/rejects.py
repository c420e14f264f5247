"""Rows of ``quarantine``: what pipelines could not take, and what the database would not."""

from operator import attrgetter
from typing import Final

from ingestd.batch import OF_SELECTION, Batch, Refusal, RejectRow, store_offset
from ingestd.model import hash64
from ingestd.store import statements as sql
from ingestd.store.checks import storable
from ingestd.store.rows import Key, Refused, Row, Step

OF_SOURCE: Final = ("event_links", "markets", "results", "market_flags", "coverage", "sources")
"""Tables whose key begins with the source."""


def rejects(batch: Batch, refused: Refused, seen_at: int) -> list[Step]:
    """The batch's own, then the refused ones; the n-th of one id goes into the n-th step."""
    found: dict[int, list[Row]] = {}
    for reject in sorted(batch.rejects, key=attrgetter("offset")):
        found.setdefault(reject.quarantine_id, []).append(_row(reject))
    for refusal in refused.refusals():
        row = _row(_refusal(batch, refusal, refused.rows[refusal.table, refusal.key], seen_at))
        found.setdefault(row[0], []).append(row)  # type: ignore[arg-type] # the id comes first
    steps = max(map(len, found.values()), default=0)
    return [
        Step(sql.QUARANTINE, [rows[step] for _, rows in sorted(found.items()) if step < len(rows)]) for step in range(steps)
    ]  # fmt: skip


def _refusal(batch: Batch, refusal: Refusal, row: str, seen_at: int) -> RejectRow:
    """Its id does not depend on who tells of it: a retry that is refused again finds its row."""
    word = refusal.error.split(":", 1)[0]
    return RejectRow(
        quarantine_id=hash64("load", refusal.table, *map(str, refusal.key), word),
        source=_source(batch, refusal.table, refusal.key),
        stage="load",
        category="store",
        severity="error",
        reason=word,
        offset=_offset(batch, refusal.table, refusal.key),
        path=f"{refusal.table}{refusal.key!a}",
        update=row,
        error=refusal.error,
        seen_at=seen_at,
    )


def _source(batch: Batch, table: str, key: Key) -> str:
    """Whose row it is; of a run of several sources, ``""`` where the row does not say."""
    if batch.run.source or table not in (*OF_SOURCE, *OF_SELECTION):
        return batch.run.source
    if table in OF_SOURCE:
        return str(key[0])
    said = batch.selections.get(int(key[0]))
    return "" if said is None else said.selection.source


def _offset(batch: Batch, table: str, key: Key) -> int:
    """The frame in which the batch tells of it first, else (also where that is what is wrong with it) the last of the batch."""
    last = store_offset(batch.journal_id, batch.position)
    told = (change.offset for change in batch.changes if table in OF_SELECTION and change.selection_id == key[0])
    return min(next(told, last), last)


def _row(row: RejectRow) -> Row:
    words = (row.source, row.stage, row.category, row.severity, row.reason)
    return (
        *(row.quarantine_id, *map(storable, words), row.offset, storable(row.path), storable(row.update), storable(row.error)),
        *(1, row.seen_at, row.seen_at, row.state),
    )
