"""Every seam on one page. Shapes are in ``model`` and ``batch``, errors in ``errors``; times are UTC microseconds."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol, runtime_checkable

from ingestd.batch import FIRST, Batch, IncidentRow, Prunable, Pruned, Warm, Written
from ingestd.model import Block, Decoded, Frame, Reject, Run, Scope, Skipped, SourceTail, TimeRule, Update
from ingestd.relations import Known, Wanted


class Clock(Protocol):
    """The only way to know the time or to wait."""

    def now(self) -> int: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class Session(Protocol):
    """One session with a provider, entered: connected, authenticated, subscribed. A live one never simply ends."""

    async def read(self) -> Sequence[Frame]:
        """One or more frames in order; the first read begins with the ``opened`` frame. Cancelling it loses no frame.

        Raises Disconnected, Throttled, Refused; a finite session ends with Finished.
        """

    async def renew(self, scope: Scope) -> None:
        """Ask for a fresh image of the scope, or of the narrowest one around it that the provider knows. The frames follow by ``read``."""


Durable = Callable[[Sequence[Frame]], None]
"""Told of frames once the journal has them, each frame once, in order; never of one that was dropped."""


@runtime_checkable
class Receiving(Protocol):
    """What a session has beside ``Session`` where the provider comes to us (a webhook) and waits for a receipt."""

    refused: Mapping[str, int]
    """Requests so far that brought no frame, by reason."""

    def durable(self, frames: Sequence[Frame]) -> None:
        """These frames of an earlier ``read`` are durable: now, and not before, they may be acknowledged (I1)."""


class Decoder(Protocol):
    """Bytes to updates: no I/O, no clock, no logging. It gets every frame but ``alive``, from one that begins an epoch on."""

    counts: Mapping[str, int]
    """The provider's own units seen so far (Betfair: lines, mc, rc)."""

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """Raises Malformed for the whole frame; anything else raised is a bug and contained by the loader."""

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """Something is missing: ``frame``, which nobody can read, or others that are lost (None).

        Forget what has no base now; yields the gaps that follow from it.
        """


class Feed(Protocol):
    """The code for one provider, configured."""

    time_rule: TimeRule
    silence_limit: float
    """Seconds without a byte after which the link counts as dead."""
    renewable: bool
    """Whether a fresh image of everything may be asked for at will, to keep epochs short; False where each frame may begin one anyway."""

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        """Open a session; ``resume`` is the last durable token, or ``""``. Entering raises Disconnected, Throttled or Refused."""

    def decoder(self) -> Decoder:
        """A decoder with empty state."""


class Stage(Protocol):
    """One pure step between decoder and book."""

    def __call__(self, update: Update, received_at: int) -> Update | Skipped | Reject: ...


class Readable(Protocol):
    """Durable frames in order. A position is an int that never goes back and never repeats; positions may have holes."""

    uid: str

    def read(self, after: int) -> AsyncIterator[Block]:
        """What lies behind ``after``, then what comes; ends only once nothing more can come and it is read to its tail."""

    async def epoch_at(self, source: str, position: int) -> int:
        """Where the epoch begins that holds ``position``: the last frame of the source up to there that began one (0: none)."""

    def last(self) -> int:
        """Position of the newest durable frame (0: empty)."""

    async def keep_from(self, position: int) -> None:
        """Frames before ``position`` may go when their time or their room is needed; the rest is kept whatever happens."""


class Journal(Readable, Protocol):
    """What is being written."""

    async def append(self, frames: Sequence[Frame]) -> int:
        """Make a group durable, give each frame its ordinal; returns the last position. Raises JournalFull."""

    async def tail_of(self, source: str) -> SourceTail:
        """What the source's frames say of its present; derived from frames alone."""

    def first(self) -> int:
        """Position of the oldest frame still there (0: empty)."""

    def size(self) -> int:
        """Bytes on disk."""

    def seal(self) -> None:
        """No more appends: readers end at the tail."""

    async def close(self) -> None: ...


class Deathmark(Protocol):
    """Remembers, across deaths of the process, which frame was being worked on: ``deaths`` starts in a row died on ``position``."""

    position: int
    deaths: int

    def mark(self, position: int) -> None:
        """Work on a frame begins."""

    def clear(self) -> None:
        """No frame is being worked on."""


class Store(Protocol):
    """Where facts live. All methods raise StoreUnavailable when it cannot be reached; nothing is half done."""

    async def prepare(self) -> None:
        """Connect; create the schema in an empty database; raises ConfigError where it is missing, older, newer or in use."""

    async def journal_id(self, uid: str, path: str) -> int:
        """The id of a journal, allocated at first contact."""

    async def begin(self, run: Run, journal_id: int, position: int) -> int:
        """Enter the run, take the fence if it is live; returns its checkpoint, or ``position`` where it has none yet."""

    async def position(self, run: Run, journal_id: int) -> int:
        """The checkpoint as committed. Raises Fenced."""

    async def warm(self, source: str, since: int, closed_since: int) -> Warm:
        """What a live run of the source starts from.

        Selections on offer; withdrawn ones whose event starts after ``since`` or at a time unknown, and those that changed since; closed
        ones that changed after ``closed_since``.
        """

    async def past(self, source: str, offset: int, frame: Frame, since: int) -> Warm:
        """What a replay of the source starts from: as the history has it before a frame, whose ``offset`` in the store this is.

        ``since`` as for ``warm``.
        """

    async def seen_until(self, source: str) -> int | None:
        """How far a live run has seen this source (None: no live run ever)."""

    async def prefer(self, sources: Sequence[str]) -> None:
        """Whose word counts first where sources differ about an event, from the first on."""

    async def known(self, wanted: Wanted) -> Known:
        """Links, aliases and precedence as they are now, as far as they are asked for."""

    async def write(self, batch: Batch) -> Written:
        """One transaction; the same batch again changes nothing. Refused rows are quarantined in it. Raises Fenced."""

    async def end(self, run: Run, *, ended_at: int, status: str, counts: Mapping[str, int], error: str = "") -> None:
        """Close the run's row."""

    async def close(self) -> None: ...


class HistoryStore(Store, Protocol):
    """A store that keeps the history of errors as well."""

    async def record(self, incidents: Sequence[IncidentRow]) -> None:
        """One transaction beside all batches; of two tellings of an incident the later one stays. Raises Fenced, StoreUnavailable."""

    async def make_room(self, times: Sequence[int]) -> None:
        """Have whatever rows of history of these times (UTC µs) need, before they come. Raises Fenced, StoreUnavailable."""

    async def prune(self, table: Prunable, before: int, after: int = FIRST) -> Pruned:
        """One small transaction that deletes what was over before then (UTC µs), from ``after`` on; ``Pruned.rest`` is the next ``after``.

        Of ``odds_history``, ``before`` is the beginning of a month. Raises Fenced, StoreUnavailable.
        """


class Telemetry(Protocol):
    """Past-tense facts, spoken by the loops and never by feeds."""

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Something happened, e.g. ``source.connected``; the vocabulary is ``telemetry.actions.ACTIONS``."""

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Add to a counter, or observe into a histogram; the vocabulary is ``telemetry.metrics``."""


class ContextTelemetry(Telemetry, Protocol):
    """For whoever begins tasks: what is said in them has their context."""

    def bound(self, **labels: str | float) -> AbstractContextManager[None]:
        """Within it, in this task and those that it begins, every fact has these labels as well."""


Renew = Callable[[str, Scope], None]
"""Ask the collector of a source for a fresh image of a scope, without waiting."""
