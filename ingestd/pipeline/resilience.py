"""How to go on after a failure: growing, scattered pauses; a breaker for what jobs share; a stretch of code that others may end."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from random import Random
from types import TracebackType
from typing import Final, Literal, TypeVar

from aiobreaker import CircuitBreaker, CircuitBreakerError, CircuitBreakerState
from msgspec import Struct

from ingestd.errors import Disconnected, IngestdError, Throttled
from ingestd.interfaces import Clock, Telemetry

T = TypeVar("T")
BreakerState = Literal["closed", "open", "half_open"]

STATES: Final[dict[CircuitBreakerState, BreakerState]] = {
    CircuitBreakerState.CLOSED: "closed",
    CircuitBreakerState.OPEN: "open",
    CircuitBreakerState.HALF_OPEN: "half_open",
}
TRIAL_WAIT: Final = 1.0
"""Seconds after which to ask again while somebody else's trial runs."""
REMEMBERED: Final = 1_000
"""Outcomes kept for the failure rate, at most: memory stays bounded under any load."""


class Backoff:
    """Pauses with full jitter: the n-th is anywhere between 0 and ``base * 2**n`` seconds, never above ``cap``.

    Full jitter (and not a fixed share of the pause) keeps a crowd of clients from coming back together.
    """

    def __init__(self, random: Random, base: float = 0.5, cap: float = 60.0) -> None:
        self._random = random
        self._base = base
        self._cap = cap
        self._ceiling = base

    def next(self) -> float:
        """Seconds to wait before the next attempt."""
        ceiling, self._ceiling = min(self._ceiling, self._cap), min(self._ceiling * 2, self._cap)
        return self._random.uniform(0, ceiling)

    def reset(self) -> None:
        """The last attempt went well: begin with the shortest pause again."""
        self._ceiling = self._base


class Stretch:
    """A stretch of code of one task that any other may end with an error of its choosing, by cancellation, as ``asyncio.timeout`` does.

    It may be entered again once left. Stretches nest; a cancellation from outside is never lost, even if the code inside turned it
    into an IngestdError.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._error: IngestdError | None = None
        self._said = 0
        self._before = 0

    def end(self, error: IngestdError) -> bool:
        """Raise ``error`` out of the stretch (the first said wins); False if nobody is inside. Said again, it interrupts clearing up."""
        if self._task is None:
            return False
        self._error = self._error or error
        self._said += 1
        self._task.cancel()
        return True

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        self._error = None
        self._said = 0
        self._before = self._task.cancelling() if self._task else 0

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        for _said in range(self._said):
            task.uncancel()
        if kind is None or not issubclass(kind, asyncio.CancelledError | IngestdError):
            return
        if task.cancelling() > self._before:
            if issubclass(kind, IngestdError):
                raise asyncio.CancelledError from error
        elif self._error is not None:
            raise self._error from error


class BreakerPolicy(Struct, frozen=True, kw_only=True):
    """When a breaker opens: after ``failures`` in a row, or where ``rate`` of at least ``least_calls`` within ``window`` s failed."""

    failures: int = 5
    rate: float = 0.5
    least_calls: int = 20
    window: float = 60.0
    reopen_after: float = 30.0


class Breaker:
    """aiobreaker with three repairs (RELIABILITY 1): a gate on the monotonic clock, one trial at a time, and a failure rate.

    Only Disconnected counts as failure: a host that refuses, throttles or talks nonsense is there.
    """

    def __init__(self, name: str, clock: Clock, telemetry: Telemetry, policy: BreakerPolicy = BreakerPolicy()) -> None:  # noqa: B008 - frozen
        self.name = name
        self.state: BreakerState = "closed"
        self.transitions: dict[BreakerState, int] = {"closed": 0, "open": 0, "half_open": 0}
        self.rejected = 0
        self._clock = clock
        self._telemetry = telemetry
        self._policy = policy
        self._retry_at = 0.0
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=REMEMBERED)
        self._breaker = CircuitBreaker(fail_max=policy.failures, exclude=[_is_answer], name=name)

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run ``action`` and raise what it raises; Throttled without running it while open, or while another's trial runs."""
        self._admit()
        trial = self.state == "half_open"
        try:
            result: T = await self._breaker.call_async(self._counted, action)
        except CircuitBreakerError as opened:
            cause = opened.__cause__ or opened
            raise cause from cause.__cause__
        except asyncio.CancelledError:
            if trial:
                self._breaker.open()
            raise
        finally:
            self._settle()
        return result

    def _admit(self) -> None:
        if self.state == "closed":
            return
        left = self._retry_at - self._clock.monotonic() if self.state == "open" else TRIAL_WAIT
        if left > 0:
            self.rejected += 1
            raise Throttled(left, "breaker")
        self._breaker.half_open()
        self._settle()

    async def _counted(self, action: Callable[[], Awaitable[T]]) -> T:
        try:
            result = await action()
        except Exception as error:
            self._outcomes.append((self._clock.monotonic(), not _is_answer(error)))
            raise
        self._outcomes.append((self._clock.monotonic(), False))
        return result

    def _settle(self) -> None:
        if self.state == "closed" and self._failing():
            self._breaker.open()
        state = STATES[self._breaker.current_state]
        if state == self.state:
            return
        self.state = state
        self.transitions[state] += 1
        self._outcomes.clear()
        if state == "open":
            self._retry_at = self._clock.monotonic() + self._policy.reopen_after
            self._telemetry.fact("breaker.opened", breaker=self.name, seconds=self._policy.reopen_after)
        elif state == "closed":
            self._telemetry.fact("breaker.closed", breaker=self.name)

    def _failing(self) -> bool:
        since = self._clock.monotonic() - self._policy.window
        while self._outcomes and self._outcomes[0][0] < since:
            self._outcomes.popleft()
        calls = len(self._outcomes)
        return calls >= self._policy.least_calls and sum(failed for _, failed in self._outcomes) >= self._policy.rate * calls


def _is_answer(error: Exception) -> bool:
    return not isinstance(error, Disconnected)
