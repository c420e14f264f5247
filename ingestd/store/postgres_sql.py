"""The statements of the PostgreSQL store: one for everything that a light batch holds, so that it costs one round trip."""

from collections.abc import Sequence
from typing import Final

from ingestd.batch import Batch, store_offset
from ingestd.store import affairs
from ingestd.store import statements as sql
from ingestd.store.checks import WORDS, decoded_words
from ingestd.store.rows import Prices, Row
from ingestd.store.statements import EXACT_TIME, Merge

_OWN, _SHOWN, _RESULT, _BASIS = decoded_words("words")
_PRICE: Final = (
    "price AS MATERIALIZED (SELECT selection_id, price, line, size, "
    f"{_OWN} AS own_status, {_SHOWN} AS status, {_RESULT} AS result, {_BASIS} AS time_basis, "
    f"{EXACT_TIME.format('changed_at')} AS changed_at, seq, {EXACT_TIME.format('received_at')} AS received_at, "
    f"{EXACT_TIME.format('$12::int8')} AS committed_at, journal_offset, in_history, in_odds "
    "FROM unnest($1::int8[], $2::int8[], $3::int4[], $4::float8[], $5::float8[], $6::float8[], $7::int2[], $8::int8[], $9::int8[], "
    "$10::bool[], $11::bool[]) "
    "AS new (selection_id, changed_at, seq, price, line, size, words, received_at, journal_offset, in_history, in_odds))"
)


def _from_price(merge: Merge, where: str) -> str:
    columns = ", ".join(merge.columns)
    return f"INSERT INTO {merge.table} ({columns}) SELECT {columns} FROM price WHERE {where} {merge.conflict('postgresql')} RETURNING 1"


def _from_arrays(merge: Merge, first: int) -> str:
    arrays = ", ".join(f"${place}::{merge.array(name)}" for place, name in enumerate(merge.columns, first))
    return merge.insert_from(f"unnest({arrays}) AS new ({', '.join(merge.columns)})") + " RETURNING 1"


_INTO_BOTH: Final = (
    f"WITH {_PRICE}, into_history AS ({_from_price(sql.ODDS_HISTORY, 'in_history')}), into_odds AS ({_from_price(sql.ODDS, 'in_odds')})"
)
_COUNTS: Final = "(SELECT count(*) FROM into_history) AS odds_history, (SELECT count(*) FROM into_odds) AS odds"
PRICES: Final = f"{_INTO_BOTH} SELECT {_COUNTS}"
"""History and odds alone: arguments of ``price_arguments``."""
_COVERAGE_AT: Final = 13
_SOURCES_AT: Final = _COVERAGE_AT + len(sql.COVERAGE_LIVE.columns)
_CHECKPOINT_AT: Final = _SOURCES_AT + len(sql.SOURCES.columns)


def _advance() -> str:
    said = affairs.render(affairs.ADVANCE, "postgresql")
    for place in range(5, 0, -1):
        said = said.replace(f"${place}", f"${{{place}}}")
    for place in range(1, 6):
        said = said.replace(f"${{{place}}}", f"${_CHECKPOINT_AT + place - 1}")
    return f"{said} RETURNING 1"


def _everything(coverage: Merge) -> str:
    return (
        f"{_INTO_BOTH}, into_coverage AS ({_from_arrays(coverage, _COVERAGE_AT)}), "
        f"into_sources AS ({_from_arrays(sql.SOURCES, _SOURCES_AT)}), advanced AS ({_advance()}) "
        f"SELECT {_COUNTS}, (SELECT count(*) FROM into_coverage) AS coverage, (SELECT count(*) FROM into_sources) AS sources, "
        f"1 / (SELECT count(*) FROM advanced) AS checkpoint, pg_notify('ingestd', ${_CHECKPOINT_AT + 5}::text)"
    )


EVERYTHING: Final = {kind: _everything(merge) for kind, merge in sql.COVERAGE.items()}
"""History, odds, coverage, sources and checkpoint at once, by kind of run. A fence that moved divides by zero: nothing of it stays."""
EVERYTHING_FINITE: Final = _everything(sql.COVERAGE_FINITE)
"""The same for what was recorded elsewhere: its coverage merges with what is there."""


def price_arguments(prices: Prices, committed_at: int) -> list[object]:
    """Arguments 1 to 12 of the statements above."""
    changes = prices.changes
    return [
        [row.selection_id for row in changes],
        [row.changed_at for row in changes],
        [row.seq for row in changes],
        [row.price for row in changes],
        [row.line for row in changes],
        [row.size for row in changes],
        [WORDS[row.own_status, row.status, row.result, row.time_basis] for row in changes],
        [row.received_at for row in changes],
        [row.offset for row in changes],
        prices.history,
        prices.odds,
        committed_at,
    ]


def everything(
    batch: Batch, prices: Prices, coverage: Sequence[Row], sources: Sequence[Row], fence: int, now: int
) -> tuple[str, list[object]]:
    """The statement for a batch, and its arguments."""
    said = EVERYTHING.get(batch.run.kind, EVERYTHING_FINITE)
    offset = store_offset(batch.journal_id, batch.position)
    return said, [
        *price_arguments(prices, now),
        *columns(coverage, len(sql.COVERAGE_LIVE.columns)),
        *columns(sources, len(sql.SOURCES.columns)),
        *(batch.position, now, batch.run.kind, batch.journal_id, fence, str(offset)),
    ]


def columns(rows: Sequence[Row], width: int) -> list[tuple[object, ...]]:
    """Rows as one array per column, for ``unnest``; of no rows, empty arrays."""
    return list(zip(*rows, strict=True)) if rows else [()] * width
