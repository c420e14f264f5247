"""How a recorder stands at one moment, as its daemon tells it and as a terminal shows it.

Times are UTC µs, 0 where there was none; spans and ``lag`` are seconds; ``None`` is what nobody has measured. Whoever adds a field gives
it a default: a newer command understands an older daemon.
"""

from typing import Literal

from msgspec import Struct

from ingestd.model import Severity, SourceStatus

Life = Literal["starting", "running", "draining", "stopped"]
"""Where a daemon stands: from its start to its checkpoint, at work, ending, ended."""


class Source(Struct, frozen=True, kw_only=True):
    """A source. ``since``: from when on it is live, or is not; ``reason`` one word; ``hint`` what a person can do where it is parked.

    It may be quiet for ``silence_limit`` seconds. ``rate``: updates received a second; ``lag``: how long ago its journal stood where the
    store is now; ``quarantined``: records so far.
    """

    source: str
    feed: str
    state: SourceStatus
    since: int
    reason: str = ""
    hint: str = ""
    rate: float | None = None
    lag: float | None = None
    last_received_at: int = 0
    last_changed_at: int = 0
    silence_limit: float = 0.0
    quarantined: int = 0
    counters: dict[str, int] = {}


class Journal(Struct, frozen=True, kw_only=True):
    """The journal: bytes on disk, of how many, since when it takes nothing, and the positions it and the store have come to."""

    size: int
    limit: int
    full_since: int = 0
    last: int = 0
    position: int = 0


class Store(Struct, frozen=True, kw_only=True):
    """The store: since when it is away and why, since when it owes an answer, and the last commit."""

    unavailable_since: int = 0
    reason: str = ""
    busy_since: int = 0
    committed_at: int = 0


class Month(Struct, frozen=True, kw_only=True):
    """How a month of credits stands. ``budget``: its name in metrics; ``empty_at``: the forecast (None: not before it renews).

    ``slowed``: by how much the last hours before kick-off are asked for less often than configured; 1: as configured.
    """

    budget: str
    sources: list[str]
    limit: float
    left: float
    renews_at: int
    empty_at: int | None
    slowed: float


class Firing(Struct, frozen=True, kw_only=True):
    """An alert that fires: ``rule`` is its section in the runbook."""

    rule: str
    subject: str
    text: str
    severity: Severity
    since: int


class Trouble(Struct, frozen=True, kw_only=True):
    """What went wrong lately, of one kind."""

    source: str
    severity: Severity
    category: str
    message: str
    first_at: int
    last_at: int
    count: int


class Daemon(Struct, frozen=True, kw_only=True):
    """The process itself; ``instance`` is the journal's own name."""

    version: str
    instance: str
    life: Life
    started_at: int


class Overview(Struct, frozen=True, kw_only=True):
    """All of it, as of ``at``. Without a ``daemon`` it is what the store knows, and of ``journal`` and ``store`` nothing is known.

    ``breakers``: those that are not closed, with their state; ``incidents``: the latest ones of the last day.
    """

    at: int
    daemon: Daemon | None = None
    sources: list[Source] = []
    journal: Journal | None = None
    store: Store | None = None
    breakers: dict[str, str] = {}
    budgets: list[Month] = []
    alerts: list[Firing] = []
    incidents: list[Trouble] = []
