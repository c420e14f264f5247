"""Each rule fires when it should, and does not when it should not."""

from typing import Final

import pytest

from ingestd.model import SECOND
from ingestd.settings.rules import RULES
from ingestd.telemetry.alerts.rules import FIND, judge
from ingestd.telemetry.alerts.sight import BudgetSight, GapSight, RunSight, Sight, SourceSight

NOW: Final = 1_000_000 * SECOND
HOUR: Final = 3_600 * SECOND


def source(**known: object) -> Sight:
    """A healthy source, but for what is known of it."""
    healthy = {"name": "a", "state": "live", "since": NOW - HOUR, "last_received_at": NOW, "silence_limit": 10.0}
    return Sight(now=NOW, sources=(SourceSight(**{**healthy, **known}),))  # type: ignore[arg-type]


def gap(scope: str, reason: str, count: int = 1) -> Sight:
    """Gaps that began an hour ago."""
    return Sight(now=NOW, gaps=(GapSight(source="a", scope=scope, reason=reason, count=count, since=NOW - HOUR),))


def run(status: str, hours: float, kind: str = "load") -> Sight:
    """A run."""
    return Sight(now=NOW, runs=(RunSight(kind=kind, source="a", status=status, started_at=NOW - round(hours * HOUR), error="disk"),))


def budget(empty: float | None, left: float = 100) -> Sight:
    """A month that renews in 100 h and is used up in so many."""
    empty_at = None if empty is None else NOW + round(empty * HOUR)
    return Sight(now=NOW, budgets=(BudgetSight(name="b", left=left, renews_at=NOW + 100 * HOUR, empty_at=empty_at),))


WRONG: Final[dict[str, list[Sight]]] = {
    "source_down": [source(state="connecting"), source(state="recovering", reason="closed")],
    "source_silent": [source(state="silent", reason="silent"), source(last_received_at=NOW - 31 * SECOND)],
    "source_parked": [source(state="parked", reason="key")],
    "gap_open": [gap("market", "sequence"), gap("source", "journal_lost")],
    "gap_rate": [source(gaps=11)],
    "job_failed": [run("failed", 0.5), run("died", 5, "live"), gap("query", "status")],
    "job_late": [run("running", 7), gap("query", "overdue", 3)],
    "quota_short": [budget(75), budget(99, left=0.5)],
    "quarantine_growth": [source(refused=101, received=100_000)],
    "error_rate": [source(refused=6, received=100)],
    "records_dropped": [source(dropped=1)],
    "store_not_committing": [
        Sight(now=NOW, waiting=5, unavailable_since=NOW - 61 * SECOND, problem="refused"),
        Sight(now=NOW, waiting=5, lag=61, committed_at=NOW - 61 * SECOND),
    ],
    "commit_slow": [Sight(now=NOW, commit=5.1)],
    "ingest_lag": [Sight(now=NOW, lag=61)],
    "queue_near_full": [Sight(now=NOW, queue=0.81)],
    "loop_blocked": [Sight(now=NOW, loop=0.6)],
    "journal_near_full": [Sight(now=NOW, journal=0.81)],
    "journal_full": [Sight(now=NOW, journal_full_since=NOW - 1)],
    "disk_filling": [Sight(now=NOW, disk=3 * 3_600), Sight(now=NOW, disk=0)],
    "breaker_open": [Sight(now=NOW, breakers=("login",))],
    "unaccounted": [source(unaccounted=1), source(unaccounted=-1)],
    "config_reload_failed": [
        Sight(now=NOW, config_problems=("http.port: needs a restart", "nonsense: no such key"), config_failed_at=NOW - 9)
    ],
    "alerts_undelivered": [Sight(now=NOW, undelivered=(("slack", NOW - HOUR),))],
}
RIGHT: Final[dict[str, list[Sight]]] = {
    "source_down": [source(), source(state="parked"), source(state="stopped"), source(state="silent", reason="silent")],
    "source_silent": [source(last_received_at=NOW - 30 * SECOND), source(state="silent", reason="silent", last_received_at=0)],
    "source_parked": [source(), source(state="stopped")],
    "gap_open": [gap("query", "status"), source()],
    "gap_rate": [source(gaps=10)],
    "job_failed": [run("running", 1), gap("query", "overdue"), gap("market", "sequence")],
    "job_late": [run("running", 5), run("failed", 7), gap("query", "status")],
    "quota_short": [budget(None), budget(77)],
    "quarantine_growth": [source(refused=100)],
    "error_rate": [source(refused=5, received=100), source(refused=50, received=99)],
    "records_dropped": [source()],
    "store_not_committing": [
        Sight(now=NOW, waiting=0, unavailable_since=NOW - 61 * SECOND),
        Sight(now=NOW, waiting=5, unavailable_since=NOW - 59 * SECOND),
        Sight(now=NOW, waiting=5, lag=90, committed_at=NOW - SECOND),
    ],
    "commit_slow": [Sight(now=NOW, commit=5)],
    "ingest_lag": [Sight(now=NOW, lag=60)],
    "queue_near_full": [Sight(now=NOW, queue=0.8)],
    "loop_blocked": [Sight(now=NOW, loop=0.5)],
    "journal_near_full": [Sight(now=NOW, journal=0.8)],
    "journal_full": [Sight(now=NOW)],
    "disk_filling": [Sight(now=NOW, disk=None), Sight(now=NOW, disk=4 * 3_600)],
    "breaker_open": [Sight(now=NOW)],
    "unaccounted": [source()],
    "config_reload_failed": [Sight(now=NOW)],
    "alerts_undelivered": [Sight(now=NOW)],
}


def test_every_rule() -> None:
    """Has a way to find, and is tried here, both ways."""
    assert list(FIND) == list(RULES) == list(WRONG) == list(RIGHT)


@pytest.mark.parametrize(("rule", "sight"), [(rule, sight) for rule, sights in WRONG.items() for sight in sights])
def test_fires(rule: str, sight: Sight) -> None:
    """Once, with what is so, and never before it began."""
    found = judge(sight, {rule: RULES[rule]})
    assert [one.rule for one in found] == [rule]
    assert found[0].text
    assert found[0].since <= NOW


@pytest.mark.parametrize(("rule", "sight"), [(rule, sight) for rule, sights in RIGHT.items() for sight in sights])
def test_does_not_fire(rule: str, sight: Sight) -> None:
    """On the other side of the threshold."""
    assert judge(sight, {rule: RULES[rule]}) == []


def test_only_rules_that_are_on() -> None:
    """Others find nothing."""
    assert judge(source(state="parked"), {}) == []
