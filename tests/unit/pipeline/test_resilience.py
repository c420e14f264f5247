"""Backoff stays in its bounds, a stretch ends when told, and the breaker repairs what aiobreaker gets wrong."""

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol, TypeVar

import pytest
from aiobreaker import CircuitBreaker, CircuitBreakerError
from aiobreaker import state as aiobreaker_state

from ingestd.errors import Disconnected, Finished, Refused, Throttled
from ingestd.pipeline.resilience import Backoff, Breaker, BreakerPolicy, Stretch
from ingestd.settings import LogSettings
from ingestd.telemetry import build_reporter
from ingestd.testing.clock import VirtualClock

T = TypeVar("T")
POLICY = BreakerPolicy(failures=3, rate=0.5, least_calls=10, window=60.0, reopen_after=30.0)


class Guard(Protocol):
    """What the adapter and the library as shipped have in common."""

    async def call(self, action: Callable[[], Awaitable[T]]) -> T: ...


class Telemetry:
    """Remembers the facts."""

    def __init__(self) -> None:
        self.facts: list[str] = []

    def fact(self, action: str, /, **_labels: str | float) -> None:
        self.facts.append(action)

    def add(self, name: str, value: float = 1, /, **labels: str) -> None: ...


class Plain:
    """aiobreaker as shipped, behind the same call: what the adapter's tests must be able to tell apart."""

    def __init__(self) -> None:
        self._breaker = CircuitBreaker(fail_max=POLICY.failures, timeout_duration=dt.timedelta(seconds=POLICY.reopen_after))

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        try:
            result: T = await self._breaker.call_async(action)
        except CircuitBreakerError as error:
            if error.__cause__ is not None:
                raise error.__cause__ from None
            raise Throttled(0.0) from error
        return result


class WallClock(dt.datetime):
    """The wall clock as aiobreaker reads it, moved by hand."""

    moment = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - naive, as aiobreaker has it

    @classmethod
    def utcnow(cls) -> dt.datetime:  # type: ignore[override]
        return cls.moment

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return cls.moment if tz is None else cls.moment.replace(tzinfo=tz)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> type[WallClock]:
    """The wall clock that aiobreaker sees."""
    monkeypatch.setattr(aiobreaker_state, "datetime", WallClock)
    monkeypatch.setattr("aiobreaker.circuitbreaker.datetime", WallClock)
    WallClock.moment = dt.datetime(2024, 1, 1)  # noqa: DTZ001
    return WallClock


async def fail() -> None:
    """A host that is down."""
    raise Disconnected("reset")


async def succeed() -> str:
    """A host that is up."""
    return "ok"


async def fails(breaker: Guard) -> str:
    """What a failing call comes back as."""
    try:
        await breaker.call(fail)
    except (Disconnected, Throttled) as error:
        return type(error).__name__
    return "nothing"


async def opened(breaker: Guard) -> None:
    """Let it fail until it is open."""
    for _ in range(POLICY.failures):
        assert await fails(breaker) == "Disconnected"


def test_backoff_is_jittered_fully_and_capped() -> None:
    """The n-th pause lies within 0 .. base * 2**n, never above the cap, uses the whole range, and starts over when told."""
    backoffs = [Backoff(Random(seed), base=0.5, cap=60.0) for seed in range(200)]
    for attempt in range(12):
        ceiling = min(0.5 * 2**attempt, 60.0)
        pauses = [backoff.next() for backoff in backoffs]
        assert max(pauses) <= ceiling
        assert max(pauses) > 0.9 * ceiling
        assert min(pauses) < 0.1 * ceiling
    backoffs[0].reset()
    assert backoffs[0].next() <= 0.5


async def test_a_stretch_ends_with_the_error_said() -> None:
    """Whoever ends a stretch decides what comes out of it, and the task goes on uncancelled."""
    stretch = Stretch()
    task = asyncio.current_task()
    asyncio.get_running_loop().call_soon(stretch.end, Disconnected("silent"))
    with pytest.raises(Disconnected, match="silent"), stretch:
        await asyncio.sleep(10)

    assert task is not None
    assert task.cancelling() == 0
    assert stretch.end(Disconnected("late")) is False


async def test_an_outer_stretch_is_not_taken_for_the_inner_one() -> None:
    """Both ended at once: the outer one wins, as it must to stop a source that was about to reconnect."""
    inner, outer = Stretch(), Stretch()

    def both() -> None:
        inner.end(Disconnected("silent"))
        outer.end(Finished("stopped"))

    asyncio.get_running_loop().call_soon(both)
    with pytest.raises(Finished), outer, inner:
        await asyncio.sleep(10)


async def test_a_cancellation_outlives_code_that_hides_it() -> None:
    """A feed that turns its cancellation into Disconnected cannot keep its collector from being cancelled."""

    async def hide() -> None:
        with Stretch():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise Disconnected("closed") from None

    async with asyncio.TaskGroup() as group:
        task = group.create_task(hide())
        await asyncio.sleep(0)
        task.cancel()

    assert task.cancelled()


async def one_trial(breaker: Guard, clock: VirtualClock, wall: type[WallClock]) -> int:
    """How many of 50 concurrent calls run once the breaker half opens."""
    await opened(breaker)
    await clock.sleep(31)
    wall.moment += dt.timedelta(seconds=31)
    running = 0

    async def slow() -> None:
        nonlocal running
        running += 1
        await clock.sleep(1)

    async def waiter() -> None:
        try:
            await breaker.call(slow)
        except Throttled as busy:
            assert busy.seconds >= 0  # noqa: PT017

    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(waiter())
    return running


async def test_exactly_one_trial_when_half_open(wall: type[WallClock]) -> None:
    """A host that may be back is asked once; aiobreaker lets the whole crowd through."""
    clock = VirtualClock()
    assert await one_trial(Breaker("host", clock, Telemetry(), POLICY), clock, wall) == 1
    assert await one_trial(Plain(), VirtualClock(), wall) == 50


async def reopens_after_a_step_back(breaker: Guard, clock: VirtualClock, wall: type[WallClock]) -> bool:
    """Whether a call goes through after its open time, the wall clock put back by an hour meanwhile."""
    await opened(breaker)
    wall.moment -= dt.timedelta(hours=1)
    await clock.sleep(31)
    wall.moment += dt.timedelta(seconds=31)
    try:
        return await breaker.call(succeed) == "ok"
    except Throttled:
        return False


async def test_the_open_time_follows_no_step_of_the_wall_clock(wall: type[WallClock]) -> None:
    """An hour put back keeps aiobreaker open for an hour; the adapter reopens on its own time."""
    clock = VirtualClock()
    assert await reopens_after_a_step_back(Breaker("host", clock, Telemetry(), POLICY), clock, wall) is True
    assert await reopens_after_a_step_back(Plain(), VirtualClock(), wall) is False


async def opens_on_half(breaker: Guard) -> bool:
    """Whether it opens when every second call fails."""
    for _ in range(20):
        if await fails(breaker) == "Throttled":
            return True
        try:
            await breaker.call(succeed)
        except Throttled:
            return True
    return False


async def test_a_failure_rate_opens_it() -> None:
    """Every second call failing is no health; aiobreaker, which counts failures in a row only, never opens."""
    assert await opens_on_half(Breaker("host", VirtualClock(), Telemetry(), POLICY)) is True
    assert await opens_on_half(Plain()) is False


async def test_old_failures_do_not_count() -> None:
    """The rate is one over a window: failures spread over hours open nothing."""
    clock = VirtualClock()
    breaker = Breaker("host", clock, Telemetry(), POLICY)
    for _ in range(40):
        await fails(breaker)
        await breaker.call(succeed)
        await clock.sleep(20)

    assert breaker.state == "closed"


async def test_open_says_how_long_and_runs_nothing() -> None:
    """While open nothing is run, and Throttled carries the seconds left."""
    clock = VirtualClock()
    telemetry = Telemetry()
    breaker = Breaker("host", clock, telemetry, POLICY)
    await opened(breaker)
    await clock.sleep(10)
    with pytest.raises(Throttled) as busy:
        await breaker.call(succeed)

    assert busy.value.seconds == pytest.approx(20)
    assert (breaker.state, breaker.rejected) == ("open", 1)
    await clock.sleep(20)
    assert await breaker.call(succeed) == "ok"
    assert breaker.state == "closed"
    assert breaker.transitions == {"open": 1, "half_open": 1, "closed": 1}
    assert telemetry.facts == ["breaker.opened", "breaker.closed"]


@pytest.mark.usefixtures("root_logger")
async def test_the_log_says_when_it_opens_and_closes(capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence each, by its name."""
    clock = VirtualClock()
    breaker = Breaker("host", clock, build_reporter(LogSettings(format="json"), clock, terminal=False), POLICY)
    await opened(breaker)
    await clock.sleep(30)
    await breaker.call(succeed)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(one["event.action"], one["labels.breaker"]) for one in said] == [("breaker.opened", "host"), ("breaker.closed", "host")]


async def test_the_error_that_opens_it_keeps_its_cause() -> None:
    """What the caller sees is its own error with its own cause, never the library's."""
    breaker = Breaker("host", VirtualClock(), Telemetry(), POLICY)

    async def reset() -> None:
        raise Disconnected("reset") from ConnectionResetError("by peer")

    for _ in range(POLICY.failures):
        with pytest.raises(Disconnected) as gone:
            await breaker.call(reset)
        assert isinstance(gone.value.__cause__, ConnectionResetError)
    assert breaker.state == "open"


async def test_a_failed_trial_opens_again() -> None:
    """One failed trial is enough to wait the whole time again."""
    clock = VirtualClock()
    breaker = Breaker("host", clock, Telemetry(), POLICY)
    await opened(breaker)
    await clock.sleep(30)
    assert await fails(breaker) == "Disconnected"
    with pytest.raises(Throttled) as busy:
        await breaker.call(succeed)

    assert busy.value.seconds == pytest.approx(30)


async def test_a_cancelled_trial_does_not_block_the_next() -> None:
    """A trial that is cancelled is no trial: the breaker neither closes nor stays half open for ever."""
    clock = VirtualClock()
    breaker = Breaker("host", clock, Telemetry(), POLICY)
    await opened(breaker)
    await clock.sleep(30)

    async def trial() -> None:
        await breaker.call(asyncio.get_running_loop().create_future)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(trial())
        await asyncio.sleep(0)
        task.cancel()

    assert breaker.state == "open"
    await clock.sleep(30)
    assert await breaker.call(succeed) == "ok"


async def test_an_answer_is_not_a_failure() -> None:
    """A provider that refuses is there: the breaker guards hosts, not keys; the error keeps its cause."""
    breaker = Breaker("host", VirtualClock(), Telemetry(), POLICY)

    async def refuse() -> None:
        raise Refused("key") from OSError("why")

    for _ in range(30):
        with pytest.raises(Refused) as refused:
            await breaker.call(refuse)
        assert isinstance(refused.value.__cause__, OSError)
    assert breaker.state == "closed"
