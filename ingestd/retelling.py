"""What a retry of quarantined frames writes beside its rows: history told anew, prices corrected, records decided. Times: UTC µs."""

from typing import Literal

from msgspec import Struct, field

from ingestd.model import QuoteResult, Severity, Status, TimeBasis

RecordState = Literal["open", "replayed", "discarded", "kept"]


class Record(Struct, frozen=True, kw_only=True):
    """A row of ``quarantine``. ``journal_offset``: of the frame in which it last came; ``attempts``: retries so far.

    ``decoded`` and ``error`` are left out (``""``) where many are asked for.
    """

    quarantine_id: int
    source: str
    stage: str
    category: str
    severity: Severity
    reason: str
    journal_offset: int
    path: str
    count: int
    first_at: int
    last_at: int
    attempts: int
    state: RecordState
    decoded: str = ""
    error: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """How a price stands by today's reading.

    It replaces the row of ``odds`` that frames received from ``since`` to ``until`` left, or an older one.
    ``basis``, ``received_at`` None: it stands as before these frames.
    """

    selection_id: int
    since: int
    until: int
    price: float | None
    line: float | None
    size: float | None
    own_status: Status
    result: QuoteResult
    changed_at: int
    seq: int
    basis: TimeBasis | None
    received_at: int | None


class Retelling(Struct, kw_only=True):
    """Part of a batch of kind ``retry``.

    ``since``: selections whose history is told anew, each from an offset on to the one at ``until``: what stood there goes, before the
    batch's own changes come. ``verdicts``: records as they are to be; each counts one attempt more, unless it came again meanwhile.
    """

    since: dict[int, int] = field(default_factory=dict)
    until: int = 0
    standings: list[Standing] = field(default_factory=list)
    verdicts: list[Record] = field(default_factory=list)
