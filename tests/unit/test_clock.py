"""The only reader of time."""

import asyncio
import time

import pytest

from ingestd.clock import SystemClock


def test_now_is_utc_in_microseconds() -> None:
    """As the system says at the start."""
    before = time.time_ns() // 1_000
    now = SystemClock().now()
    assert before - 1_000 <= now <= time.time_ns() // 1_000 + 1_000


def test_now_follows_no_step_of_the_system_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back by an hour, time goes on; it moves as the monotonic clock does."""
    clock = SystemClock()
    first = clock.now()
    real, monotonic = time.time_ns(), time.monotonic_ns()
    monkeypatch.setattr(time, "time_ns", lambda: real - 3_600 * 10**9)
    monkeypatch.setattr(time, "monotonic_ns", lambda: monotonic + 5 * 10**9)
    assert 5_000_000 <= clock.now() - first < 6_000_000


def test_monotonic_is_seconds() -> None:
    """For deadlines."""
    clock = SystemClock()
    began = clock.monotonic()
    time.sleep(0.01)
    assert 0.01 <= clock.monotonic() - began < 5


async def test_sleep_lets_others_run() -> None:
    """Also when it is for no time at all."""
    clock = SystemClock()
    seen: list[str] = []

    async def other() -> None:
        seen.append("other")

    async with asyncio.TaskGroup() as group:
        group.create_task(other())
        await clock.sleep(0)
        seen.append("slept")
        began = clock.monotonic()
        await clock.sleep(0.02)
    assert seen == ["other", "slept"]
    assert clock.monotonic() - began >= 0.02
