"""What is decoded ahead of the batch at hand."""

from collections.abc import Iterable

from msgspec import Struct

from ingestd.model import Decoded, Frame
from ingestd.pipeline.lane import Lane


class Entry(Struct, gc=False):
    """A frame decoded ahead. ``lane`` None: nobody is configured for its source."""

    lane: Lane | None
    frame: Frame
    decoded: list[Decoded]

    @property
    def weight(self) -> int:
        """Bytes to count against the bound: the frame, and an allowance for each update."""
        return self.frame.weight + 250 * len(self.decoded)


def fitting(ready: Iterable[Entry], rows: int) -> list[Entry]:
    """The first entries that fit into a batch of about so many rows."""
    work, coming = 0, []
    for entry in ready:
        if work >= rows:
            break
        work += 1 + len(entry.decoded)
        coming.append(entry)
    return coming
