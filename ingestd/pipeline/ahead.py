"""What is decoded ahead of the batch at hand."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from ingestd.interfaces import Deathmark
from ingestd.model import Decoded, Frame
from ingestd.pipeline.lane import Lane

DEADLY: Final = 3
"""Starts in a row that died on a frame before it is quarantined undecoded."""


class Entry(Struct, gc=False):
    """A frame decoded ahead. ``lane`` None: nobody is configured for its source."""

    lane: Lane | None
    frame: Frame
    decoded: list[Decoded]

    @property
    def weight(self) -> int:
        """Bytes to count against the bound: the frame, and an allowance for each update."""
        return self.frame.weight + 250 * len(self.decoded)


def decoded(lane: Lane, frame: Frame, mark: Deathmark, *, rebuild: bool) -> list[Decoded]:
    """What a frame says. ``rebuild``: it is in the store already; nothing, but the decoder knows it again if its epoch is in use."""
    if rebuild and not 0 < lane.applied_epoch <= frame.offset:
        return []
    if frame.offset == mark.position and mark.deaths >= DEADLY:
        return lane.reader.without(frame, "deadly", f"the process died on it {mark.deaths} times")
    mark.mark(frame.offset)
    if rebuild:
        lane.reader.rebuild(frame)
        return []
    return lane.reader.decode(frame)


def fitting(ready: Iterable[Entry], rows: int) -> list[Entry]:
    """The first entries that fit into a batch of about so many rows."""
    work, coming = 0, []
    for entry in ready:
        if work >= rows:
            break
        work += 1 + len(entry.decoded)
        coming.append(entry)
    return coming
