"""What could not be taken, and what is only kept for analysis, as rows of quarantine."""

from typing import Final

import xxhash

from ingestd.batch import RejectRow
from ingestd.model import Decoded, Frame, Reject, hash64

LONGEST_ERROR: Final = 2_000


def record_id(source: str, payload: bytes, path: str) -> int:
    """The id of what was refused at a place of a payload: the same again is the same record."""
    return hash64("quarantine", source, _digest(payload), path)


def rejected(source: str, reject: Reject, frame: Frame, index: int, offset: int) -> RejectRow:
    """A reject of the ``index``-th item of a frame; ``offset``: of the frame in the store."""
    path = _storable(reject.path or (f"#{index}" if reject.stage != "decode" else ""))
    return RejectRow(
        quarantine_id=record_id(source, frame.payload, path),
        source=source,
        stage=reject.stage,
        category=reject.category,
        severity=reject.severity,
        reason=_storable(reject.reason),
        offset=offset,
        path=path,
        update=_storable(reject.update),
        error=_storable(reject.error),
        seen_at=frame.received_at,
    )


def repeated(source: str, cause: str, item: Decoded, frame: Frame, index: int, offset: int) -> RejectRow:
    """A duplicate, kept for analysis: nobody needs to look, and it never is what a reject of the same frame is."""
    return RejectRow(
        quarantine_id=hash64("duplicate", source, _digest(frame.payload), str(index)),
        source=source,
        stage="book",
        category="duplicate",
        severity="info",
        reason=_storable(cause),
        offset=offset,
        path=f"#{index}",
        update=_storable(repr(item)),
        error="",
        seen_at=frame.received_at,
        state="kept",
    )


def _storable(text: str) -> str:
    """Text that every database takes: what is wrong with an update is often its text."""
    return text[:LONGEST_ERROR].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _digest(payload: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(payload)
