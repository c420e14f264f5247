"""Intervals of knowledge as they are to be found in a store, and the rules of a protocol that they follow from."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

LATE: Final = 500_000
"""µs after which a message that was written is a frame, on a busy machine; silence is noticed no sooner than that."""
SOURCE: Final = "source"


class Protocol(Struct, frozen=True, kw_only=True):
    """What a client can tell from a provider's messages.

    ``order``: ``image`` (numbers go up by one, from an image on), ``counted`` (by one, from whatever comes), ``forward`` (a time never
    goes back), or nothing shows that a message is missing. ``cut``: what a broken link looks like from its other end.
    """

    order: Literal["image", "counted", "forward", ""] = ""
    hole: str = "sequence"
    """What its decoder calls it."""
    cut: str = "reset"
    early: bool = False
    """What comes before the session counts as begun is a part of it."""
    polled: bool = False
    """The client asks, query by query; none of the rest applies."""
    booked: bool = False
    """Books by asset, over several connections; none of the rest applies."""
    passing: str = ""
    """Counts that begin with this tell of what no later message restates, and no image either: their hole is over at once."""


class Moment(Struct, frozen=True):
    """A frame of what was written then, µs UTC: not before the earlier time, not long after the later one."""

    earliest: int
    latest: int

    def fits(self, at: int, frames: Sequence[int]) -> bool:
        """Whether it may have been then: by ``LATE``, or with the next frame there is, however late a busy machine read it."""
        following = frames[min(bisect_left(frames, self.latest), len(frames) - 1)] if frames else 0
        return self.earliest <= at <= max(self.latest + LATE, following)


class Span(Struct):
    """An interval that is to be found. ``ended`` None: it lasts."""

    scope: str
    began: Moment
    state: str
    reason: str = ""
    ended: Moment | None = None
    repaired_by: str = ""
