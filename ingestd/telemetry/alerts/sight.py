"""What rules look at: everything that may be wrong, as it is at one moment. Times in UTC µs, spans in seconds."""

from msgspec import Struct

from ingestd.model import SourceStatus


class SourceSight(Struct, frozen=True, kw_only=True):
    """One source. ``gaps``: gaps that began in the last hour; ``received`` and ``refused``: updates of the last ten minutes.

    ``dropped``: frames ever dropped by this process; ``unaccounted``: updates whose outcome nobody knows.
    """

    name: str
    state: SourceStatus
    since: int
    reason: str = ""
    last_received_at: int = 0
    silence_limit: float = 60.0
    gaps: float = 0
    received: float = 0
    refused: float = 0
    dropped: int = 0
    unaccounted: int = 0


class GapSight(Struct, frozen=True, kw_only=True):
    """Gaps of a source that are still open, by kind of scope and reason: how many, the first since when."""

    source: str
    scope: str
    reason: str
    count: int
    since: int


class RunSight(Struct, frozen=True, kw_only=True):
    """A run that failed or died within the last hour, or that still runs (and is not the live one)."""

    kind: str
    source: str
    status: str
    started_at: int
    error: str = ""


class BudgetSight(Struct, frozen=True, kw_only=True):
    """A month of credits: when it will be used up (None: not before it renews)."""

    name: str
    left: float
    renews_at: int
    empty_at: int | None


class Sight(Struct, frozen=True, kw_only=True):
    """The whole. ``waiting``: frames that are durable and not in the store; ``lag``: how long the oldest of them has been waiting.

    ``commit``: how long commits took in the last minute, or the one at hand so far; ``loop``: how late the loop came back, on average of a
    minute; ``queue``: share of the intake's queue in use; ``disk``: seconds until the journal's reserve is reached (None: it does not
    shrink); ``config_problems``: why the configuration last asked for is not in force; ``undelivered``: by channel, since when it fails.
    """

    now: int
    sources: tuple[SourceSight, ...] = ()
    gaps: tuple[GapSight, ...] = ()
    runs: tuple[RunSight, ...] = ()
    budgets: tuple[BudgetSight, ...] = ()
    breakers: tuple[str, ...] = ()
    unavailable_since: int = 0
    problem: str = ""
    committed_at: int = 0
    waiting: int = 0
    lag: float = 0.0
    commit: float = 0.0
    queue: float = 0.0
    loop: float = 0.0
    journal: float = 0.0
    journal_full_since: int = 0
    disk: float | None = None
    config_problems: tuple[str, ...] = ()
    config_failed_at: int = 0
    undelivered: tuple[tuple[str, int], ...] = ()
