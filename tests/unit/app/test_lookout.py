"""What alerts see of a real daemon."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from ingestd.app import Daemon
from ingestd.app.lookout import Lookout
from ingestd.model import SECOND, Run
from ingestd.pipeline.writer import WriterStatus
from ingestd.settings.rules import RULES
from ingestd.store.history import OpenGaps, Troubles, UnhappyRun
from ingestd.telemetry.alerts.rules import judge


@pytest.fixture
async def lookout(daemon: Daemon) -> AsyncIterator[Lookout]:
    """Over a daemon at work."""
    found = Lookout(daemon)
    yield found
    await found.close()


async def test_a_daemon_at_work(daemon: Daemon, lookout: Lookout) -> None:
    """One live source that is accounted for; nothing fires."""
    sight = await lookout.look()
    (source,) = sight.sources
    assert (source.name, source.state, source.dropped, source.unaccounted) == ("demo", "live", 0, 0)
    assert (sight.now - source.last_received_at) / SECOND < 10
    assert (sight.runs, sight.breakers, sight.problem, sight.unavailable_since) == ((), (), "", 0)
    assert 0 < sight.journal < 0.01
    async with asyncio.timeout(10):
        while not (await lookout.look()).sources[0].received:
            await asyncio.sleep(0.05)
    assert {one.rule for one in judge(sight, RULES)} <= {"gap_open"}


def instead(lookout: Lookout, daemon: Daemon, **parts: object) -> None:
    """Look at the daemon as if it had these parts; itself it goes on as it is."""
    names = (
        "settings",
        "clock",
        "journal",
        "reporter",
        "intake",
        "writer",
        "collectors",
        "lanes",
        "breakers",
        "budgets",
        "couriers",
        "incidents",
        "reloads",
    )
    seen = SimpleNamespace(**{**{name: getattr(daemon, name) for name in names}, **parts})
    lookout._daemon = seen


async def test_what_is_wrong_is_seen(daemon: Daemon, lookout: Lookout) -> None:
    """From each part of the daemon that knows."""
    await lookout.look()
    now = daemon.clock.now()
    status = WriterStatus(unavailable_since=now - 90 * SECOND, problem="refused", committed_at=now - 95 * SECOND)
    counters = dict(daemon.lanes["demo"].counters)
    counters["received"] += 7
    instead(
        lookout,
        daemon,
        writer=SimpleNamespace(status=status),
        intake=SimpleNamespace(queued_records=19_000, queued_bytes=0, paused_since=now),
        lanes={"demo": SimpleNamespace(counters=counters)},
    )
    daemon.reporter.add("event_loop_lag_seconds", 50)
    for _ in range(20):
        daemon.reporter.add("source_gaps_total", source="demo", reason="sequence")
    found = {one.rule for one in judge(await lookout.look(), RULES)}
    assert {"store_not_committing", "queue_near_full", "journal_full", "unaccounted", "gap_rate", "loop_blocked"} <= found


async def test_what_the_store_says(daemon: Daemon, lookout: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open gaps of configured sources, failed runs, and the daemon before this one while it is young. It is asked once a minute."""
    asked = []

    async def troubles(since: int, own_run: int | None) -> Troubles:
        asked.append(own_run)
        gap = OpenGaps(source="demo", scope_kind="market", reason="sequence", count=2, began_at=1)
        run = UnhappyRun(kind="live", source="", status="died", started_at=1, error="")
        return Troubles(gaps=[gap, replace(gap, source="gone")], runs=[run, replace(run, kind="load", status="failed")])

    monkeypatch.setattr(lookout._queries, "troubles", troubles)
    await lookout.look()
    sight = await lookout.look()
    assert asked == [daemon.incidents.run_id]
    assert [(one.source, one.count) for one in sight.gaps] == [("demo", 2)]
    assert [(run.kind, run.status) for run in sight.runs] == [("live", "died"), ("load", "failed")]
    lookout._began -= 3_600 * SECOND
    assert [(run.kind, run.status) for run in (await lookout.look()).runs] == [("load", "failed")]


async def test_a_store_that_hangs(daemon: Daemon, lookout: Lookout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does not hold up the look: what it said last holds."""
    monkeypatch.setattr("ingestd.app.lookout.ASK_WITHIN", 0.05)

    async def hang(since: int, own_run: int | None) -> Troubles:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(lookout._queries, "troubles", hang)
    async with asyncio.timeout(5):
        assert (await lookout.look()).gaps == ()


async def test_what_the_store_tells_goes_into_metrics(daemon: Daemon, lookout: Lookout) -> None:
    """A job of another process, and what waits in quarantine."""
    run = Run(run_id=7, kind="load", source="demo", started_at=daemon.clock.now())
    await daemon.store.begin(run, await daemon.store.journal_id("another", "path"), 0)
    await daemon.store.end(run, ended_at=daemon.clock.now(), status="done", counts={"received": 12})
    await lookout.look()
    metrics = daemon.reporter.metrics
    found = {one.name: one for one in metrics.families(metrics.moment())}
    assert found["ingestd_job_runs_total"].series == {("demo", "load", "done"): 1}
    assert found["ingestd_job_records_total"].series["demo", "load"] == 12
    assert list(found["ingestd_job_duration_seconds"].seen) == [("load",)]
    assert found["ingestd_quarantine_records"].series == {}
