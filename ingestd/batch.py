"""What one transaction holds, row by row, in the columns of the tables; times in UTC microseconds."""

from typing import Final, Literal

from msgspec import Struct, field

from ingestd.model import (
    BookmakerKind,
    CoverageState,
    EventStatus,
    LinkState,
    QuoteResult,
    ResultState,
    Run,
    ScopeKind,
    Selection,
    Severity,
    SourceStatus,
    StartedBy,
    Status,
    TimeBasis,
)
from ingestd.retelling import Retelling

POSITION_BITS = 40
"""An offset in the store is ``journal id << 40 | position``: 8 million journals of a million million frames."""


def store_offset(journal_id: int, position: int) -> int:
    """The one int8 by which the store names a frame."""
    return journal_id << POSITION_BITS | position


def journal_place(offset: int) -> tuple[int, int]:
    """Journal id and position of an offset in the store."""
    return offset >> POSITION_BITS, offset & ((1 << POSITION_BITS) - 1)


class Change(Struct, gc=False):
    """A price after a change: a row of ``odds_history``, of ``odds``, or (the rule) of both.

    ``history`` False: only the hidden own status moved. ``current`` False: it came late and only completes the history.
    Several of one selection stand in a batch in the order of (``changed_at``, ``seq``).
    """

    selection_id: int
    changed_at: int
    seq: int
    price: float | None
    line: float | None
    size: float | None
    own_status: Status
    status: Status
    result: QuoteResult
    time_basis: TimeBasis
    received_at: int
    offset: int
    history: bool = True
    current: bool = True


class SelectionRow(Struct, frozen=True):
    """A selection seen for the first time by this run, or told anew (``changed_at`` decides between tellings)."""

    selection: Selection
    bookmaker_id: int
    first_seen_at: int
    changed_at: int


class NamedRow(Struct, frozen=True):
    """A team, a league (``sport`` set) or a bookmaker (``kind`` set)."""

    id: int
    name: str
    sport: str = ""
    kind: BookmakerKind | str = ""


class LinkRow(Struct, frozen=True, kw_only=True):
    """What a source says of an event, and which event that is; ``changed_at`` 0 is a stub for an event known by its id alone."""

    source: str
    source_event_id: str
    event_id: int
    flipped: bool = False
    state: LinkState = "auto"
    score: float = 1.0
    candidate_id: int | None = None
    evidence: str = ""
    sport: str = ""
    league: str = ""
    league_id: int | None = None
    season: str = ""
    name: str = ""
    home: str = ""
    away: str = ""
    home_team_id: int | None = None
    away_team_id: int | None = None
    starts_at: int | None = None
    started_at: int | None = None
    started_by: StartedBy = ""
    status: EventStatus = ""
    parent: str = ""
    changed_at: int = 0
    seq: int = 0


class MarketRow(Struct, frozen=True):
    """The state of a market at a source; ``changed_at`` 0 is a stub for a market known by its quotes alone."""

    source: str
    source_market_id: str
    source_event_id: str
    market: str
    period: str
    status: Status
    changed_at: int
    seq: int


class ResultRow(Struct, frozen=True):
    """A result as one source gives it."""

    source: str
    source_event_id: str
    period: str
    home_score: int | None
    away_score: int | None
    winner: str
    state: ResultState
    changed_at: int


class CoverageRow(Struct, frozen=True):
    """One interval of knowledge; open while ``ended_at`` is None. Key: the first four."""

    source: str
    scope_kind: ScopeKind
    scope_id: str
    began_at: int
    ended_at: int | None
    seen_until: int
    state: CoverageState
    reason: str = ""
    repaired_by: str = ""


class FlagRow(Struct, frozen=True):
    """From when to when what a bookmaker offered in a market broke a rule; open while ``ended_at`` is None. Key: the first five.

    ``detail``: how, in words for people, as it was when it began.
    """

    source: str
    source_market_id: str
    bookmaker_id: int
    category: str
    began_at: int
    ended_at: int | None
    detail: str


class SourceRow(Struct, frozen=True, kw_only=True):
    """A source as the live run knows it. ``counters`` are absolute (I6).

    ``silence_limit``: µs after ``seen_until`` for which a price stays live.
    """

    source: str
    feed: str
    state: SourceStatus
    since: int
    reason: str = ""
    last_received_at: int
    last_changed_at: int
    alive_at: int
    silence_limit: int
    counters: dict[str, int]


class RejectRow(Struct, frozen=True, kw_only=True):
    """A row of ``quarantine``; counted again only when ``offset`` is greater than the stored one.

    ``state`` ``open``: somebody should look; ``kept``: only kept for analysis.
    """

    quarantine_id: int
    source: str
    stage: str
    category: str
    severity: Severity
    reason: str
    offset: int
    path: str
    update: str
    error: str
    seen_at: int
    state: Literal["open", "kept"] = "open"


class IncidentRow(Struct, frozen=True, kw_only=True):
    """A row of ``incidents``: one kind of trouble of a source (``""``: of none), from its first to its last time in one go."""

    id: int
    source: str
    stage: str
    category: str
    severity: Severity
    first_at: int
    last_at: int
    count: int
    message: str
    run_id: int | None = None


class Batch(Struct, kw_only=True):
    """Everything that one transaction commits, the journal position included.

    ``odds_after``: a run that is not live touches ``odds`` only where ``changed_at`` is greater (None: live, the guard alone decides).
    ``settle``: selections whose history is to be freed of rows that equal the row before them (late rows; a finished run).
    ``retelling``: what a retry corrects.
    """

    run: Run
    journal_id: int
    position: int
    odds_after: int | None = None
    leagues: dict[int, NamedRow] = field(default_factory=dict)
    teams: dict[int, NamedRow] = field(default_factory=dict)
    bookmakers: dict[int, NamedRow] = field(default_factory=dict)
    links: dict[tuple[str, str], LinkRow] = field(default_factory=dict)
    markets: dict[tuple[str, str], MarketRow] = field(default_factory=dict)
    selections: dict[int, SelectionRow] = field(default_factory=dict)
    results: dict[tuple[str, str, str], ResultRow] = field(default_factory=dict)
    coverage: dict[tuple[str, str, str, int], CoverageRow] = field(default_factory=dict)
    flags: dict[tuple[str, str, int, str, int], FlagRow] = field(default_factory=dict)
    sources: dict[str, SourceRow] = field(default_factory=dict)
    rejects: list[RejectRow] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    settle: set[int] = field(default_factory=set)
    retelling: Retelling | None = None


OF_SELECTION: Final = ("selections", "odds")
"""Tables whose refused rows are named by their selection alone."""


class Refusal(Struct, frozen=True):
    """A row the store would not take: which table, its key, and what the database said."""

    table: str
    key: tuple[str | int, ...]
    error: str


class Written(Struct, frozen=True):
    """What a transaction did: rows written by table (``odds``, ``odds_history``, …) and what was refused, already quarantined in it."""

    rows: dict[str, int] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()


Prunable = Literal["odds_history", "coverage", "market_flags", "incidents", "quarantine", "runs"]
"""Tables that lose what is over. Incidents come before the runs that they refer to."""
FIRST: Final = -1 << 63
"""Where pruning begins."""


class Pruned(Struct, frozen=True):
    """What one step of pruning did: rows deleted, and behind what to go on (None: nothing is left to do)."""

    rows: int
    rest: int | None


class HeldRow(Struct, frozen=True):
    """A selection as the store holds it, to warm a live book with."""

    selection: Selection
    price: float | None
    line: float | None
    size: float | None
    own_status: Status
    result: QuoteResult
    changed_at: int
    seq: int


class Warm(Struct, frozen=True, kw_only=True):
    """What a live run of one source starts from."""

    held: list[HeldRow] = field(default_factory=list)
    markets: list[MarketRow] = field(default_factory=list)
    links: list[LinkRow] = field(default_factory=list)
    results: list[ResultRow] = field(default_factory=list)
    coverage: list[CoverageRow] = field(default_factory=list)
    flags: list[FlagRow] = field(default_factory=list)
    source: SourceRow | None = None
