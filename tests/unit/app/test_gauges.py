"""Rates and lags, measured."""

from types import SimpleNamespace

import pytest

from ingestd.app.gauges import Gauges
from ingestd.testing.clock import VirtualClock

SECOND = 1_000_000


class Feed:
    """A collector and a lane, as far as they are looked at."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.status = SimpleNamespace(read=0, dropped={})
        self.settled = {"received": 0, "ordinal": 0}
        self.last_received_at = clock.now()

    def comes(self, frames: int) -> None:
        """Frames are read."""
        self.status.read += frames

    def stored(self, frames: int, updates: int) -> None:
        """Frames are loaded."""
        self.settled["ordinal"] += frames
        self.settled["received"] += updates
        self.last_received_at = self.clock.now()


def measuring(clock: VirtualClock, collectors: dict[str, Feed], lanes: dict[str, Feed]) -> Gauges:
    """The gauges of a daemon that has these."""
    return Gauges(SimpleNamespace(clock=clock, collectors=collectors, lanes=lanes))


async def test_a_rate_and_a_lag() -> None:
    """Updates a second over ten seconds; how long the oldest frame waits, none where nothing does."""
    clock = VirtualClock()
    feed = Feed(clock)
    gauges = measuring(clock, {"s": feed}, {"s": feed})
    assert gauges.of("s") is None
    for _ in range(20):
        feed.comes(10)
        feed.stored(10, 30)
        gauges.measure()
        await clock.sleep(1)
    gauge = gauges.of("s")
    assert gauge is not None
    assert gauge.rate == pytest.approx(30)
    assert gauge.lag == 0
    for _ in range(5):
        feed.comes(10)
        gauges.measure()
        await clock.sleep(1)
    gauge = gauges.of("s")
    assert gauge is not None
    assert (gauge.rate < 30, gauge.lag) == (True, 5)
    feed.stored(50, 150)
    gauges.measure()
    assert gauge.lag == 0


async def test_a_frame_that_came_just_now_is_not_late() -> None:
    """Though the look before was a second ago: what is stored is as fresh as its last frame."""
    clock = VirtualClock()
    feed = Feed(clock)
    gauges = measuring(clock, {"s": feed}, {"s": feed})
    gauges.measure()
    await clock.sleep(0.75)
    feed.comes(2)
    feed.stored(1, 1)
    await clock.sleep(0.25)
    gauges.measure()
    gauge = gauges.of("s")
    assert gauge is not None
    assert gauge.lag == 0.25


async def test_a_quiet_source_has_no_lag_because_of_its_first_frame() -> None:
    """Its last frame is old, the one that waits is not."""
    clock = VirtualClock()
    feed = Feed(clock)
    gauges = measuring(clock, {"s": feed}, {"s": feed})
    for _ in range(60):
        gauges.measure()
        await clock.sleep(1)
    feed.comes(1)
    gauges.measure()
    gauge = gauges.of("s")
    assert gauge is not None
    assert gauge.lag == 1


async def test_sources_come_and_go() -> None:
    """One whose lane is not there yet has a lag and no rate; one that has gone is forgotten."""
    clock = VirtualClock()
    feed = Feed(clock)
    collectors = {"s": feed}
    gauges = measuring(clock, collectors, {})
    gauges.measure()
    await clock.sleep(3)
    feed.comes(1)
    gauges.measure()
    gauge = gauges.of("s")
    assert gauge is not None
    assert (gauge.rate, gauge.lag) == (0, 3)
    del collectors["s"]
    gauges.measure()
    assert gauges.of("s") is None
