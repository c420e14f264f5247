"""Blocking jobs: one at a time, in order, and no result lost to a cancellation."""

import asyncio
import itertools
import threading

import pytest

from ingestd.sources.transports.files.worker import Worker


async def test_a_cancelled_wait_leaves_the_result_to_the_next() -> None:
    """Every run's result is returned exactly once, in order, wherever the waits are cancelled."""
    count = itertools.count()
    go = threading.Semaphore(0)

    def job() -> int:
        go.acquire()
        return next(count)

    worker = Worker(job)
    results: list[int] = []

    async def take() -> None:
        results.append(await worker.next())

    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(take())
            await asyncio.sleep(0)
            task.cancel()
    go.release(3)
    for _ in range(3):
        await take()

    assert results == [0, 1, 2]


async def test_errors_reach_whoever_waits_and_the_next_run_is_a_new_one() -> None:
    """A failed run is over."""
    outcomes = iter([OSError("disk"), None])

    def job() -> str:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return "ok"

    worker = Worker(job)
    with pytest.raises(OSError, match="disk"):
        await worker.next()
    assert await worker.next() == "ok"


async def test_settle_waits_for_the_thread() -> None:
    """After it, nobody uses the file any more."""
    done = threading.Event()
    go = threading.Event()

    def job() -> None:
        go.wait()
        done.set()

    worker = Worker(job)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(worker.next())
        await asyncio.sleep(0)
        task.cancel()
    asyncio.get_running_loop().call_later(0.01, go.set)
    await worker.settle()
    assert done.is_set()
