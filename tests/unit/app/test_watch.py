"""What a daemon shows from outside."""

import json

import pytest

from ingestd.app import Daemon
from ingestd.app.watch import pages
from ingestd.model import SECOND
from ingestd.pipeline.resilience import Breaker


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
    loader, daemon.live.loader = daemon.live.loader, None
    answers = {path: pages(daemon)[path]("") for path in ("/health/startup", "/health/live", "/health/ready")}
    daemon.live.loader = loader
    assert {path: status for path, (status, _, _) in answers.items()} == {"/health/startup": 503, "/health/live": 200, "/health/ready": 503}


async def test_full_is_not_ready(daemon: Daemon) -> None:
    """What comes in could not be made durable."""
    daemon.intake.paused_since = daemon.clock.now()
    status, _, _ = pages(daemon)["/health/ready"]("")
    daemon.intake.paused_since = None
    assert status == 503


async def test_a_breaker_that_is_open_is_a_warning(daemon: Daemon) -> None:
    """Its name, which may be a host's, is not told."""
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
