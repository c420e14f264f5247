"""A clock that stands still until it is told otherwise."""

import pytest


class StillClock:
    """Time is what the test says."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> int:
        """2026-11-23T14:03:00.123456Z, and on with ``seconds``."""
        return 1_795_442_580_123_456 + int((self.seconds - 1000) * 1e6)

    def monotonic(self) -> float:
        """Seconds."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Pass at once."""
        self.seconds += seconds


@pytest.fixture
def clock() -> StillClock:
    """At 14:03 on a Monday."""
    return StillClock()
