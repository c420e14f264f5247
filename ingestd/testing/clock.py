"""Time that moves only when nobody has anything left to do: an hour of waiting in a millisecond, the same every time."""

import asyncio
import heapq
from itertools import count

from ingestd.model import SECOND


class VirtualClock:
    """A ``Clock`` whose time leaps to the next sleeper as soon as the running loop has nothing ready.

    A test moves it by sleeping itself: whoever is due earlier wakes first. Threads and sockets are not waited for: a job that needs
    them should not have a sleeper beside it.
    """

    def __init__(self, now: int = 1_700_000_000 * SECOND) -> None:
        self._start = now
        self._elapsed = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._turning = False

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return self._start + round(self._elapsed * SECOND)

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until the time has leapt ``seconds`` further; others run meanwhile."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        wake: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wake))
        if not self._turning:
            self._turning = True
            loop.call_soon(self._turn, loop)
        await wake

    def stand_still(self, seconds: float) -> None:
        """The whole program is stopped for so long: time passes, and nobody notices before it goes on."""
        self._elapsed += seconds

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            self._turning = False
            return
        # asyncio has no public way to ask whether anything else could run now
        if not loop._ready:  # type: ignore[attr-defined]  # noqa: SLF001
            due, _, wake = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            wake.set_result(None)
        loop.call_soon(self._turn, loop)
