"""How fast each source comes in and how late it is stored, measured once a second for whoever looks."""

from collections.abc import Mapping
from typing import Final

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


class Gauges:
    """Of all sources. Both mappings are those of the daemon, in which sources come and go."""

    def __init__(self, collectors: Mapping[str, Collector], lanes: Mapping[str, Lane], clock: Clock) -> None:
        self._collectors = collectors
        self._lanes = lanes
        self._clock = clock
        self._gauges: dict[str, Gauge] = {}

    async def run(self) -> None:
        """Measure, for ever."""
        while True:
            self.measure()
            await self._clock.sleep(EVERY)

    def of(self, source: str) -> Gauge | None:
        """As it was measured last; None where it was not yet."""
        return self._gauges.get(source)

    def measure(self) -> None:
        """One look at every source; those that have gone are forgotten."""
        now, wall = self._clock.monotonic(), self._clock.now()
        self._gauges = {name: self._gauges.get(name) or Gauge() for name in self._collectors}
        for name, gauge in self._gauges.items():
            status, lane = self._collectors[name].status, self._lanes.get(name)
            tail = status.read - sum(status.dropped.values())
            if lane is None:
                gauge.lag = gauge.follower.behind(now, tail, 0)
                continue
            gauge.rate = gauge.updates.per_second(now, lane.counters["received"])
            behind = gauge.follower.behind(now, tail, lane.counters.get("ordinal", 0))
            # two bounds of how long the oldest frame has waited: looks are a second apart, and a quiet source's last frame is old
            gauge.lag = min(behind, max(0, wall - lane.last_received_at) / SECOND)
