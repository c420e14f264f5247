"""The views for people: prices with their names, what is live, what was best, first and last, and how far history can be trusted.

Times are ISO text in SQLite and timestamptz in PostgreSQL. A price is live only while its feed is known to be: its source is ``live``, the
narrowest scope with an open interval is complete, and less than the silence limit has passed since that scope was last seen.
"""

from typing import Final

from ingestd.store.statements import Dialect

_WORDS: Final[dict[Dialect, dict[str, str]]] = {
    "sqlite": {
        "now": "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)",
        "true": "1",
        "false": "0",
    },
    "postgresql": {
        "now": "statement_timestamp()",
        "true": "true",
        "false": "false",
    },
}
NAMES: Final = ("current_odds", "best_odds", "price_history", "opening_odds", "closing_odds", "trusted_history")


def views(dialect: Dialect) -> list[str]:
    """CREATE VIEW statements, in order."""
    maker = _Maker(dialect)
    return [
        maker.current_odds(),
        maker.best_odds(),
        maker.price_history(),
        maker.opening_odds(),
        maker.closing_odds(),
        maker.trusted_history(),
    ]


class _Maker:
    """Builds the views in the words of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._lite = dialect == "sqlite"
        self._words = _WORDS[dialect]

    def current_odds(self) -> str:
        """Every price as it is now."""
        status = _worse("o.own_status", "m.status")
        return (
            f"CREATE VIEW current_odds AS SELECT {self._named('o.line')}, o.price, o.line, {self._derived('o')}, o.size, "
            f"{status} AS status, "
            f"o.own_status, o.result, {self._time('o.changed_at')} AS changed_at, {self._time('o.received_at')} AS received_at, "
            f"{self._age('o.changed_at')} AS age_seconds, coalesce(f.state, '') AS feed_state, {self._live(status)} AS live "
            f"FROM odds AS o {_SELECTION.format(of='o')}"
        )

    def best_odds(self) -> str:
        """Of the live prices to back the same thing, the best; an aggregate is none."""
        return (
            "CREATE VIEW best_odds AS SELECT outcome_key, event, starts_at, market, period, outcome, participant, line, price, "
            "american, probability, size, bookmaker, source, selection_id, event_id, changed_at, age_seconds, feed_state, "
            "books FROM (SELECT c.*, "
            "row_number() OVER (PARTITION BY outcome_key ORDER BY price DESC, changed_at, selection_id) AS place, "
            "count(*) OVER (PARTITION BY outcome_key) AS books "
            f"FROM current_odds AS c WHERE live = {self._words['true']} AND side = 'back' "
            "AND bookmaker_kind <> 'aggregate') AS ranked WHERE place = 1"
        )

    def price_history(self) -> str:
        """Every price ever, with from when to when it held, and since when that is known."""
        return (
            f"CREATE VIEW price_history AS SELECT {self._named('h.line')}, {self._row()}, "
            f"coalesce(f.state, '') AS feed_state FROM {self._spans()} AS h {_SELECTION.format(of='h')}"
        )

    def trusted_history(self) -> str:
        """The history, with how complete the knowledge was when each price began."""
        covered = self._covered("h.changed_at")
        return (
            f"CREATE VIEW trusted_history AS SELECT {self._named('h.line')}, {self._row()}, "
            f"coalesce(f.state, '') AS feed_state, {covered} AS coverage_state FROM {self._spans()} AS h {_SELECTION.format(of='h')}"
        )

    def opening_odds(self) -> str:
        """The first price each selection was open at."""
        first = _numbered("changed_at, seq", "o.status = 'open' AND o.price IS NOT NULL", "odds_history AS o")
        return f"CREATE VIEW opening_odds AS SELECT {self._edge()} FROM ({first}) AS h {_SELECTION.format(of='h')} WHERE h.place = 1"

    def closing_odds(self) -> str:
        """The last open price before the event began; says whether that is known or only scheduled, and whether anything was missed."""
        begins = "coalesce(v.started_at, v.starts_at)"
        last = _numbered(
            "changed_at DESC, seq DESC",
            f"o.status = 'open' AND o.price IS NOT NULL AND o.changed_at < {begins}",
            "odds_history AS o JOIN selections AS p ON p.selection_id = o.selection_id "
            "JOIN event_links AS k ON k.source = p.source AND k.source_event_id = p.source_event_id "
            "JOIN events AS v ON v.event_id = k.event_id",
        )
        by = "CASE WHEN e.started_at IS NULL THEN 'schedule' ELSE e.started_by END"
        covered = f"({self._covered('coalesce(e.started_at, e.starts_at)')}) = 'complete'"
        return (
            f"CREATE VIEW closing_odds AS SELECT {self._edge()}, {self._time('coalesce(e.started_at, e.starts_at)')} AS began_at, "
            f"{by} AS started_by, {covered} AS coverage_complete FROM ({last}) AS h {_SELECTION.format(of='h')} WHERE h.place = 1"
        )

    def _named(self, line: str) -> str:
        """Names and keys of a selection ``s`` whose row has a line."""
        return (
            "s.selection_id, s.source, b.name AS bookmaker, b.kind AS bookmaker_kind, e.sport, coalesce(l.name, '') AS league, "
            "k.event_id, s.source_event_id, s.source_market_id, e.name AS event, "
            "coalesce(home.name, '') AS home, coalesce(away.name, '') AS away, "
            f"{self._time('e.starts_at')} AS starts_at, e.status AS event_status, s.market, s.period, "
            f"{self._outcome()} AS outcome, s.participant, s.side, "
            f"{self._text('k.event_id')} || '|' || s.market || '|' || s.period || '|' || {self._outcome()} || '|' || s.participant "
            f"|| '|' || s.side || '|' || CASE WHEN {line} IS NULL THEN '' ELSE {self._line(line)} END AS outcome_key"
        )

    def _row(self) -> str:
        return (
            f"h.price, h.line, {self._derived('h')}, h.size, h.status, h.result, h.seq, {self._time('h.changed_at')} AS valid_from, "
            f"{self._time('h.valid_to')} AS valid_to, {self._time('h.committed_at')} AS known_from, "
            f"{self._time('h.received_at')} AS received_at, h.time_basis, h.journal_offset"
        )

    def _edge(self) -> str:
        return (
            f"{self._named('h.line')}, h.price, h.line, {self._derived('h')}, h.size, {self._time('h.changed_at')} AS changed_at, h.seq, "
            "h.time_basis, coalesce(f.state, '') AS feed_state"
        )

    def _spans(self) -> str:
        return (
            "(SELECT o.*, lead(o.changed_at) OVER (PARTITION BY o.selection_id ORDER BY o.changed_at, o.seq) AS valid_to "
            "FROM odds_history AS o)"
        )

    def _derived(self, of: str) -> str:
        rounded = "CAST(round({0}) AS INTEGER)" if self._lite else "round(({0})::numeric)::int8"
        under, over = rounded.format(f"-100.0 / ({of}.price - 1)"), rounded.format(f"({of}.price - 1) * 100")
        return (
            f"CASE WHEN {of}.price <= 1 THEN NULL WHEN {of}.price < 2 THEN {under} ELSE {over} END AS american, "
            f"1.0 / {of}.price AS probability"
        )

    def _line(self, line: str) -> str:
        return f"printf('%.12g', {line} + 0.0)" if self._lite else f"({line} + 0.0)::text"

    def _outcome(self) -> str:
        """Home and away as the event has them, whichever way round the source does."""
        return (
            "CASE WHEN k.flipped = 1 AND s.outcome = 'home' THEN 'away' "
            "WHEN k.flipped = 1 AND s.outcome = 'away' THEN 'home' ELSE s.outcome END"
        )

    def _text(self, value: str) -> str:
        return f"CAST({value} AS TEXT)"

    def _time(self, micros: str) -> str:
        if not self._lite:
            return micros
        rest = f"((({micros}) % 1000000 + 1000000) % 1000000)"
        return f"strftime('%Y-%m-%dT%H:%M:%S', (({micros}) - {rest}) / 1000000, 'unixepoch') || printf('.%06dZ', {rest})"

    def _age(self, since: str) -> str:
        if self._lite:
            return f"({self._words['now']} - {since}) / 1000000.0"
        return f"extract(epoch FROM {self._words['now']} - {since})::float8"

    def _live(self, status: str) -> str:
        limit = "f.silence_limit" if self._lite else "f.silence_limit * interval '1 microsecond'"
        known = f"c.state = 'complete' AND {self._words['now']} < c.seen_until + {limit}"
        open_now = ", ".join(
            f"(SELECT {known} FROM coverage AS c WHERE c.source = s.source AND {scope} AND c.ended_at IS NULL "
            "ORDER BY c.began_at DESC LIMIT 1)"
            for scope in _SCOPES
        )
        return f"coalesce(f.state = 'live' AND {status} = 'open' AND o.price IS NOT NULL AND coalesce({open_now}), {self._words['false']})"

    def _covered(self, moment: str) -> str:
        """The state of the narrowest scope with an interval around a moment; where one ends and the next begins, the next."""
        around = ", ".join(
            f"(SELECT c.state FROM coverage AS c WHERE c.source = s.source AND {scope} AND c.began_at <= {moment} "
            f"AND (c.ended_at IS NULL OR c.ended_at >= {moment}) ORDER BY c.began_at DESC LIMIT 1)"
            for scope in _SCOPES
        )
        return f"coalesce({around}, 'unknown')"


_SCOPES: Final = (
    "c.scope_kind = 'market' AND c.scope_id = s.source_market_id",
    "c.scope_kind = 'event' AND c.scope_id = s.source_event_id",
    "c.scope_kind = 'query' AND s.scope_kind = 'query' AND c.scope_id = s.scope_id",
    "c.scope_kind = 'source' AND c.scope_id = ''",
)
"""Narrowest first."""
_SELECTION: Final = (
    "JOIN selections AS s ON s.selection_id = {of}.selection_id JOIN bookmakers AS b ON b.id = s.bookmaker_id "
    "JOIN event_links AS k ON k.source = s.source AND k.source_event_id = s.source_event_id "
    "JOIN events AS e ON e.event_id = k.event_id JOIN markets AS m ON m.source = s.source AND m.source_market_id = s.source_market_id "
    "LEFT JOIN leagues AS l ON l.id = e.league_id LEFT JOIN teams AS home ON home.id = e.home_team_id "
    "LEFT JOIN teams AS away ON away.id = e.away_team_id LEFT JOIN sources AS f ON f.source = s.source"
)


def _worse(own: str, market: str) -> str:
    ranks = " ".join(f"WHEN '{status}' THEN {rank}" for rank, status in enumerate(("open", "suspended", "withdrawn", "settled", "void")))
    return f"CASE WHEN CASE {own} {ranks} END >= CASE {market} {ranks} END THEN {own} ELSE {market} END"


def _numbered(order: str, where: str, rows: str) -> str:
    keys = ", ".join(f"o.{key}" for key in order.split(", "))
    return f"SELECT o.*, row_number() OVER (PARTITION BY o.selection_id ORDER BY {keys}) AS place FROM {rows} WHERE {where}"
