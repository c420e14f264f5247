"""Where a source stands, and saying so once: an outage when it starts and when it ends, however many attempts lie between."""

from msgspec import Struct

from ingestd.interfaces import Clock, Telemetry
from ingestd.model import SourceStatus


class Status(Struct, frozen=True, kw_only=True):
    """A collector as it stands. ``since`` and ``last_received_at`` in UTC µs; ``read`` counts every frame of the source in this journal."""

    state: SourceStatus
    since: int
    reason: str
    read: int
    dropped: dict[str, int]
    last_received_at: int


class Standing:
    """State of one source, the reason for it (one word), and ``since`` when (UTC µs) both are as they are."""

    def __init__(self, source: str, clock: Clock, telemetry: Telemetry) -> None:
        self._source = source
        self._clock = clock
        self._telemetry = telemetry
        self._outage = False
        self._turned = clock.monotonic()
        self.state: SourceStatus = "connecting"
        self.reason = ""
        self.since = clock.now()

    @property
    def lasted(self) -> float:
        """Seconds since the link was last gained or lost."""
        return self._clock.monotonic() - self._turned

    def status(self, read: int, dropped: dict[str, int], last_received_at: int) -> Status:
        """All of it on one card, with what the collector counts."""
        return Status(state=self.state, since=self.since, reason=self.reason, read=read, dropped=dropped, last_received_at=last_received_at)

    def live(self) -> None:
        """Frames flow."""
        self._telemetry.fact("source.connected", source=self._source, seconds=self.lasted)
        self._outage = False
        self._turned = self._clock.monotonic()
        self._become("live", "")

    def lost(self, reason: str, detail: str) -> None:
        """The link went, or could not be had."""
        if self.state == "live":
            self._turned = self._clock.monotonic()
        self._telemetry.add("source_disconnects_total", source=self._source, reason=reason)
        if not self._outage:
            self._outage = True
            self._telemetry.fact("source.disconnected", source=self._source, reason=reason, detail=detail)
        if reason == "silent":
            self._become("silent", reason)
        else:
            self._become("connecting" if self.state == "connecting" else "recovering", reason)

    def parked(self, reason: str, detail: str, hint: str) -> None:
        """It will not be tried again before a person acts."""
        self._telemetry.fact("source.parked", source=self._source, reason=reason, detail=detail, hint=hint)
        self._become("parked", reason)

    def stopped(self, reason: str) -> None:
        """It came to its end, or was told to stop."""
        self._telemetry.fact("source.stopped", source=self._source, reason=reason)
        self._become("stopped", reason)

    def _become(self, state: SourceStatus, reason: str) -> None:
        if (state, reason) != (self.state, self.reason):
            self.since = self._clock.now()
        self.state, self.reason = state, reason
