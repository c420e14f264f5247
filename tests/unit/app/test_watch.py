"""What a daemon shows from outside."""

import json

import pytest

from ingestd.app import Daemon
from ingestd.app.watch import pages
from ingestd.model import OUTCOMES, SECOND
from ingestd.pipeline.resilience import Breaker
from ingestd.sources.budget import Limit
from ingestd.sources.cadence import Needs


def figures(daemon: Daemon) -> dict[str, float]:
    """The metrics as a scrape finds them."""
    _, _, body = pages(daemon)["/metrics"]("")
    lines = [line.rpartition(" ") for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_the_accounts_balance_on_a_scrape(daemon: Daemon) -> None:
    """I6, from the figures alone."""
    found = figures(daemon)
    lane = daemon.lanes["demo"]
    assert (
        sum(found[f'ingestd_transformed_records_total{{outcome="{name}",source="demo"}}'] for name in OUTCOMES) == lane.counters["received"]
    )
    read, journalled, loaded = (found[f'ingestd_frames_{name}_total{{source="demo"}}'] for name in ("read", "journalled", "loaded"))
    assert read >= journalled >= loaded > 0
    assert found['ingestd_source_connected{source="demo"}'] == 1
    assert found["ingestd_journal_bytes"] > 0
    assert {found[f'ingestd_unknown_words{{kind="{kind}",source="demo"}}'] for kind in ("market", "period", "outcome")} == {0}


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/health/startup"])
async def test_a_running_daemon_is_well(daemon: Daemon, path: str) -> None:
    """On every page."""
    status, media_type, body = pages(daemon)[path]("")
    assert (status, media_type, json.loads(body)["status"]) == (200, "application/health+json", "pass")


async def test_a_store_that_is_away_fails_the_report_and_restarts_nobody(daemon: Daemon) -> None:
    """503 for people, 200 for the probe that would kill it."""
    daemon.writer.status.unavailable_since = daemon.clock.now()
    daemon.writer.status.reason = "locked"
    answers = {path: pages(daemon)[path]("") for path in ("/health", "/health/live", "/health/ready")}
    daemon.writer.status.unavailable_since = 0
    assert {path: status for path, (status, _, _) in answers.items()} == {"/health": 503, "/health/live": 200, "/health/ready": 200}
    assert json.loads(answers["/health"][2])["checks"]["store"]["output"] == "unavailable: locked"


async def test_a_loader_that_stands_still_is_not_alive(daemon: Daemon) -> None:
    """Only a restart helps then."""
    assert daemon.loader is not None
    daemon.loader.beat -= 1_000
    daemon.writer.status.busy_since = 0
    status, _, body = pages(daemon)["/health/live"]("")
    assert (status, json.loads(body)["checks"]["loader"]["status"]) == (503, "fail")


async def test_a_loader_that_waits_for_the_store_is_alive(daemon: Daemon) -> None:
    """However long it takes: no store may restart a daemon."""
    assert daemon.loader is not None
    daemon.loader.beat -= 1_000
    daemon.writer.status.busy_since = daemon.clock.now() - 90 * SECOND
    answers = {path: pages(daemon)[path]("") for path in ("/health", "/health/live", "/health/ready")}
    assert {path: status for path, (status, _, _) in answers.items()} == {"/health": 503, "/health/live": 200, "/health/ready": 200}


async def test_without_its_checkpoint_it_is_starting(daemon: Daemon) -> None:
    """Whatever it records meanwhile: neither started nor ready, and alive."""
    loader, daemon.loader = daemon.loader, None
    answers = {path: pages(daemon)[path]("") for path in ("/health/startup", "/health/live", "/health/ready")}
    daemon.loader = loader
    assert {path: status for path, (status, _, _) in answers.items()} == {"/health/startup": 503, "/health/live": 200, "/health/ready": 503}


async def test_full_is_not_ready(daemon: Daemon) -> None:
    """What comes in could not be made durable."""
    daemon.intake.paused_since = daemon.clock.now()
    status, _, _ = pages(daemon)["/health/ready"]("")
    daemon.intake.paused_since = None
    assert status == 503


async def test_budgets(daemon: Daemon) -> None:
    """What is left of a month, until when, and how long it will last; the key is named nowhere."""
    budget = daemon.budgets.budget("demo", "a-secret-key", (Limit(amount=500, seconds=None), Limit(amount=30, seconds=1)))
    assert [budget.take("epl", 200) for _ in range(2)] == [0, 0]
    budget.means("epl", 1, Needs(last=200))
    (report,) = daemon.budgets.reports()
    found = {name.partition("{")[0]: value for name, value in figures(daemon).items() if f'budget="{report.budget}"' in name}
    assert report.budget.startswith("demo:")
    assert found["ingestd_budget_limit"] == 500
    assert found["ingestd_budget_remaining"] == 100
    assert found["ingestd_budget_slowdown_ratio"] == 2
    assert found["ingestd_budget_renews_timestamp_seconds"] == budget.renews_at / SECOND
    assert 0 <= found["ingestd_budget_exhausted_timestamp_seconds"] <= found["ingestd_budget_renews_timestamp_seconds"]
    _, _, body = pages(daemon)["/metrics"]("")
    assert b"secret" not in body


async def test_a_breaker_that_is_open_is_a_warning(daemon: Daemon) -> None:
    """And sources that came meanwhile are asked as well."""
    daemon.breakers["token demo"] = breaker = Breaker("token demo", daemon.clock, daemon.reporter)
    breaker.state = "open"
    status, _, body = pages(daemon)["/health"]("")
    assert (status, json.loads(body)["checks"]["breakers"]) == (
        200,
        {"status": "warn", "output": "1 of 1 open", "observed_value": 1, "unit": "breakers"},
    )


async def test_status_holds_no_secret(daemon: Daemon) -> None:
    """It goes through the same redactor as everything else."""
    daemon.reporter.hide(["demo"])
    status, media_type, body = pages(daemon)["/status"]("")
    assert (status, media_type, b"demo" in body, b"***" in body) == (200, "application/json", False, True)
