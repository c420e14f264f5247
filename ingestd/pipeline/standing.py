"""Where a source stands, and saying so once: an outage when it starts and when it ends, however many attempts lie between."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from ingestd.interfaces import Clock, Durable, Receiving, Session, Telemetry
from ingestd.model import SourceStatus

Pause = Literal["", "throttled", "room"]
"""Why nothing is asked of a provider for now: it wants patience, or the journal has no room."""


class Status(Struct, frozen=True, kw_only=True):
    """A collector as it stands. Times in UTC µs; ``down_since``: since when it is not live, whatever was the reason (0: it is).

    ``hint``: what a person can do of a source that is parked.
    ``read`` counts every frame of the source in this journal, among them the ``waiting`` ones, not yet durable; ``received`` and
    ``received_bytes`` those of this process that carried data;
    ``refused`` the requests that brought no frame, by reason, where the provider comes to us.
    """

    state: SourceStatus
    since: int
    down_since: int
    reason: str
    paused: Pause
    hint: str
    read: int
    waiting: int
    received: int
    received_bytes: int
    dropped: dict[str, int]
    refused: dict[str, int]
    last_received_at: int


class CollectorView(Struct, frozen=True, kw_only=True):
    """What the collector of a source says of itself: frames ``read`` into this journal, among them those ``dropped`` by this process."""

    state: SourceStatus
    since: int
    reason: str = ""
    read: int = 0
    dropped: int = 0


def view(status: Status) -> CollectorView:
    """What of it is said to the loader."""
    return CollectorView(
        state=status.state, since=status.since, reason=status.reason, read=status.read, dropped=sum(status.dropped.values())
    )


class Standing:
    """State of one source, the reason for it (one word), ``since`` when (UTC µs) both are as they are, and what was counted."""

    def __init__(self, source: str, clock: Clock, telemetry: Telemetry, before: Status | None = None) -> None:
        """``before``: how the collector stood whose place this one takes; it counts on from there."""
        self._source = source
        self._clock = clock
        self._telemetry = telemetry
        self._outage = False
        self._turned = clock.monotonic()
        self.state: SourceStatus = "connecting"
        self.reason = self._hint = ""
        self.paused: Pause = ""
        self.since = self._down_since = clock.now()
        self.read = 0
        self.received = before.received if before else 0
        self.received_bytes = before.received_bytes if before else 0
        self._refused: Mapping[str, int] = {}
        self.last_received_at = before.last_received_at if before else 0

    @property
    def lasted(self) -> float:
        """Seconds since the link was last gained or lost."""
        return self._clock.monotonic() - self._turned

    def status(self, waiting: int, lost: int) -> Status:
        """All of it on one card, with the frames that wait for the journal, and those that it would not take."""
        return Status(
            state=self.state,
            since=self.since,
            down_since=self._down_since,
            reason=self.reason,
            paused=self.paused,
            hint=self._hint,
            read=self.read,
            waiting=waiting,
            received=self.received,
            received_bytes=self.received_bytes,
            dropped={"journal_full": lost} if lost else {},
            refused=dict(self._refused),
            last_received_at=self.last_received_at,
        )

    def receive(self, session: Session) -> Durable | None:
        """A session began: what it wants to be told of its frames, where its provider waits for that."""
        if not isinstance(session, Receiving):
            return None
        self._refused = session.refused
        return session.durable

    def live(self) -> None:
        """Frames flow."""
        if self._outage:
            self._telemetry.fact("source.recovered", source=self._source, seconds=self.lasted)
        else:
            self._telemetry.fact("source.connected", source=self._source)
        self._outage = False
        self._turned = self._clock.monotonic()
        self._become("live", "")

    def lost(self, reason: str, detail: str, quiet: float = 0.0) -> None:
        """The link went, or could not be had; ``quiet``: seconds since it was last heard of."""
        if self.state == "live":
            self._turned = self._clock.monotonic()
        self._telemetry.add("source_disconnects_total", source=self._source, reason=reason)
        if not self._outage and reason == "silent":
            self._telemetry.fact("source.silent", source=self._source, seconds=quiet)
        elif not self._outage:
            self._telemetry.fact("source.disconnected", source=self._source, reason=reason, detail=detail)
        self._outage = True
        if reason == "silent":
            self._become("silent", reason)
        else:
            self._become("connecting" if self.state == "connecting" else "recovering", reason)

    def throttled(self) -> None:
        """Nothing is asked of the provider for as long as it said."""
        self._telemetry.add("source_throttled_total", source=self._source)
        self.paused = "throttled"

    def parked(self, reason: str, detail: str, hint: str) -> None:
        """It will not be tried again before a person acts."""
        self._telemetry.fact("source.parked", source=self._source, reason=reason, detail=detail, hint=hint)
        self._hint = hint
        self._become("parked", reason)

    def stopped(self, reason: str) -> None:
        """It came to its end, or was told to stop."""
        self._telemetry.fact("source.stopped", source=self._source, reason=reason)
        self._become("stopped", reason)

    def _become(self, state: SourceStatus, reason: str) -> None:
        if (state, reason) != (self.state, self.reason):
            self.since = self._clock.now()
        self._down_since = 0 if state == "live" else self._down_since or self._clock.now()
        self.state, self.reason = state, reason
