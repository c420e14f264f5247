"""How rows of each table are merged into what is stored, once, as SQL for both databases.

The rule behind all of them is a lattice: of two statements about the same key the higher ranking one stays, whatever
their order of arrival. Where two rank equal by time, the lexically greater one wins: files loaded in either order leave identical facts.
"""

from functools import cache
from typing import Final, Literal

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Double, FromClause, Integer, Text

from ingestd.store.columns import Micros
from ingestd.store.ledger import METADATA

Dialect = Literal["sqlite", "postgresql"]
EXACT_TIME: Final = "timestamptz 'epoch' + ({0} / 1000000) * interval '1 second' + ({0} % 1000000) * interval '1 microsecond'"
"""int8 UTC µs to timestamptz. Interval times number goes through float8: whole seconds and the rest apart stay exact up to 9999."""


class Merge(Struct, frozen=True):
    """How a row meets the stored row of its key: ``columns`` in the order of the row's values, the first ``key`` of them are the key.

    The new row's ``replaces`` are taken where it ranks strictly higher by ``rank`` (no rank: always; nothing to replace: never).
    ``only`` are further conditions on that, and so is that one of ``differs`` does differ.
    ``combines`` are (column, SQL in which {old} and {new} stand for the values).
    ``parents`` are (table, indexes of the columns that refer to it).
    """

    table: str
    columns: tuple[str, ...]
    key: int = 1
    replaces: tuple[str, ...] = ()
    rank: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    combines: tuple[tuple[str, str], ...] = ()
    parents: tuple[tuple[str, tuple[int, ...]], ...] = ()

    def conflict(self, dialect: Dialect) -> str:
        """The ON CONFLICT clause."""
        sets = [f"{name} = excluded.{name}" for name in self.replaces]
        sets += [f"{name} = {_combined(how, self.table, name, dialect)}" for name, how in self.combines]
        if not sets:
            return "ON CONFLICT DO NOTHING"
        wheres = list(self.only)
        if self.differs:
            held, new = (", ".join(f"{alias}.{name}" for name in self.differs) for alias in (self.table, "excluded"))
            wheres.append(f"({held}) {'IS NOT' if dialect == 'sqlite' else 'IS DISTINCT FROM'} ({new})")
        if self.rank:
            held = ", ".join(self._ranked(name, self.table, dialect) for name in self.rank)
            new = ", ".join(self._ranked(name, "excluded", dialect) for name in self.rank)
            wheres.append(f"({held}) < ({new})")
        where = f" WHERE {' AND '.join(wheres)}" if wheres else ""
        return f"ON CONFLICT ({', '.join(self.columns[: self.key])}) DO UPDATE SET {', '.join(sets)}{where}"

    def sqlite(self) -> str:
        """For executemany with the rows themselves."""
        marks = ", ".join("?" * len(self.columns))
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES ({marks}) {self.conflict('sqlite')}"

    def postgresql(self) -> str:
        """For one array per column."""
        arrays = ", ".join(f"${place}::{self.array(name)}" for place, name in enumerate(self.columns, 1))
        return self.insert_from(f"unnest({arrays}) AS new ({', '.join(self.columns)})")

    def insert_from(self, source: str) -> str:
        """PostgreSQL: insert from anything whose columns are ``columns``, times in µs."""
        values = ", ".join(EXACT_TIME.format(f"new.{name}") if self.is_time(name) else f"new.{name}" for name in self.columns)
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) SELECT {values} FROM {source} {self.conflict('postgresql')}"

    def array(self, name: str) -> str:
        """The array type that carries a column to PostgreSQL."""
        kind = self._column(name).type
        if isinstance(kind, Text):
            return "text[]"
        if isinstance(kind, Double):
            return "float8[]"
        return "int4[]" if isinstance(kind, Integer) and not isinstance(kind, BigInteger) else "int8[]"

    def is_time(self, name: str) -> bool:
        """Whether a column holds a time."""
        return isinstance(self._column(name).type, Micros)

    def times(self) -> tuple[int, ...]:
        """Indexes of the columns that hold times."""
        return tuple(place for place, name in enumerate(self.columns) if self.is_time(name))

    def _column(self, name: str) -> Column[object]:
        return METADATA.tables[self.table].c[name]

    def _ranked(self, name: str, alias: str, dialect: Dialect) -> str:
        """A column as it ranks: bytes, not a language's order; NULL below everything. ``READING`` only ranks what is nominal."""
        if name == READING:
            lowest = "'-infinity'::timestamptz" if dialect == "postgresql" else "0"
            return f"CASE WHEN {alias}.time_basis = 'nominal' THEN {alias}.received_at ELSE {lowest} END"
        column = self._column(name)
        said = f"{alias}.{name}"
        if isinstance(column.type, Text):
            return f'{said} COLLATE "C"' if dialect == "postgresql" else said
        if not column.nullable:
            return said
        lowest = "-9223372036854775808" if isinstance(column.type, BigInteger | Micros) else "-2147483648"
        if self.is_time(name) and dialect == "postgresql":
            lowest = "'-infinity'::timestamptz"
        return f"coalesce({said}, {'-1e308' if isinstance(column.type, Double) else lowest})"


def table(name: str) -> FromClause:  # type: ignore[explicit-any] # its own default
    """A table of the schema by its name."""
    return METADATA.tables[name]


def _combined(how: str, table_name: str, name: str, dialect: Dialect) -> str:
    least, greatest = ("min", "max") if dialect == "sqlite" else ("least", "greatest")
    bytewise = "" if dialect == "sqlite" else ' COLLATE "C"'
    old, new = f"{table_name}.{name}", f"excluded.{name}"
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    return how.format(old=old, new=new, least=least, greatest=greatest, bytewise=bytewise, table=table_name, differs=differs)


def _named(name: str, *words: str) -> Merge:
    return Merge(table=name, columns=("id", *words), replaces=words, rank=words)


_TOLD: Final = (
    *("sport", "league", "league_id", "season", "name", "home", "away", "home_team_id", "away_team_id"),
    *("starts_at", "started_at", "started_by", "status", "parent"),
)
_DECIDED: Final = ("event_id", "flipped", "state", "score", "candidate_id", "evidence")
_DESCRIBES: Final = (
    *("bookmaker_id", "source_event_id", "source_market_id", "scope_kind", "scope_id"),
    *("market", "period", "outcome", "participant", "side"),
)
_MATCHED_BY: Final = ("sport", "league", "home", "away", "name", "starts_at", "parent")
_STUB: Final = "CASE WHEN {table}.state = 'stub' THEN {new} ELSE {old} END"
"""A link once decided stays as it is, whoever tells of it."""
_MOVED: Final = " OR ".join(f"{{table}}.{name} {{differs}} excluded.{name}" for name in _MATCHED_BY)
_REVISED: Final = f"CASE WHEN {{table}}.state = 'stub' OR {_MOVED} THEN 0 ELSE {{old}} END"
"""Whoever holds this link elsewhere is to hear of what it is matched by."""
_PRICE: Final = ("price", "line", "size")
READING: Final = "reading"
"""Ranks prices of one nominal moment by when they were read: a file that is published anew corrects what it said before."""
_CLOCK: Final = ("received_at", "committed_at")
_INTERVAL: Final = ("source", "scope_kind", "scope_id", "began_at", "ended_at", "seen_until", "state", "reason", "repaired_by")

LEAGUES: Final = _named("leagues", "sport", "name")
TEAMS: Final = _named("teams", "sport", "name")
BOOKMAKERS: Final = _named("bookmakers", "name", "kind")
EVENTS: Final = Merge(table="events", columns=("event_id",))
EVENT_LINKS: Final = Merge(
    table="event_links",
    columns=("source", "source_event_id", *_DECIDED, "changed_at", "seq", *_TOLD),
    key=2,
    replaces=("changed_at", "seq", *_TOLD),
    rank=("changed_at", "seq", *_TOLD),
    combines=(*((name, _STUB) for name in _DECIDED), ("revision", _REVISED)),
    parents=(("events", (2,)), ("leagues", (12,)), ("teams", (16,)), ("teams", (17,))),
)
MARKETS: Final = Merge(
    table="markets",
    columns=("source", "source_market_id", "source_event_id", "market", "period", "status", "changed_at", "seq"),
    key=2,
    replaces=("source_event_id", "market", "period", "status", "changed_at", "seq"),
    rank=("changed_at", "seq", "market", "period", "status", "source_event_id"),
    parents=(("event_links", (0, 2)),),
)
SELECTIONS: Final = Merge(
    table="selections",
    columns=("selection_id", "identity", "source", *_DESCRIBES, "first_seen_at", "changed_at"),
    replaces=(*_DESCRIBES, "changed_at"),
    rank=("changed_at", *_DESCRIBES),
    only=("selections.identity = excluded.identity",),
    parents=(("bookmakers", (3,)), ("event_links", (2, 4)), ("markets", (2, 5))),
)
FIRST_SEEN: Final = Merge(
    table="selections",
    columns=SELECTIONS.columns,
    replaces=("first_seen_at",),
    only=("selections.identity = excluded.identity", "selections.first_seen_at > excluded.first_seen_at"),
)
RESULTS: Final = Merge(
    table="results",
    columns=("source", "source_event_id", "period", "home_score", "away_score", "winner", "state", "changed_at"),
    key=3,
    replaces=("home_score", "away_score", "winner", "state", "changed_at"),
    rank=("changed_at", "home_score", "away_score", "winner", "state"),
    parents=(("event_links", (0, 1)),),
)
ODDS: Final = Merge(
    table="odds",
    columns=("selection_id", *_PRICE, "own_status", "result", "changed_at", "seq", "time_basis", *_CLOCK),
    replaces=(*_PRICE, "own_status", "result", "changed_at", "seq", "time_basis", *_CLOCK),
    rank=("changed_at", "seq", READING, *_PRICE, "own_status", "result", "time_basis"),
    differs=("changed_at", "seq", *_PRICE, "own_status", "result", "time_basis"),
)
ODDS_HISTORY: Final = Merge(
    table="odds_history",
    columns=("selection_id", "changed_at", "seq", *_PRICE, "status", "result", "time_basis", *_CLOCK, "journal_offset"),
    key=3,
    replaces=(*_PRICE, "status", "result", "time_basis", *_CLOCK, "journal_offset"),
    rank=(READING, *_PRICE, "status", "result", "time_basis"),
    differs=(*_PRICE, "status", "result", "time_basis"),
)
COVERAGE_LIVE: Final = Merge(table="coverage", columns=_INTERVAL, key=4, replaces=_INTERVAL[4:])
COVERAGE_FINITE: Final = Merge(
    table="coverage",
    columns=_INTERVAL,
    key=4,
    combines=(
        ("ended_at", "coalesce({greatest}({old}, {new}), {old}, {new})"),
        ("seen_until", "{greatest}({old}, {new})"),
        *((word, "{greatest}({old}{bytewise}, {new}{bytewise})") for word in ("state", "reason", "repaired_by")),
    ),
)
COVERAGE_REPLAY: Final = Merge(
    table="coverage",
    columns=_INTERVAL,
    key=4,
    replaces=_INTERVAL[4:],
    only=("coverage.ended_at IS NULL", "excluded.seen_until >= coverage.seen_until"),
)
"""An interval that has ended stays as it is; one that is open goes as far as anybody has seen."""
COVERAGE: Final = {"live": COVERAGE_LIVE, "replay": COVERAGE_REPLAY}
"""By kind of run; else ``COVERAGE_FINITE``."""
_FLAG: Final = ("source", "source_market_id", "bookmaker_id", "category", "began_at", "ended_at", "detail")
_OF_FLAG: Final = (("markets", (0, 1)), ("bookmakers", (2,)))
FLAGS_LIVE: Final = Merge(table="market_flags", columns=_FLAG, key=5, replaces=_FLAG[5:], parents=_OF_FLAG)
FLAGS_FINITE: Final = Merge(
    table="market_flags",
    columns=_FLAG,
    key=5,
    combines=(
        ("ended_at", "coalesce({greatest}({old}, {new}), {old}, {new})"),
        ("detail", "{greatest}({old}{bytewise}, {new}{bytewise})"),
    ),
    parents=_OF_FLAG,
)
SOURCES: Final = Merge(
    table="sources",
    columns=(
        *("source", "feed", "state", "since", "reason", "last_received_at", "last_changed_at", "alive_at"),
        *("silence_limit", "counters"),
    ),
    replaces=("feed", "state", "since", "reason", "last_received_at", "last_changed_at", "alive_at", "silence_limit", "counters"),
)
_AGAIN: Final = "CASE WHEN excluded.journal_offset > {table}.journal_offset THEN "
QUARANTINE: Final = Merge(
    table="quarantine",
    columns=(
        *("quarantine_id", "source", "stage", "category", "severity", "reason", "journal_offset", "path", "decoded", "error"),
        *("count", "first_at", "last_at", "state"),
    ),
    combines=(
        ("count", _AGAIN + "{table}.count + 1 ELSE {table}.count END"),
        ("first_at", "{least}({old}, {new})"),
        ("last_at", "{greatest}({old}, {new})"),
        ("state", _AGAIN + "CASE WHEN {table}.state = 'discarded' THEN {table}.state ELSE {new} END ELSE {table}.state END"),
        ("journal_offset", "{greatest}({old}, {new})"),
    ),
)
INCIDENTS: Final = Merge(
    table="incidents",
    columns=("id", "source", "stage", "category", "severity", "first_at", "last_at", "count", "message", "run_id"),
    replaces=("severity", "last_at", "count", "message"),
    rank=("last_at", "count"),
)
CATALOGUE: Final = (LEAGUES, TEAMS, BOOKMAKERS, EVENTS, EVENT_LINKS, MARKETS, SELECTIONS, RESULTS)
"""In the order in which rows refer to each other."""


@cache
def rendered(merge: Merge, dialect: Dialect) -> str:
    """A merge as SQL."""
    return merge.sqlite() if dialect == "sqlite" else merge.postgresql()
