"""What a feed leans on, for the tests of any feed: chance that repeats, a breaker that lets everything through, a budget without limits."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import TypeVar

from ingestd.clock import SystemClock
from ingestd.interfaces import Clock
from ingestd.sources.budget import Budget
from ingestd.sources.kind import Breaker, FeedContext

T = TypeVar("T")


class NoBreaker:
    """Never opens."""

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run it."""
        return await action()


def feed_context(
    name: str, *, clock: Clock | None = None, breaker: Callable[[str], Breaker] | None = None, folder: Path = Path("nowhere")
) -> FeedContext:
    """A context for a source of this name; a feed that keeps something on disk is to be given a folder."""
    clock = clock or SystemClock()
    breaker = breaker or (lambda _: NoBreaker())
    return FeedContext(name, clock, Random(1), breaker, lambda _, limits: Budget(name, limits, clock), folder)
