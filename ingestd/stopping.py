"""The end of a daemon: steps with deadlines of their own within that of the whole, and the account of what is left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Literal

from msgspec import Struct

from ingestd.interfaces import Clock, Telemetry

Step = Literal["sources", "journal", "store", "messages", "closing"]
ENDS: Final[dict[Step, float]] = {"sources": 0.16, "journal": 0.36, "store": 0.76, "messages": 0.84, "closing": 0.92}
"""At which part of the deadline a step is over at the latest; one that is done early leaves its time to those behind it.

The rest is for what Sentry has not sent yet.
"""

LEAST: Final = 0.1
"""Seconds that a step has in any case, however late it begins."""


class Account(Struct, frozen=True, kw_only=True):
    """What became of what this process read, in frames, and what was left undone.

    ``waiting``: durable and not in the store, whichever process read it; where no run had begun, what this one read.
    """

    read: int = 0
    journalled: int = 0
    stored: int = 0
    waiting: int = 0
    cut_off: int = 0
    """Sources that were not given the time to leave their session."""
    undelivered: int = 0
    """Alerts that no channel took, or not every one."""
    unrecorded: int = 0
    """Incidents that the store does not have as they stand."""

    @property
    def lost(self) -> int:
        """Frames that were read and never became durable."""
        return self.read - self.journalled

    @property
    def words(self) -> str:
        """What was left, for a person."""
        counts = (
            (self.waiting, "frames wait in the journal for the next start"),
            (self.lost, "frames never became durable"),
            (self.cut_off, "sources were cut off"),
            (self.undelivered, "alerts were not delivered"),
            (self.unrecorded, "incidents are in the log alone"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing left"


class Stopping:
    """Times each step, and breaks off one that is not done by its end."""

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._began: float | None = None
        self._deadline = 0.0
        self.seconds: dict[Step, float] = {}
        """What each step took so far."""
        self.late: set[Step] = set()
        """Steps that were broken off."""

    def begin(self, deadline: float) -> None:
        """From now on (where it has not begun yet) all steps together have ``deadline`` seconds."""
        if self._began is None:
            self._began, self._deadline = self._clock.monotonic(), deadline

    def within(self, step: Step) -> float:
        """Seconds until the end of a step."""
        return max(LEAST, ENDS[step] * self._deadline - self.passed)

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return 0.0 if self._began is None else self._clock.monotonic() - self._began

    @asynccontextmanager
    async def step(self, name: Step) -> AsyncIterator[None]:
        """What is done within is broken off at the end of this step, and that is said; the next one goes on."""
        began, within = self.passed, self.within(name)
        limit = asyncio.timeout(within)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            self.late.add(name)
            self._telemetry.fact("daemon.cut_short", step=name, seconds=round(within, 1))
        finally:
            self.seconds[name] = self.passed - began
