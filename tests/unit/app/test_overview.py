"""A daemon's answer on ``/status``."""

import asyncio

import msgspec

from ingestd.app import Daemon
from ingestd.app.overview import overview
from ingestd.app.watch import pages
from ingestd.overview import Overview
from ingestd.pipeline.resilience import Breaker


async def test_a_daemon_at_work(daemon: Daemon) -> None:
    """What it measured, and what it has done; the page is the same."""
    async with asyncio.timeout(10):
        while not ((gauge := daemon.gauges.of("demo")) and gauge.rate):
            await asyncio.sleep(0.1)
    found = overview(daemon)
    (source,) = found.sources
    assert (source.source, source.feed, source.state, source.silence_limit) == ("demo", "simulated", "live", 5)
    assert source.rate is not None
    assert source.rate > 0
    assert source.counters["received"] > 0
    assert found.daemon is not None
    assert (found.daemon.life, found.daemon.instance) == ("running", daemon.journal.uid)
    assert found.journal is not None
    assert found.journal.last >= found.journal.position > 0
    assert found.store is not None
    assert (found.store.unavailable_since, found.store.committed_at > 0) == (0, True)
    assert (found.breakers, found.budgets, found.alerts, found.incidents) == ({}, [], [], [])
    _, _, body = pages(daemon)["/status"]("")
    assert msgspec.json.decode(body, type=Overview).sources[0].source == "demo"


async def test_what_is_wrong(daemon: Daemon) -> None:
    """A store that is away, a breaker, an incident of today."""
    daemon.writer.status.unavailable_since = at = daemon.clock.now()
    daemon.writer.status.reason = "Connection refused"
    daemon.breakers["b"] = breaker = Breaker("b", daemon.clock, daemon.reporter)
    breaker.state = "half_open"
    daemon.reporter.fact("source.disconnected", source="demo", reason="closed", detail="by peer")
    found = overview(daemon)
    daemon.writer.status.unavailable_since = 0
    assert found.store is not None
    assert (found.store.unavailable_since, found.store.reason, found.breakers) == (at, "Connection refused", {"b": "half_open"})
    assert [(one.source, one.category, one.count) for one in found.incidents] == [("demo", "disconnected:closed", 1)]


async def test_a_source_that_is_gone_and_one_whose_lane_is_not_there(daemon: Daemon) -> None:
    """Sources are looked at anew each time; without a lane nothing is counted."""
    lane = daemon.lanes.pop("demo")
    (source,) = overview(daemon).sources
    daemon.lanes["demo"] = lane
    assert (source.quarantined, source.counters, source.last_changed_at) == (0, {}, 0)
    collector = daemon.collectors.pop("demo")
    found = overview(daemon).sources
    daemon.collectors["demo"] = collector
    assert found == []
