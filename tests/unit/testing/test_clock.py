"""The virtual clock leaps only when nobody else can run, and wakes sleepers in order."""

import asyncio

from ingestd.testing.clock import VirtualClock


async def test_an_hour_passes_at_once_and_in_order() -> None:
    """Sleepers wake by the time they asked for, and the clock shows exactly that time."""
    clock = VirtualClock(now=0)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("late", 3_600))
        group.create_task(sleeper("early", 0.5))
        group.create_task(sleeper("same", 0.5))

    assert woken == [("early", 0.5), ("same", 0.5), ("late", 3_600)]
    assert clock.now() == 3_600_000_000


async def test_time_stands_still_while_somebody_works() -> None:
    """A job that has more to do without waiting is never overtaken by time."""
    clock = VirtualClock()
    seen: list[float] = []

    async def worker() -> None:
        for _ in range(1_000):
            await asyncio.sleep(0)
            seen.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        group.create_task(clock.sleep(1))
        group.create_task(worker())

    assert set(seen) == {0.0}


async def test_a_cancelled_sleeper_holds_nobody_up() -> None:
    """Time does not stop at a sleeper that is gone, nor does it visit it."""
    clock = VirtualClock()
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(clock.sleep(1))
        await asyncio.sleep(0)
        gone.cancel()
        await clock.sleep(5)

    assert clock.monotonic() == 5


async def test_whoever_slept_through_a_stop_wakes_late() -> None:
    """After a stop of the whole program time does not go back to when a sleeper was due."""
    clock = VirtualClock(now=0)
    async with asyncio.TaskGroup() as group:
        group.create_task(clock.sleep(1))
        await asyncio.sleep(0)
        clock.stand_still(60)

    assert clock.monotonic() == 60
