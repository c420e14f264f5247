"""What time alone decides about a session: overdue, silent, quiet, grown too long. Pure: it is told the time and only answers."""

from typing import Final

from ingestd.errors import Disconnected
from ingestd.model import SECOND

SPAN_PAUSE: Final = 60.0
"""Seconds between two requests for a shorter epoch: an image larger than the bound must not be asked for without end."""


class Vigil:
    """Limits in seconds (``span_bytes`` in bytes), moments in monotonic seconds; ``epoch_at`` and ``wall`` in UTC µs."""

    def __init__(self, *, silence_limit: float, alive_interval: float, span_seconds: float, span_bytes: int) -> None:
        self.silence_limit = silence_limit
        self._alive_interval = alive_interval
        self._span_seconds = span_seconds
        self._span_bytes = span_bytes
        self._span_asked = -SPAN_PAUSE
        self._due: dict[str, float] = {}
        self.tick = min(1.0, silence_limit / 4, alive_interval / 4)
        """How often to look: nothing is noticed later than this."""
        self.reading = False
        """Whether somebody listens: only then silence means anything."""
        self.heard = 0.0
        self.said = 0.0
        """When the last sign of life came, and when the last frame was written."""
        self._dated = False
        """The link itself knows when it was heard, better than all that came of the session."""
        self.epoch_at = 0
        self.epoch_bytes = 0

    def listen(self, now: float) -> None:
        """Reading begins, or goes on after a pause of ours."""
        self.heard = self.said = now
        self.reading, self._dated = True, False

    def quieted(self, since: float) -> None:
        """One of several links was not heard since then, whatever came over the others."""
        self.heard = min(self.heard, since)
        self._dated = True

    def told(self, reason: str, now: float, wall: int) -> int:
        """When the link was heard last, UTC µs, where the ``reason`` of its end makes that matter; else 0."""
        return wall - round((now - self.heard) * SECOND) if reason == "silent" or self._dated else 0

    def stood_still(self, seconds: float) -> None:
        """The whole program did not run for so long (a stopped process, a blocked loop): what came meanwhile is still unread."""
        self.heard += seconds

    def allow(self, phase: str, until: float) -> None:
        """Something began that must be done by then."""
        self._due[phase] = until

    def done(self, *phases: str) -> None:
        """It is done; none named: all of it."""
        for phase in phases or tuple(self._due):
            self._due.pop(phase, None)

    def verdict(self, now: float, grace: float) -> Disconnected | None:
        """Why to end the session, if so. Said of an overdue phase again only after ``grace``: it was told to clear up."""
        for phase, due in self._due.items():
            if now >= due:
                self._due[phase] = now + grace
                return Disconnected("timeout", phase)
        if self.reading and now - self.heard >= self.silence_limit:
            self.reading = False
            return Disconnected("silent", f"no byte for {now - self.heard:.1f} s")
        return None

    def quiet(self, now: float) -> bool:
        """Whether to write that the link is healthy although nothing comes."""
        return self.reading and now - self.said >= self._alive_interval

    def span_exceeded(self, now: float, wall: int) -> bool:
        """Whether to ask for a fresh image of everything because the epoch is too old or too large; not again within ``SPAN_PAUSE``."""
        if not self.reading or not self.epoch_at or now - self._span_asked < SPAN_PAUSE:
            return False
        if wall - self.epoch_at < self._span_seconds * SECOND and self.epoch_bytes < self._span_bytes:
            return False
        self._span_asked = now
        return True
