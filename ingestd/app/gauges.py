"""How fast each source comes in and how late it is stored, measured once a second for whoever looks."""

from typing import Final, Protocol

from msgspec import Struct, field

from ingestd.interfaces import Clock
from ingestd.model import SECOND
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.lane import Lane
from ingestd.telemetry.alerts.trend import Lag, Trend

EVERY: Final = 1.0
SPAN: Final = 10.0
"""Seconds over which a rate is taken."""
LOOKS: Final = 3_600
"""Looks that are remembered of a source that lags: an hour of them; a greater lag is told as that."""


class Gauge(Struct):
    """Of one source: updates a second, and seconds since its frames were where the store is now."""

    rate: float = 0.0
    lag: float = 0.0
    updates: Trend = field(default_factory=lambda: Trend(SPAN))
    follower: Lag = field(default_factory=lambda: Lag(LOOKS))


class Measured(Protocol):
    """The parts of a daemon that are measured; sources come and go in them."""

    clock: Clock
    collectors: dict[str, Collector]
    lanes: dict[str, Lane]


class Gauges:
    """Of all sources."""

    def __init__(self, daemon: Measured) -> None:
        self._daemon = daemon
        self._gauges: dict[str, Gauge] = {}

    async def run(self) -> None:
        """Measure, for ever."""
        while True:
            self.measure()
            await self._daemon.clock.sleep(EVERY)

    def of(self, source: str) -> Gauge | None:
        """As it was measured last; None where it was not yet."""
        return self._gauges.get(source)

    def measure(self) -> None:
        """One look at every source; those that have gone are forgotten."""
        daemon = self._daemon
        now, wall = daemon.clock.monotonic(), daemon.clock.now()
        self._gauges = {name: self._gauges.get(name) or Gauge() for name in daemon.collectors}
        for name, gauge in self._gauges.items():
            status, lane = daemon.collectors[name].status, daemon.lanes.get(name)
            stored = lane.settled.get("ordinal", 0) if lane else 0
            behind = gauge.follower.behind(now, status.read - sum(status.dropped.values()), stored)
            if lane is None:
                gauge.lag = behind
                continue
            gauge.rate = gauge.updates.per_second(now, lane.settled["received"])
            # two bounds of how long the oldest frame has waited: looks are a second apart, and a quiet source's last frame is old
            gauge.lag = min(behind, max(0, wall - lane.last_received_at) / SECOND)
