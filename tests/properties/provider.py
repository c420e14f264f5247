"""What every provider in small has: a clock, frames as its session would hand them on, and the ledger of what is then true."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from random import Random
from typing import ClassVar

import msgspec

from ingestd.model import Frame
from tests.properties.ledger import Key, Ledger, Shown

T0 = 1_772_366_400_000_000
"""2026-03-01 12:00:00 UTC, in µs."""
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class Provider(ABC):
    """One source of a feed. A subclass keeps ``ledger`` true: it changes it just before the frame that says so is yielded.

    ``options`` are those of a source of the feed; nothing is ever connected. ``refused``: how many records of valid payloads are to be
    quarantined, because something before them was missing.
    """

    options: ClassVar[Mapping[str, object]] = {}

    def __init__(self, source: str) -> None:
        self.source = source
        self.now = T0
        self.ledger = Ledger()
        self.refused = 0

    @abstractmethod
    def begin(self, dice: Random) -> Iterator[Frame]:
        """The first session, up to where everything is known."""

    @abstractmethod
    def step(self, dice: Random) -> Iterator[Frame]:
        """Whatever the provider does next."""

    def history(self) -> dict[Key, list[tuple[int, Shown]]] | None:
        """Of a stamped feed: everything that was ever true, by selection, with since when. None: as the frames came."""
        return None

    def opened(self, *, resumed: str = "", **meta: str) -> Frame:
        """A session begins."""
        if resumed:
            meta["resumed"] = resumed
        return Frame(self.source, "opened", self.now, epoch=not resumed, meta=meta)

    def closed(self) -> Frame:
        """A session ended."""
        return Frame(self.source, "closed", self.now, meta={"reason": "reset"})

    def data(self, said: object, meta: Mapping[str, str] | None = None, *, epoch: bool = False) -> Frame:
        """A message, or the body of an answer."""
        payload = said if isinstance(said, bytes) else msgspec.json.encode(said)
        return Frame(self.source, "data", self.now, payload, epoch=epoch, meta=dict(meta or {}))

    def wait(self, dice: Random) -> None:
        """Time passes: mostly little, now and then so much that a book sweeps what is over."""
        self.now += dice.choice((1, 1_000, SECOND, SECOND, MINUTE))
