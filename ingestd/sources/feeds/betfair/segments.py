"""Messages that come in pieces: kept until the last one, then taken as one.

Source: stream API specification, "Segmentation": SEG_START, any number of SEG, SEG_END; only the last carries the clock. What kind of
message it is (``ct``) stands on the first.
"""

from typing import Final

from msgspec import Struct, field

from ingestd.errors import Malformed
from ingestd.sources.feeds.betfair.wire import MarketChange, Message, Problem

LARGEST_MESSAGE: Final = 64 * 1024 * 1024
"""Bytes that the segments of one message may have together."""
_MARKS: Final = frozenset(("SEG_START", "SEG", "SEG_END"))


class Content(Struct):
    """All that one message, whole or in pieces, says. ``bad``: markets of which some element could not be read (``""``: unknown)."""

    ct: str | None
    at: int | None
    mc: list[MarketChange]
    bad: set[str]


class _Pieces(Struct):
    ct: str | None
    mc: list[MarketChange] = field(default_factory=list)
    bad: set[str] = field(default_factory=set)
    size: int = 0


class Segments:
    """The unfinished messages of each connection (``shard``)."""

    def __init__(self) -> None:
        self._pieces: dict[str, _Pieces] = {}

    def clear(self) -> None:
        """Forget what is unfinished: its connection is gone."""
        self._pieces.clear()

    def assemble(self, shard: str, message: Message, problems: list[Problem], size: int) -> Content | None:
        """The content once it is whole, None until then. Raises Malformed where pieces do not follow each other."""
        at = message.pt * 1000 if message.pt is not None else None
        pieces = self._pieces.get(shard)
        bad = {problem.market for problem in problems}
        if message.segment is None and pieces is None:
            return Content(message.ct, at, message.mc or [], bad)
        if message.segment is None:
            if message.mc or bad:
                raise Malformed("sequence", "a whole message amid segments", "segmentType")
            return None
        pieces = self._piece(shard, message, pieces)
        pieces.size += size
        if pieces.size > LARGEST_MESSAGE:
            raise Malformed("oversize", f"segments of more than {LARGEST_MESSAGE} bytes", "segmentType")
        pieces.mc.extend(message.mc or ())
        pieces.bad |= bad
        if message.segment != "SEG_END":
            return None
        del self._pieces[shard]
        return Content(pieces.ct, at, pieces.mc, pieces.bad)

    def _piece(self, shard: str, message: Message, pieces: _Pieces | None) -> _Pieces:
        if message.segment not in _MARKS:
            raise Malformed("shape", f"unknown segment type {str(message.segment)[:40]!r}", "segmentType")
        if message.segment == "SEG_START":
            if pieces is not None and message.ct != "SUB_IMAGE":
                raise Malformed("sequence", "segments begin before the last ones ended", "segmentType")
            pieces = self._pieces[shard] = _Pieces(message.ct)
        elif pieces is None:
            raise Malformed("sequence", f"{message.segment} without a start", "segmentType")
        return pieces
