"""The numbers that Kalshi gives its messages: one count per subscription (``sid``), whatever markets it covers.

Source: AsyncAPI document. Snapshots, changes, trades and the replies ``ok`` and ``unsubscribed`` count; that a reply does is inferred, so
one without a number, or that repeats the last one, is borne.
"""

from typing import Final, Literal

from ingestd.sources.feeds.kalshi.wire import Envelope

COUNTED: Final = frozenset(("orderbook_snapshot", "orderbook_delta", "trade"))
REPLIES: Final = frozenset(("ok", "unsubscribed", "error"))
Verdict = Literal["next", "again", "hole"]


class Sequence:
    """Where the count of each subscription stands. What the lifecycle channel says is not counted: the session leaves most of it out."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def of(self, message: Envelope) -> Verdict:
        """Whether a message is the next one, was seen before, or comes after others that are missing."""
        sid, seq = message.sid, message.seq
        reply = message.type in REPLIES
        if sid is None or seq is None or not (reply or message.type in COUNTED):
            return "next"
        last = self._last.get(sid)
        if last is not None and seq <= last:
            return "next" if reply else "again"
        self._last[sid] = seq
        return "next" if last is None or seq == last + 1 else "hole"

    def clear(self) -> None:
        """Count anew from whatever comes."""
        self._last.clear()
