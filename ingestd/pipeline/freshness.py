"""How old what providers say is when it comes, and when it is in the store: measured once per source and batch."""

from collections.abc import Sequence
from typing import Final

from ingestd.interfaces import Telemetry
from ingestd.model import SECOND, Decoded, Frame, Quote

LOOK: Final = 16
"""Updates at the end of a frame that are asked for their stamp: a poll restates many, and a figure per quote would cost too much."""


class Freshness:
    """Of each source the last frame of a batch whose quotes have a stamp of the provider's."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._seen: dict[str, tuple[int, int]] = {}
        self.ahead: dict[str, int] = {}
        """By source: how far its last stamp was ahead of our clock, µs; 0: not at all."""

    def see(self, frame: Frame, decoded: Sequence[Decoded]) -> None:
        """A frame goes into the batch at hand."""
        newest = max([stamp for item in decoded[-LOOK:] if (stamp := _stamp(item))], default=0)
        if newest:
            self._seen[frame.source] = (newest, frame.received_at)

    def committed(self, now: int) -> None:
        """The batch is in the store since ``now`` (µs UTC)."""
        for source, (stamp, received_at) in self._seen.items():
            self.ahead[source] = max(0, stamp - received_at)
            self._telemetry.add("source_event_age_seconds", max(0, received_at - stamp) / SECOND, source=source)
            self._telemetry.add("visible_latency_seconds", max(0, now - stamp) / SECOND, source=source)
        self._seen.clear()

    def forget(self, source: str) -> None:
        """It has gone."""
        self.ahead.pop(source, None)


def _stamp(item: Decoded) -> int | None:
    return item.changed_at if isinstance(item, Quote) and not item.nominal else None
