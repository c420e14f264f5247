"""How much room a journal may take, and for how long."""

from typing import Final

from msgspec import Struct

from ingestd.model import SECOND

GIB: Final = 1 << 30
_SHARE: Final = 8
_SMALLEST_SEGMENT: Final = 64 * 1024


class JournalLimits(Struct, frozen=True, kw_only=True):
    """Bytes on disk at most, bytes of the disk left to others, age in µs after which frames nobody needs go, bytes of a segment."""

    limit: int = 10 * GIB
    reserve: int = GIB
    retain: int = 7 * 86_400 * SECOND
    segment_bytes: int = 64 * 1024 * 1024

    @property
    def rotate_at(self) -> int:
        """Bytes after which a segment is finished: room is given back by segments, so none may take much of the limit."""
        return min(self.segment_bytes, max(self.limit // _SHARE, _SMALLEST_SEGMENT))

    def problem(self, size: int, free: int, need: int) -> str:
        """Why ``need`` more bytes cannot be had when the journal has ``size`` and the disk ``free``; ``""`` if they can."""
        if size + need > self.limit:
            return f"{size} bytes of at most {self.limit} are used"
        if free - need < self.reserve:
            return f"{free} bytes of disk are free, of which {self.reserve} are reserved"
        return ""
