"""What only the store knows, in metrics: the runs of other processes, which have no page of their own, and what waits in quarantine."""

from collections.abc import Container, Iterable
from math import inf

from ingestd.model import SECOND
from ingestd.reasons import OTHER
from ingestd.store.history import Backlog, EndedRun
from ingestd.telemetry.series import Metrics


class Tally:
    """Counts each run once, however often the store tells of it. A source that is not configured is ``other``: anybody may name one."""

    def __init__(self, metrics: Metrics, sources: Container[str], since: int) -> None:
        """``since``: runs that ended earlier (UTC µs) are another daemon's to tell."""
        self._metrics = metrics
        self._sources = sources
        self._since = since
        self._counted: set[int] = set()

    def ended(self, runs: Iterable[EndedRun]) -> None:
        """These are the runs that ended lately; each is told until it is long over."""
        told = {run.run_id: run for run in runs if run.ended_at >= self._since}
        for run_id in told.keys() - self._counted:
            run = told[run_id]
            source = self._named(run.source)
            self._metrics.add("job_runs_total", source=source, kind=run.kind, outcome=run.status)
            self._metrics.add("job_records_total", run.received, source=source, kind=run.kind)
            self._metrics.add("job_duration_seconds", (run.ended_at - run.started_at) / SECOND, kind=run.kind)
        self._counted = set(told)

    def waiting(self, backlogs: Iterable[Backlog]) -> None:
        """This is what waits."""
        counts: dict[tuple[str], int] = {}
        oldest: dict[tuple[str], float] = {}
        for one in backlogs:
            key = (self._named(one.source),)
            counts[key] = counts.get(key, 0) + one.count
            oldest[key] = min(oldest.get(key, inf), one.first_at / SECOND)
        self._metrics.put("quarantine_records", counts.items())
        self._metrics.put("quarantine_oldest_timestamp_seconds", oldest.items())

    def _named(self, source: str) -> str:
        return source if source in self._sources else OTHER
