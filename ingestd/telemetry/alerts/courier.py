"""Carries messages to one channel: bounded, tried again with growing pauses, behind a breaker; whoever hands one over waits for nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.interfaces import Clock, Telemetry
from ingestd.model import SECOND, Severity
from ingestd.telemetry.alerts.book import RANK
from ingestd.telemetry.alerts.channels import WITHIN, Deliver
from ingestd.telemetry.alerts.texts import Told
from ingestd.telemetry.facts import of_error

T = TypeVar("T")
OLDEST: Final = 86_400 * SECOND
"""A message that nobody took for so long (µs) is given up."""

FINAL: Final = frozenset({"delivered", "refused", "expired", "bug"})
"""Outcomes after which a message is not tried again."""


class Breaker(Protocol):
    """Keeps calls from a receiver that is away."""

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run ``action``; raises Throttled without running it while the breaker is open."""


class Courier:
    """One channel. Of each rule at most one message waits, the latest: it says all that the one before it said."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        channel: str,
        deliver: Deliver,
        floor: Severity,
        breaker: Breaker,
        pause: Callable[[bool], float],
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """``pause``: seconds before the next try, growing; True: the last one went well, begin anew."""
        self.channel = channel
        self._deliver = deliver
        self._floor = RANK[floor]
        self._breaker = breaker
        self._pause = pause
        self._clock = clock
        self._telemetry = telemetry
        self._queue: dict[str, Told] = {}
        self._more = asyncio.Event()
        self.failing_since = 0
        """Since when nothing was taken (UTC µs); 0: the last one was."""

    @property
    def waiting(self) -> int:
        """Messages not yet taken."""
        return len(self._queue)

    def offer(self, said: Told) -> None:
        """Take a message, if it is grave enough for this channel."""
        if RANK[said.severity] < self._floor:
            self._telemetry.add("alerts_suppressed_total", reason="severity")
            return
        if self._queue.pop(said.rule, None) is not None:
            self._telemetry.add("alerts_suppressed_total", reason="superseded")
        self._queue[said.rule] = said
        self._more.set()

    async def run(self) -> None:
        """Deliver what comes, for ever."""
        while True:
            while not self._queue:
                self._more.clear()
                await self._more.wait()
            wait = await self.attempt()
            if wait:
                await self._clock.sleep(wait)

    async def attempt(self) -> float:
        """One try with the oldest message; returns the seconds before the next."""
        rule, said = next(iter(self._queue.items()))
        outcome, wait = await self._outcome(said)
        if outcome == "delivered":
            self.failing_since = 0
            self._pause(True)
        elif not self.failing_since:
            self.failing_since = self._clock.now()
        # unless a newer one took its place meanwhile
        if outcome in FINAL and self._queue.get(rule) is said:
            del self._queue[rule]
        self._telemetry.add("alerts_total", channel=self.channel, outcome=outcome)
        return wait

    async def _outcome(self, said: Told) -> tuple[str, float]:
        """What became of one try, and the seconds before the next."""
        outcome, wait = "delivered", 0.0
        try:
            if self._clock.now() - said.at > OLDEST:
                return "expired", 0.0
            await self._breaker.call(lambda: self._bounded(said))
        except Throttled as busy:
            outcome, wait = "throttled", busy.seconds
        except Disconnected as gone:
            self._failed(gone.reason, gone.detail)
            outcome, wait = "failed", self._pause(False)
        except Refused as no:
            self._failed(no.reason, no.detail)
            outcome = "refused"
        except Exception as error:  # noqa: BLE001 - a bug in a channel is contained: alerts must not end the daemon
            self._failed("bug", type(error).__name__, **of_error(error))
            outcome = "bug"
        return outcome, wait

    async def _bounded(self, said: Told) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                await self._deliver(said)
        except TimeoutError as error:
            raise Disconnected("timeout", f"no answer within {WITHIN:g} s") from error

    def _failed(self, reason: str, detail: str, **labels: str) -> None:
        self._telemetry.fact("alert.undelivered", channel=self.channel, reason=reason, detail=detail, **labels)
