"""The coverage that a daemon must record of an emulator's day, and how that in a store differs from it.

It shares no code with ``pipeline.coverage``, and sees neither frames nor journal: only what the emulator did, and its protocol's rules.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from ingestd.testing.booked import Booked
from ingestd.testing.deeds import Deed
from ingestd.testing.polled import Polled
from ingestd.testing.spans import LATE, Moment, Protocol, Span
from ingestd.testing.streamed import Streamed


class Found(Struct, frozen=True):
    """An interval as a store has it, times in µs UTC."""

    scope: str
    began: int
    ended: int | None
    state: str
    reason: str
    repaired_by: str


def expected(deeds: Iterable[Deed], protocol: Protocol) -> list[Span]:
    """The intervals of a daemon that was stopped in order after these deeds."""
    client: Booked | Polled | Streamed = Booked() if protocol.booked else Polled() if protocol.polled else Streamed(protocol)
    for deed in deeds:
        client.see(deed)
    client.leave("stopped")
    spans = (span for span in client.spans if span.state != "complete" or span.ended != span.began)
    return sorted(spans, key=lambda span: (span.scope, span.began.earliest))


def unlike(wanted: Sequence[Span], found: Iterable[Found], frames: Sequence[int]) -> list[str]:
    """How the intervals of a store differ from what they must be; empty where they do not. ``frames``: when each was received, µs UTC.

    What was known for no time at all says nothing, and what was known for less than ``LATE`` may be such.
    """
    told = sorted((one for one in found if one.state != "complete" or one.ended != one.began), key=lambda one: (one.scope, one.began))
    missing = [*told]
    for span in wanted:
        if missing and _same(span, missing[0], frames):
            del missing[0]
        elif not _short(span):
            break
    else:
        if not missing:
            return []
    return [f"coverage must be {_words(wanted)}, is {_words(told)}"]


def _short(span: Span) -> bool:
    return span.state == "complete" and span.ended is not None and span.ended.earliest - span.began.earliest < LATE


def _same(span: Span, one: Found, frames: Sequence[int]) -> bool:
    words = (span.scope, span.state, span.reason, span.repaired_by) == (one.scope, one.state, one.reason, one.repaired_by)
    ends = span.ended is None if one.ended is None else span.ended is not None and span.ended.fits(one.ended, frames)
    return words and ends and span.began.fits(one.began, frames)


def _words(spans: Sequence[Span | Found]) -> str:
    return "; ".join(" ".join((one.scope, _time(one.began), _time(one.ended), one.state, one.reason, one.repaired_by)) for one in spans)


def _time(at: int | Moment | None) -> str:
    return "on" if at is None else f"{(at if isinstance(at, int) else at.earliest) / 1e6 % 1000:.3f}"
