"""The nouns of the road: frames as they came off the wire, updates as decoders read them.

Every time is an ``int``: microseconds since 1970-01-01 UTC. Every price is decimal odds. Text is never None: ``""`` is "none".
"""

from typing import Final, Literal, get_args

import xxhash
from msgspec import Struct, field

FrameKind = Literal["opened", "data", "alive", "closed"]
Status = Literal["open", "suspended", "withdrawn", "settled", "void"]
Side = Literal["back", "lay", "traded"]
QuoteResult = Literal["", "won", "lost", "void", "half_won", "half_lost"]
EventStatus = Literal["", "scheduled", "in_play", "finished", "postponed", "cancelled"]
StartedBy = Literal["", "status", "in_play", "schedule"]
LinkState = Literal["stub", "auto", "confirmed", "review", "rejected"]
LINK_STATES: Final[tuple[LinkState, ...]] = get_args(LinkState)
"""``stub``: not decided, too little is told. ``review``: a person is to decide. ``confirmed``, ``rejected``: a person has."""
ResultState = Literal["provisional", "final", "corrected"]
ScopeKind = Literal["source", "query", "event", "market"]
BookmakerKind = Literal["book", "exchange", "prediction", "aggregate"]
TimeRule = Literal["ordered", "stamped"]
TimeBasis = Literal["provider", "received", "nominal"]
Severity = Literal["info", "warning", "error", "critical"]
Outcome = Literal["quarantined", "filtered", "duplicate", "stale", "unchanged", "changed"]
RunKind = Literal["live", "load", "backfill", "replay", "retry"]
SourceStatus = Literal["connecting", "live", "recovering", "silent", "parked", "stopped"]
CoverageState = Literal["complete", "suspected", "silent", "gap", "down"]

STATUSES: Final[tuple[Status, ...]] = ("open", "suspended", "withdrawn", "settled", "void")
"""From best to worst: the shown status of a price is the worse of its own and its market's."""
STATUS_RANK: Final[dict[Status, int]] = {status: rank for rank, status in enumerate(STATUSES)}
CLOSED: Final[frozenset[Status]] = frozenset(("settled", "void"))
OUTCOMES: Final[tuple[Outcome, ...]] = ("quarantined", "filtered", "duplicate", "stale", "unchanged", "changed")
"""One update has exactly one of these, the first that matches."""
NO_PRICE: Final = 0.0
"""The price of a quote that says there is none (stored as NULL); None would repeat the last one."""
IDENTITY_RULE: Final = "1"
"""Version of the rule that turns a provider's own words into an identity; part of every selection id."""
SECOND: Final = 1_000_000
"""Microseconds in a second."""


def hash64(*parts: str) -> int:
    """A signed 64-bit id of some words; the separator keeps ("a", "bc") and ("ab", "c") apart."""
    value = xxhash.xxh3_64_intdigest("\x1f".join(parts).encode("utf-8", "surrogatepass"))
    return value - (1 << 64) if value >= 1 << 63 else value


class Frame(Struct, array_like=True, gc=False):
    """One thing as it came off the wire.

    ``opened`` and ``closed`` frame a session, ``alive`` says that a quiet link is healthy. ``epoch`` marks the frame from which a
    decoder can start with empty state: a fresh ``opened``, the first frame of a re-image of everything, or of any walk of a polled
    feed, whose walks need nothing from each other. A resumed ``opened`` is no epoch; its meta says ``resumed``: ``replay`` (nothing
    lost) or ``conflated`` (states only). ``token`` is the resume token in force once this frame is durable.

    More meta: ``reason`` (why ``closed``); ``whole`` (with this frame everything that the source polls has been walked); ``failed`` (the
    query of that key goes unanswered, and why: ``reason``); ``oversize``, ``unreadable`` (the payload is cut and is never decoded).

    ``journal`` sets ``ordinal`` (count of frames of this source in this journal, from 1) and ``offset`` (position in the journal);
    nobody else writes to a frame that was handed over.
    """

    source: str
    kind: FrameKind
    received_at: int
    payload: bytes = b""
    token: str = ""
    epoch: bool = False
    meta: dict[str, str] = field(default_factory=dict)
    ordinal: int = 0
    offset: int = 0

    @property
    def weight(self) -> int:
        """Bytes to count against a bound: payload, token, and an allowance for the rest."""
        return len(self.payload) + len(self.token) + 160


class Scope(Struct, frozen=True, gc=False):
    """What a feed can prove complete, the narrowest; scopes never cross sources. The id of kind ``source`` is ``""``.

    A ``query`` is one request of a polled feed, by its key: the provider answers it whole, and says nothing of what others list.
    """

    kind: ScopeKind
    id: str = ""


WHOLE: Final = Scope("source")


class Selection(Struct, frozen=True, kw_only=True, gc=False):
    """What a quote is a price of, at one bookmaker. Build it with ``selection``, once, and keep it: quotes share it.

    ``identity`` names it for ever; the describing columns (market, period, outcome, participant, event) may be told anew by a later
    ``Selection`` of the same identity.
    """

    id: int
    identity: str
    source: str
    bookmaker: str
    bookmaker_kind: BookmakerKind
    source_event_id: str
    source_market_id: str
    scope: Scope
    market: str
    period: str
    outcome: str
    participant: str
    side: Side


def selection(  # noqa: PLR0913 - the describing columns are what they are
    source: str,
    key: tuple[str, ...],
    *,
    bookmaker: str,
    bookmaker_kind: BookmakerKind = "book",
    source_event_id: str,
    source_market_id: str,
    scope: Scope,
    market: str,
    period: str = "",
    outcome: str,
    participant: str = "",
    side: Side = "back",
) -> Selection:
    """Name a selection by the provider's own ids and raw words (``key``, in a fixed order) and describe it.

    Where a line is identity (an alternate-line ladder), it is a part of ``key``; where it moves, it is not.
    """
    parts = (IDENTITY_RULE, source, *key)
    return Selection(
        id=hash64(*parts),
        identity="|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts),
        source=source,
        bookmaker=bookmaker,
        bookmaker_kind=bookmaker_kind,
        source_event_id=source_event_id,
        source_market_id=source_market_id,
        scope=scope,
        market=market,
        period=period,
        outcome=outcome,
        participant=participant,
        side=side,
    )


class Quote(Struct, frozen=True, gc=False):
    """One price of one selection. ``changed_at`` is the provider's own stamp, None where it gives none.

    ``nominal``: the stamp is no provider's but stands for a moment that is only known by name (a collection day, a kick-off). At one such
    moment a selection has one price: what is read later replaces it.

    ``price`` None repeats the last one (a withdrawal, a settlement), ``NO_PRICE`` says that there is none. ``status`` is the
    selection's own, not its market's.
    """

    selection: Selection
    price: float | None
    size: float | None = None
    status: Status = "open"
    line: float | None = None
    changed_at: int | None = None
    result: QuoteResult = ""
    nominal: bool = False

    @property
    def time_basis(self) -> TimeBasis:
        """What its time rests on."""
        if self.changed_at is None:
            return "received"
        return "nominal" if self.nominal else "provider"


class Fixture(Struct, frozen=True, kw_only=True):
    """What a provider says of an event (a match, a race).

    ``parent``: the provider's own id of the event of which this one is the live child: the same match under another id.
    """

    source_event_id: str
    sport: str
    name: str
    league: str = ""
    season: str = ""
    home: str = ""
    away: str = ""
    starts_at: int | None = None
    started_at: int | None = None
    started_by: StartedBy = ""
    status: EventStatus = "scheduled"
    changed_at: int | None = None
    parent: str = ""


class MarketStatus(Struct, frozen=True, kw_only=True):
    """The state of a whole market; it covers every selection in it."""

    source_event_id: str
    source_market_id: str
    market: str
    period: str = ""
    status: Status
    changed_at: int | None = None


class Complete(Struct, frozen=True):
    """The scope was walked whole: it offers exactly ``listed`` (selection ids); whatever else it held is withdrawn."""

    scope: Scope
    listed: frozenset[int]
    changed_at: int | None = None


class Result(Struct, frozen=True, kw_only=True):
    """How an event (or a period of it) ended."""

    source_event_id: str
    period: str = ""
    home_score: int | None = None
    away_score: int | None = None
    winner: str = ""
    state: ResultState = "final"
    changed_at: int | None = None


class Gap(Struct, frozen=True):
    """Something of this scope was missed; what follows has no base until an image of it. Reason: one word."""

    scope: Scope
    reason: str


class Skipped(Struct, frozen=True):
    """``count`` updates that need no further look: a message seen before, or one the configuration leaves out."""

    outcome: Literal["filtered", "duplicate"]
    reason: str
    count: int = 1


class Reject(Struct, frozen=True, kw_only=True):
    """What could not be taken. ``path`` points into the payload (``mc[0].rc[3]``); ``update`` is the decoded one, where there is one."""

    stage: str
    category: str
    reason: str
    severity: Severity = "error"
    path: str = ""
    error: str = ""
    update: str = ""


Update = Quote | Fixture | MarketStatus | Complete | Result | Gap
Decoded = Update | Skipped | Reject


class Lost(Struct, frozen=True):
    """A stretch of the journal that cannot be read. ``sources`` empty: unknown, any source may be concerned."""

    first: int
    last: int
    sources: tuple[str, ...]
    reason: str


class Block(Struct, frozen=True):
    """What one read of a journal yields: frames in order, or a stretch that is lost."""

    frames: list[Frame]
    last: int
    lost: Lost | None = None


class SourceTail(Struct, frozen=True, kw_only=True):
    """What the frames of a source say of its present: resume token, start of the current epoch (position, time, bytes since), count."""

    token: str = ""
    epoch: int = 0
    epoch_at: int = 0
    epoch_bytes: int = 0
    received_at: int = 0
    ordinal: int = 0


class Run(Struct, frozen=True, kw_only=True):
    """One ordered sequence of frames: the live recording, one load, one replay. ``run_id`` is a hash64."""

    run_id: int
    kind: RunKind
    source: str
    started_at: int
