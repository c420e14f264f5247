"""What alerts see of a daemon: read from memory at every look, and from the store once a minute; what grows is measured here."""

import asyncio
import shutil
from typing import Final

from ingestd.app.tally import Tally
from ingestd.app.watch import Daemon
from ingestd.errors import StoreUnavailable
from ingestd.model import OUTCOMES, SECOND
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import MAX_BYTES, MAX_RECORDS
from ingestd.store.history import Troubles
from ingestd.store.queries import Queries
from ingestd.telemetry.alerts.sight import BudgetSight, GapSight, RunSight, Sight, SourceSight
from ingestd.telemetry.alerts.trend import Lag, Trend

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
ASK_EVERY: Final = 60.0
"""Seconds between two questions to the store."""
ASK_WITHIN: Final = 5.0
"""Seconds that the store may take to answer; what it said last holds until then."""
NONE: Final = Troubles(gaps=[], runs=[])
TAILS: Final = 10_000
"""Looks at the journal's tail that are remembered, at most."""


class Lookout:
    """One daemon, looked at again and again."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._began = daemon.clock.now()
        self._trends: dict[tuple[str, str], Trend] = {}
        self._lag = Lag(TAILS)
        self._troubles = NONE
        self._asked = -ASK_EVERY
        self._tally = Tally(daemon.reporter.metrics, daemon.collectors, self._began)
        self._queries = Queries(daemon.settings.store.url, daemon.settings.store.schema_name, keep=True)

    async def look(self) -> Sight:
        """Everything as it is now."""
        await self._ask()
        daemon, now = self._daemon, self._daemon.clock.now()
        status = daemon.writer.status
        gaps = daemon.reporter.metrics.summed("source_gaps_total", "source")
        queued, weight = daemon.intake.queued_records / MAX_RECORDS, daemon.intake.queued_bytes / MAX_BYTES
        return Sight(
            now=now,
            sources=tuple(self._source(name, collector, gaps.get(name, 0.0)) for name, collector in daemon.collectors.items()),
            gaps=tuple(
                GapSight(source=one.source, scope=one.scope_kind, reason=one.reason, count=one.count, since=one.began_at)
                for one in self._troubles.gaps
                if one.source in daemon.collectors
            ),
            runs=tuple(self._runs(now)),
            budgets=tuple(
                BudgetSight(name=one.budget, left=one.left, renews_at=one.renews_at, empty_at=one.empty_at)
                for one in daemon.budgets.reports()
            ),
            breakers=tuple(name for name, breaker in daemon.breakers.items() if breaker.state == "open"),
            unavailable_since=status.unavailable_since,
            problem=status.problem,
            committed_at=status.committed_at,
            waiting=max(0, daemon.journal.last() - status.position),
            lag=self._lag.behind(now, daemon.journal.last(), status.position) / SECOND,
            commit=max(self._mean("sink_commit_duration_seconds"), (now - status.busy_since) / SECOND if status.busy_since else 0.0),
            queue=max(queued, weight),
            loop=self._mean("event_loop_lag_seconds"),
            journal=daemon.journal.size() / daemon.settings.journal.limit,
            journal_full_since=daemon.intake.paused_since or 0,
            disk=self._disk(),
            config_problems=daemon.reloads.problems,
            config_failed_at=daemon.reloads.failed_at,
            undelivered=tuple((one.channel, one.failing_since) for one in daemon.couriers if one.failing_since),
        )

    async def close(self) -> None:
        """Let go of the store."""
        await self._queries.close()

    async def _ask(self) -> None:
        """A store that is away or slow is no news here: other rules tell of it."""
        now = self._daemon.clock.monotonic()
        if now - self._asked < ASK_EVERY or self._daemon.writer.status.unavailable_since:
            return
        self._asked = now
        try:
            async with asyncio.timeout(ASK_WITHIN):
                since, own = self._daemon.clock.now() - round(HOUR * SECOND), self._daemon.incidents.run_id
                self._troubles = await self._queries.troubles(since, own)
                self._tally.ended(await self._queries.ended(since, own))
                self._tally.waiting(await self._queries.backlog())
        except (StoreUnavailable, TimeoutError):
            return

    def _source(self, name: str, collector: Collector, gaps: float) -> SourceSight:
        status = collector.status
        lane = self._daemon.lanes.get(name)
        counters = lane.counters if lane else {}
        received, refused = (float(counters.get(key, 0)) for key in ("received", "quarantined"))
        return SourceSight(
            name=name,
            state=status.state,
            since=status.since,
            reason=status.reason,
            last_received_at=status.last_received_at,
            silence_limit=collector.silence_limit,
            gaps=self._grown("gaps", name, HOUR, gaps),
            received=self._grown("received", name, 10 * MINUTE, received),
            refused=self._grown("refused", name, 10 * MINUTE, refused),
            dropped=sum(status.dropped.values()),
            unaccounted=int(received) - sum(counters.get(outcome, 0) for outcome in OUTCOMES),
        )

    def _runs(self, now: int) -> list[RunSight]:
        """Those of the last hour; the live run before ours matters for the first hour of ours."""
        young = now - self._began < HOUR * SECOND
        return [
            RunSight(kind=run.kind, source=run.source, status=run.status, started_at=run.started_at, error=run.error)
            for run in self._troubles.runs
            if run.status != "died" or young
        ]

    def _mean(self, name: str) -> float:
        """Of what a histogram saw within the last minute."""
        count, total = self._daemon.reporter.metrics.observed(name)
        observed, seconds = self._grown(f"{name} count", "", MINUTE, count), self._grown(name, "", MINUTE, total)
        return seconds / observed if observed else 0.0

    def _disk(self) -> float | None:
        """Seconds until the reserve is reached, as it went in the last half hour."""
        settings = self._daemon.settings.journal
        free = shutil.disk_usage(settings.path).free
        shrinks = -self._trend("disk", "", 30 * MINUTE).per_second(self._daemon.clock.monotonic(), free)
        left = max(0, free - settings.reserve)
        return left / shrinks if shrinks > 0 else None if left else 0.0

    def _grown(self, what: str, of: str, span: float, value: float) -> float:
        return self._trend(what, of, span).grown(self._daemon.clock.monotonic(), value)

    def _trend(self, what: str, of: str, span: float) -> Trend:
        return self._trends.setdefault((what, of), Trend(span))
