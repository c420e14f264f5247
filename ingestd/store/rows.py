"""One batch as rows for each table, in the order in which they must go in: pure, and the same for both databases."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeVar

from msgspec import Struct, field, json

from ingestd.batch import Batch, Change, LinkRow, Refusal, SelectionRow
from ingestd.model import hash64
from ingestd.store import statements as sql
from ingestd.store.affairs import CHUNK
from ingestd.store.checks import unstorable, unstorable_change
from ingestd.store.statements import Merge

T = TypeVar("T")
Row = tuple[object, ...]
Key = tuple[str | int, ...]
_ORDER = attrgetter("selection_id", "changed_at", "seq")
_MAX_DECODED = 4_000
"""Characters of a refused row kept in quarantine."""


class Step(Struct):
    """Rows of one table, sorted by key, no key twice."""

    merge: Merge
    rows: list[Row]

    def key(self, row: Row) -> Key:
        """The key of a row."""
        return row[: self.merge.key]  # type: ignore[return-value] # keys hold text and ints only


class Prices(Struct):
    """Changes sorted by (selection, time, seq), and for each whether it goes to ``odds_history`` and to ``odds``."""

    changes: list[Change] = field(default_factory=list)
    history: list[bool] = field(default_factory=list)
    odds: list[bool] = field(default_factory=list)


class Refused(Struct):
    """What is left out, and why: by table and key."""

    reasons: dict[tuple[str, Key], str] = field(default_factory=dict)
    rows: dict[tuple[str, Key], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.reasons)

    def add(self, table: str, key: Key, reason: str, row: object) -> None:
        """Leave a row out."""
        self.reasons[table, key] = reason
        self.rows[table, key] = ascii(row)[:_MAX_DECODED]

    def refusals(self) -> tuple[Refusal, ...]:
        """For the writer."""
        return tuple(Refusal(table, key, reason) for (table, key), reason in self.reasons.items())


def catalogue(batch: Batch) -> list[Step]:
    """The rows that prices refer to, before them, and what is wrong with their markets."""
    links = sorted(batch.links.items())
    flags = sql.FLAGS_LIVE if batch.run.kind == "live" else sql.FLAGS_FINITE
    named = attrgetter("id")
    steps = [
        Step(sql.LEAGUES, [(row.id, row.sport, row.name) for row in sorted(batch.leagues.values(), key=named)]),
        Step(sql.TEAMS, [(row.id, row.sport, row.name) for row in sorted(batch.teams.values(), key=named)]),
        Step(sql.BOOKMAKERS, [(row.id, row.name, row.kind) for row in sorted(batch.bookmakers.values(), key=named)]),
        Step(sql.EVENTS, [(event_id,) for event_id in sorted({link.event_id for _, link in links})]),
        Step(sql.EVENT_LINKS, [_link(link) for _, link in links]),
        Step(
            sql.MARKETS,
            [
                (row.source, row.source_market_id, row.source_event_id, row.market, row.period, row.status, row.changed_at, row.seq)
                for _, row in sorted(batch.markets.items())
            ],
        ),
        Step(sql.SELECTIONS, [_selection(row) for _, row in sorted(batch.selections.items())]),
        Step(
            sql.RESULTS,
            [
                (row.source, row.source_event_id, row.period, row.home_score, row.away_score, row.winner, row.state, row.changed_at)
                for _, row in sorted(batch.results.items())
            ],
        ),
        Step(flags, [(*key, row.ended_at, row.detail) for key, row in sorted(batch.flags.items())]),
    ]
    return [step for step in steps if step.rows]


def coverage(batch: Batch) -> Step:
    """What is known of how complete the knowledge is."""
    return Step(
        sql.COVERAGE.get(batch.run.kind, sql.COVERAGE_FINITE),
        [
            (*key, row.ended_at, row.seen_until, row.state, row.reason, row.repaired_by)
            for key, row in sorted(batch.coverage.items())
        ],
    )  # fmt: skip


def sources(batch: Batch) -> Step:
    """The states of sources; only a live run knows them."""
    rows = sorted(batch.sources.items()) if batch.run.kind == "live" else []
    return Step(
        sql.SOURCES,
        [
            (
                *(name, row.feed, row.state, row.since, row.reason, row.last_received_at, row.last_changed_at, row.alive_at),
                *(row.silence_limit, json.encode(row.counters, order="sorted").decode()),
            )
            for name, row in rows
        ],
    )


def prices(changes: Iterable[Change], odds_after: int | None) -> Prices:
    """Sort; of equal keys one row of history stays, of each selection one row of odds: the last that may touch it."""
    rows = sorted(changes, key=_ORDER)
    history = [row.history for row in rows]
    odds = [False] * len(rows)
    kept: Change | None = None
    at = last = -1
    selection_id: int | None = None
    for place, row in enumerate(rows):
        if row.selection_id != selection_id:
            selection_id, last = row.selection_id, -1
        if row.history:
            if kept is not None and (kept.selection_id, kept.changed_at, kept.seq) == (selection_id, row.changed_at, row.seq):
                higher = _rank(row) > _rank(kept)
                history[at if higher else place] = False
                kept, at = (row, place) if higher else (kept, at)
            else:
                kept, at = row, place
        if row.current and (odds_after is None or row.changed_at > odds_after):
            if last >= 0:
                odds[last] = False
            odds[place], last = True, place
    return Prices(rows, history, odds)


def history_rows(batch: Prices, committed_at: int) -> list[Row]:
    """Rows of ``odds_history``."""
    return [
        (row.selection_id, row.changed_at, row.seq, row.price, row.line, row.size, row.status, row.result, row.time_basis,
         row.received_at, committed_at, row.offset)
        for row, goes in zip(batch.changes, batch.history, strict=True)
        if goes
    ]  # fmt: skip


def odds_rows(batch: Prices, committed_at: int) -> list[Row]:
    """Rows of ``odds``."""
    return [
        (row.selection_id, row.price, row.line, row.size, row.own_status, row.result, row.changed_at, row.seq, row.time_basis,
         row.received_at, committed_at)
        for row, goes in zip(batch.changes, batch.odds, strict=True)
        if goes
    ]  # fmt: skip


def screen(step: Step, refused: Refused) -> None:
    """Leave out the rows that cannot be stored, and those that refer to what was left out."""
    times = step.merge.times()
    kept = []
    for row in step.rows:
        reason = unstorable(row, times) or _orphan(step.merge, row, refused)
        if reason:
            refused.add(step.merge.table, step.key(row), reason, row)
        else:
            kept.append(row)
    step.rows = kept


def screen_changes(changes: Iterable[Change], refused: Refused) -> list[Change]:
    """Leave out all changes of a selection that was left out, or of which one change cannot be stored."""
    kept = list(changes)
    for row in kept:
        reason = unstorable_change(row) or _orphan_change(row, refused)
        if reason:
            refused.add("odds", (row.selection_id,), reason, row)
    return [row for row in kept if ("odds", (row.selection_id,)) not in refused.reasons] if refused else kept


def by_selection(changes: Iterable[Change]) -> list[list[Change]]:
    """Changes in units that stand or fall together, by selection."""
    units: dict[int, list[Change]] = {}
    for row in changes:
        units.setdefault(row.selection_id, []).append(row)
    return [units[key] for key in sorted(units)]


def collided(step: Step, stored: dict[int, str], refused: Refused) -> None:
    """Leave out selections whose id the store knows under another identity: never merged."""
    kept = []
    for row in step.rows:
        identity = stored.get(row[0], row[1])  # type: ignore[call-overload] # the id comes first
        if identity == row[1]:
            kept.append(row)
        else:
            refused.add("selections", (row[0],), "collision", row)  # type: ignore[arg-type] # the id comes first
    step.rows = kept


def keys(links: Sequence[Row]) -> str:
    """Rows of ``event_links`` by their keys, as ``derived.EVENTS_OF`` takes them."""
    return json.encode([row[:2] for row in links]).decode()


def events(links: Sequence[Row]) -> set[int]:
    """The events that rows of ``event_links`` say, and those that their own ids make."""
    return {hash64("event", str(row[0]), str(row[1])) for row in links} | {int(str(row[2])) for row in links}


def chunks(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Ids in lots for one statement each."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _rank(row: Change) -> tuple[object, ...]:
    numbers = tuple(-1e308 if value is None else value for value in (row.price, row.line, row.size))
    reading = row.received_at if row.time_basis == "nominal" else 0
    return (reading, *numbers, row.status.encode("utf-8", "surrogatepass"), row.result, row.time_basis)


def _link(row: LinkRow) -> Row:
    return (
        *(row.source, row.source_event_id, row.event_id, int(row.flipped), row.state, row.score, row.candidate_id, row.evidence),
        *(row.changed_at, row.seq, row.sport, row.league, row.league_id),
        *(row.season, row.name, row.home, row.away, row.home_team_id, row.away_team_id),
        *(row.starts_at, row.started_at, row.started_by, row.status, row.parent),
    )


def _selection(row: SelectionRow) -> Row:
    said = row.selection
    return (
        *(said.id, said.identity, said.source, row.bookmaker_id, said.source_event_id, said.source_market_id),
        *(said.scope.kind, said.scope.id, said.market, said.period, said.outcome, said.participant, said.side),
        *(row.first_seen_at, row.changed_at),
    )


def _orphan(merge: Merge, row: Row, refused: Refused) -> str:
    if refused:
        for parent, places in merge.parents:
            key: Key = tuple(row[place] for place in places)  # type: ignore[misc] # keys hold text and ints only
            reason = refused.reasons.get((parent, key))
            if reason is not None:
                return f"orphan: its row of {parent} was refused ({reason})"
    return ""


def _orphan_change(row: Change, refused: Refused) -> str:
    if not refused:
        return ""
    reason = refused.reasons.get(("selections", (row.selection_id,)))
    return "" if reason is None else f"orphan: its row of selections was refused ({reason})"
