"""The only reader of time."""

import asyncio
import time


class SystemClock:
    """Wall clock at start plus monotonic since: it never runs backwards and follows no step of the system clock."""

    def __init__(self) -> None:
        self._origin = time.time_ns() // 1000 - time.monotonic_ns() // 1000

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return self._origin + time.monotonic_ns() // 1000

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, for deadlines."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let others run for ``seconds``."""
        await asyncio.sleep(seconds)
