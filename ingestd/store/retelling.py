"""How a retry corrects what is stored, once, as SQL for both databases; all of it in the transaction of its batch."""

from functools import cache
from typing import Final

from msgspec import Struct

from ingestd.batch import Batch, store_offset
from ingestd.store.checks import storable
from ingestd.store.rows import Row
from ingestd.store.statements import EXACT_TIME, Dialect

_ARRAYS: Final = {"int": "int8[]", "time": "int8[]", "float": "float8[]", "text": "text[]"}


class Correction(Struct, frozen=True):
    """A statement on many rows: ``{name}`` is a column of ``columns`` (with its kind), ``{each}`` where PostgreSQL joins with them all."""

    statement: str
    columns: tuple[tuple[str, str], ...]
    join: str

    def sqlite(self) -> str:
        """For executemany."""
        places = {name: f"?{place}" for place, (name, _) in enumerate(self.columns, 1)}
        return self.statement.format(each="", differs="IS NOT", **places)

    def postgresql(self) -> str:
        """For one array per column."""
        arrays = ", ".join(f"${place}::{_ARRAYS[kind]}" for place, (_, kind) in enumerate(self.columns, 1))
        values = {name: EXACT_TIME.format(f"said.{name}") if kind == "time" else f"said.{name}" for name, kind in self.columns}
        each = f"{self.join} unnest({arrays}) AS said ({', '.join(name for name, _ in self.columns)})"
        return self.statement.format(each=each, differs="IS DISTINCT FROM", **values)


UNTELL: Final = Correction(
    "DELETE FROM odds_history {each} WHERE odds_history.selection_id = {id} AND odds_history.journal_offset BETWEEN {since} AND {until}",
    (("id", "int"), ("since", "int"), ("until", "int")),
    "USING",
)
"""What frames from ``since`` to ``until`` made of a price goes: what they make of it today is in the same batch."""
YIELD: Final = Correction(
    "DELETE FROM odds_history {each} WHERE odds_history.selection_id = {id} AND odds_history.changed_at = {changed_at} "
    "AND odds_history.seq = {seq} AND odds_history.journal_offset BETWEEN {since} AND {until}",
    (("id", "int"), ("changed_at", "time"), ("seq", "int"), ("since", "int"), ("until", "int")),
    "USING",
)
"""So does a row of the same key that a later frame left (an image repeats stamps): its turn comes, if it says anything new."""
_PRICE: Final = ("price", "line", "size", "own_status", "result", "changed_at", "seq")
_STANDING: Final = (
    *(("id", "int"), ("since", "time"), ("until", "time"), ("price", "float"), ("line", "float"), ("size", "float")),
    *(("own_status", "text"), ("result", "text"), ("changed_at", "time"), ("seq", "int"), ("basis", "text"), ("received", "time")),
    ("now", "time"),
)
STAND: Final = Correction(
    f"UPDATE odds SET {', '.join(f'{name} = {{{name}}}' for name in _PRICE)}, time_basis = coalesce({{basis}}, odds.time_basis), "
    "received_at = coalesce({received}, odds.received_at), committed_at = {now} {each} "
    "WHERE odds.selection_id = {id} AND odds.received_at <= {until} "
    "AND (odds.received_at >= {since} OR (odds.changed_at, odds.seq) < ({changed_at}, {seq})) "
    f"AND ({', '.join(f'odds.{name}' for name in _PRICE)}) {{differs}} ({', '.join(f'{{{name}}}' for name in _PRICE)})",
    _STANDING,
    "FROM",
)
"""A row that these frames left, or an older one: what came later is newer."""
END: Final = Correction(
    f"INSERT INTO odds (selection_id, {', '.join(_PRICE)}, time_basis, received_at, committed_at) "
    f"SELECT {{id}}, {', '.join(f'{{{name}}}' for name in _PRICE)}, {{basis}}, {{received}}, {{now}} {{each}} "
    "WHERE {own_status} NOT IN ('open', 'suspended') AND {basis} IS NOT NULL ON CONFLICT DO NOTHING",
    _STANDING,
    "FROM",
)
"""What no live run ever held, once it is over; while it is on offer nobody would notice that it goes, so it waits to be told again."""
DECIDE: Final = Correction(
    "UPDATE quarantine SET attempts = quarantine.attempts + 1, state = {state}, stage = {stage}, category = {category}, "
    "severity = {severity}, reason = {reason}, error = CASE WHEN {state} = 'open' THEN {error} ELSE quarantine.error END {each} "
    "WHERE quarantine.quarantine_id = {id} AND quarantine.journal_offset = {at}",
    (
        *(("id", "int"), ("at", "int"), ("state", "text"), ("stage", "text"), ("category", "text"), ("severity", "text")),
        *(("reason", "text"), ("error", "text")),
    ),
    "FROM",
)
"""A record that came again since it was read is another happening: it stays as it is."""


def untold(batch: Batch) -> list[Row]:
    """Rows for ``UNTELL``."""
    if batch.retelling is None:
        return []
    return [(selection_id, since, batch.retelling.until) for selection_id, since in sorted(batch.retelling.since.items())]


def yielding(batch: Batch) -> list[Row]:
    """Rows for ``YIELD``."""
    if batch.retelling is None:
        return []
    since, until = batch.retelling.until + 1, store_offset(batch.journal_id + 1, 0) - 1
    return [(row.selection_id, row.changed_at, row.seq, since, until) for row in batch.changes if row.history]


def standings(batch: Batch, now: int) -> list[Row]:
    """Rows for ``STAND`` and ``END``."""
    if batch.retelling is None:
        return []
    return [
        (
            *(row.selection_id, row.since, row.until, row.price, row.line, row.size, row.own_status, row.result),
            *(row.changed_at, row.seq, row.basis, row.received_at, now),
        )
        for row in sorted(batch.retelling.standings, key=lambda row: row.selection_id)
    ]


def verdicts(batch: Batch) -> list[Row]:
    """Rows for ``DECIDE``."""
    if batch.retelling is None:
        return []
    return [
        (
            *(row.quarantine_id, row.journal_offset, row.state, row.stage, row.category, row.severity),
            *(storable(row.reason), storable(row.error)),
        )
        for row in sorted(batch.retelling.verdicts, key=lambda row: row.quarantine_id)
    ]


@cache
def rendered(correction: Correction, dialect: Dialect) -> str:
    """A correction as SQL."""
    return correction.sqlite() if dialect == "sqlite" else correction.postgresql()
