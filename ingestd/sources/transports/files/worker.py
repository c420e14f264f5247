"""Blocking jobs in a thread, one at a time, such that a cancelled wait loses no result."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Worker(Generic[T]):
    """Runs ``job`` again and again, in a thread of the loop's pool, each time when asked."""

    def __init__(self, job: Callable[[], T]) -> None:
        self._job = job
        self._pending: asyncio.Future[T] | None = None

    async def next(self) -> T:
        """The result of the next run. Cancelled, it leaves that result to the next call."""
        if self._pending is None:
            self._pending = asyncio.get_running_loop().run_in_executor(None, self._job)
        await asyncio.wait([self._pending])
        done, self._pending = self._pending, None
        return done.result()

    async def settle(self) -> None:
        """Wait for a run that nobody waits for any more: only then its files may be closed."""
        if self._pending is not None:
            await asyncio.wait([self._pending])
