"""A daemon's answer on ``/status``: everything that a person wants to know of it at once, from memory."""

from typing import Final

import msgspec

from ingestd import __version__
from ingestd.app.watch import Daemon, life
from ingestd.model import SECOND, SourceStatus
from ingestd.overview import Daemon as Process
from ingestd.overview import Firing, Journal, Overview, Source, Store, Trouble
from ingestd.pipeline.collector import Collector

DAY: Final = 86_400 * SECOND
LATELY: Final = 5
"""Incidents of the last day, at most."""


def overview(daemon: Daemon) -> Overview:
    """As it is now."""
    now, status = daemon.clock.now(), daemon.writer.status
    return Overview(
        at=now,
        daemon=Process(version=__version__, instance=daemon.journal.uid, life=life(daemon), started_at=daemon.started_at),
        sources=[_source(daemon, name, collector) for name, collector in daemon.collectors.items()],
        journal=Journal(
            size=daemon.journal.size(),
            limit=daemon.settings.journal.limit,
            full_since=daemon.intake.paused_since or 0,
            last=daemon.journal.last(),
            position=status.position,
        ),
        store=Store(
            unavailable_since=status.unavailable_since,
            reason=status.reason,
            busy_since=status.busy_since,
            committed_at=status.committed_at,
        ),
        breakers={name: breaker.state for name, breaker in daemon.breakers.items() if breaker.state != "closed"},
        budgets=daemon.budgets.reports(),
        alerts=[msgspec.convert(one, Firing, from_attributes=True) for one in daemon.alerts.firing],
        incidents=[msgspec.convert(one, Trouble, from_attributes=True) for one in daemon.incidents.latest(now - DAY, LATELY)],
    )


def _source(daemon: Daemon, name: str, collector: Collector) -> Source:
    """Live only once its image is complete, as the store has it."""
    status, lane, gauge = collector.status, daemon.lanes.get(name), daemon.gauges.of(name)
    state: SourceStatus = "recovering" if status.state == "live" and lane is not None and not lane.coverage.whole else status.state
    return Source(
        source=name,
        feed=next((one.feed for one in daemon.settings.sources if one.name == name), ""),
        state=state,
        since=status.down_since or status.since,
        reason=status.reason,
        hint=status.hint,
        rate=None if gauge is None else round(gauge.rate, 1),
        lag=None if gauge is None else round(gauge.lag, 3),
        last_received_at=status.last_received_at,
        last_changed_at=lane.last_changed_at if lane else 0,
        silence_limit=collector.silence_limit,
        quarantined=lane.settled["quarantined"] if lane else 0,
        counters={**lane.settled, **lane.book.unknown} if lane else {},
    )
