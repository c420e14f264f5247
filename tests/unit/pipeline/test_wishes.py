"""What a live run asks of its sources, and which frames it lets go of."""

from collections.abc import AsyncIterator, Sequence

from ingestd.interfaces import Decoder
from ingestd.model import WHOLE, Block, Frame, Scope, SourceTail, TimeRule
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.wishes import ASK_AGAIN, Wishes
from ingestd.testing.clock import VirtualClock

MARKET = Scope("market", "m1")


class NoFeed:
    """Never asked for anything."""

    time_rule: TimeRule = "ordered"
    silence_limit = 5.0

    def connect(self, resume: str) -> "NoFeed":  # type: ignore[override]
        """Not here."""
        raise AssertionError(resume)

    def decoder(self) -> Decoder:
        """One that nobody calls."""
        return _NoDecoder()


class _NoDecoder:
    counts: dict[str, int] = {}

    def __call__(self, frame: Frame) -> Sequence[object]:
        raise AssertionError(frame)

    def broken(self, _: str) -> Sequence[object]:
        return []


class Journal:
    """Only its tail, and what may go."""

    uid = "memory"

    def __init__(self, last: int) -> None:
        self.tail = last
        self.kept: list[int] = []

    def last(self) -> int:
        """The tail."""
        return self.tail

    async def keep_from(self, position: int) -> None:
        """Note it."""
        self.kept.append(position)
