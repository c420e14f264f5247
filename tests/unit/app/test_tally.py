"""What the store tells, in metrics."""

from ingestd.app.tally import Tally
from ingestd.model import SECOND
from ingestd.store.history import Backlog, EndedRun
from ingestd.telemetry.series import Metrics

BEGAN = 1_000 * SECOND


def run(run_id: int, source: str = "demo", kind: str = "load", status: str = "done", ended: int = 10, received: int = 5) -> EndedRun:
    """One that ended so many seconds after the daemon began, and took 30."""
    ended_at = BEGAN + ended * SECOND
    return EndedRun(
        run_id=run_id, kind=kind, source=source, status=status, started_at=ended_at - 30 * SECOND, ended_at=ended_at, received=received
    )


def series(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """By the values of its labels."""
    return dict(next(one.series for one in metrics.families(metrics.moment()) if one.name == f"ingestd_{name}"))


def test_a_run_is_counted_once() -> None:
    """However often it is told; one of before is another daemon's, and a source that nobody configured has no series of its own."""
    metrics = Metrics()
    tally = Tally(metrics, {"demo"}, BEGAN)
    first, failed, early, foreign = run(1), run(2, status="failed"), run(3, ended=-1), run(4, source="typed by hand", kind="replay")
    tally.ended([early, first])
    tally.ended([foreign, failed, first, early])
    tally.ended([foreign, failed])
    assert series(metrics, "job_runs_total") == {("demo", "load", "done"): 1, ("demo", "load", "failed"): 1, ("other", "replay", "done"): 1}
    assert series(metrics, "job_records_total") == {("demo", "load"): 10, ("other", "replay"): 5}
    (durations,) = [one.seen for one in metrics.families(metrics.moment()) if one.name == "ingestd_job_duration_seconds"]
    assert {key: (sum(seen.counts), seen.total) for key, seen in durations.items()} == {("load",): (2, 60), ("replay",): (1, 30)}


def test_what_waits_in_quarantine() -> None:
    """By source, with the first of them; once it is empty, nothing waits."""
    metrics = Metrics()
    tally = Tally(metrics, {"demo"}, BEGAN)
    one, two = (Backlog(source=name, count=3, first_at=at * SECOND) for name, at in (("a", 50), ("b", 40)))
    tally.waiting([Backlog(source="demo", count=7, first_at=60 * SECOND), one, two])
    assert series(metrics, "quarantine_records") == {("demo",): 7, ("other",): 6}
    assert series(metrics, "quarantine_oldest_timestamp_seconds") == {("demo",): 60, ("other",): 40}
    tally.waiting([])
    assert series(metrics, "quarantine_records") == {}
    assert series(metrics, "quarantine_oldest_timestamp_seconds") == {}
