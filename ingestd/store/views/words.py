"""What SQLite and PostgreSQL say differently, each in one place; expressions are over columns as the tables hold them."""

from typing import Final

from ingestd.store.statements import Dialect

_NOW: Final[dict[Dialect, str]] = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)",
    "postgresql": "statement_timestamp()",
}


class Words:
    """The words of one database.

    ``join`` keeps the order in which tables are written: without statistics SQLite would begin with the largest. PostgreSQL has them.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._lite = dialect == "sqlite"
        self.now = _NOW[dialect]
        self.true = "1" if self._lite else "true"
        self.false = "0" if self._lite else "false"
        self.join = "CROSS JOIN" if self._lite else "JOIN"
        self.position = "instr" if self._lite else "strpos"

    def time(self, moment: str) -> str:
        """A moment for people: ISO text, or timestamptz as it is."""
        if not self._lite:
            return moment
        rest = f"((({moment}) % 1000000 + 1000000) % 1000000)"
        return f"strftime('%Y-%m-%dT%H:%M:%S', (({moment}) - {rest}) / 1000000, 'unixepoch') || printf('.%06dZ', {rest})"

    def seconds(self, since: str, until: str) -> str:
        """Seconds from one moment to another."""
        return f"({until} - {since}) / 1000000.0" if self._lite else f"extract(epoch FROM {until} - {since})::float8"

    def later(self, moment: str, micros: str) -> str:
        """A moment so many µs later."""
        return f"{moment} + {micros}" if self._lite else f"{moment} + {micros} * interval '1 microsecond'"

    def greatest(self, one: str, other: str) -> str:
        """The later of two moments, of which the second may be NULL."""
        return f"max({one}, coalesce({other}, {one}))" if self._lite else f"greatest({one}, {other})"

    def line(self, line: str) -> str:
        """A line as text that reads alike in both: no ``.0``, no minus before nothing."""
        return f"printf('%.12g', {line} + 0.0)" if self._lite else f"({line} + 0.0)::text"

    def listed(self, text: str) -> str:
        """The texts of a group, with blanks between."""
        return f"{'group_concat' if self._lite else 'string_agg'}({text}, ' ')"

    def american(self, price: str) -> str:
        """American odds of a price, to the nearest whole number, as ``ingestd.odds`` has them."""
        # twice: 100.5 to 2.005 is what it prints as, not the double just below
        whole = "CAST(round(round({0}, 6)) AS INTEGER)" if self._lite else "round(round(({0})::numeric, 6))::int8"
        under, over = whole.format(f"100.0 / ({price} - 1)"), whole.format(f"({price} - 1) * 100")
        return f"CASE WHEN {price} <= 1 THEN NULL WHEN {price} < 2 THEN -{under} ELSE {over} END"

    def first(self, alias: str, where: str, *, last: bool = False) -> str:
        """Join the first (or last) row of ``odds_history`` AS o that ``where`` lets pass: one step down the index for each row so far."""
        order = "o.changed_at DESC, o.seq DESC" if last else "o.changed_at, o.seq"
        chosen = f"FROM odds_history AS o WHERE {where} ORDER BY {order} LIMIT 1"
        if not self._lite:
            return f"JOIN LATERAL (SELECT o.* {chosen}) AS {alias} ON true"
        key = f"{alias}.selection_id = s.selection_id AND ({alias}.changed_at, {alias}.seq)"
        return f"CROSS JOIN odds_history AS {alias} ON {key} = (SELECT o.changed_at, o.seq {chosen})"

    def next(self, alias: str, of: str) -> str:
        """Join the row of ``odds_history`` that follows the row ``of``; its columns are NULL where there is none."""
        after = f"o.selection_id = {of}.selection_id AND (o.changed_at, o.seq) > ({of}.changed_at, {of}.seq)"
        chosen = "ORDER BY o.changed_at, o.seq LIMIT 1"
        if self._lite:
            key = f"{alias}.selection_id = {of}.selection_id AND ({alias}.changed_at, {alias}.seq)"
            row = f"(SELECT o.changed_at, o.seq FROM odds_history AS o WHERE {after} {chosen})"
            return f"LEFT JOIN odds_history AS {alias} ON {key} = {row}"
        # the plain comparison leaves partitions out, which that of rows does not
        row = f"SELECT o.changed_at, o.committed_at FROM odds_history AS o WHERE {after} AND o.changed_at >= {of}.changed_at {chosen}"
        return f"LEFT JOIN LATERAL ({row}) AS {alias} ON true"

    def each(self, alias: str, rows: str) -> str:
        """Join the rows (``at``, ``until``) that a query gives for each row before it."""
        if not self._lite:
            return f"CROSS JOIN LATERAL ({rows}) AS {alias}"
        # SQLite knows no LATERAL, but a function in FROM may look at the tables before it
        return f"CROSS JOIN json_each((SELECT json_group_array(json_array(r.at, r.until)) FROM ({rows}) AS r)) AS {alias}"

    def of_each(self, alias: str, name: str) -> str:
        """A column of ``each``."""
        if not self._lite:
            return f"{alias}.{name}"
        return f"json_extract({alias}.value, '$[{('at', 'until').index(name)}]')"
