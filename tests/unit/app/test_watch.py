"""What a daemon shows from outside."""

import json

import pytest

from ingestd.app import Daemon
from ingestd.app.watch import pages


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/health/startup"])
async def test_a_running_daemon_is_well(daemon: Daemon, path: str) -> None:
    """On every page."""
    status, media_type, body = pages(daemon)[path]("")
    assert (status, media_type, json.loads(body)["status"]) == (200, "application/health+json", "pass")


async def test_a_store_that_is_away_fails_the_report_and_restarts_nobody(daemon: Daemon) -> None:
    """503 for people, 200 for the probe that would kill it."""
    daemon.writer.status.unavailable_since = daemon.clock.now()
    daemon.writer.status.problem = "locked"
    answers = {path: pages(daemon)[path]("") for path in ("/health", "/health/live", "/health/ready")}
    daemon.writer.status.unavailable_since = 0
    assert {path: status for path, (status, _, _) in answers.items()} == {"/health": 503, "/health/live": 200, "/health/ready": 200}
    assert json.loads(answers["/health"][2])["checks"]["store"]["output"] == "unavailable: locked"


async def test_a_loader_that_stands_still_is_not_alive(daemon: Daemon) -> None:
    """Only a restart helps then."""
    assert daemon.loader is not None
    daemon.loader.beat -= 1_000
    status, _, body = pages(daemon)["/health/live"]("")
    assert (status, json.loads(body)["checks"]["loader"]["status"]) == (503, "fail")


async def test_full_is_not_ready(daemon: Daemon) -> None:
    """What comes in could not be made durable."""
    daemon.intake.paused_since = daemon.clock.now()
    status, _, _ = pages(daemon)["/health/ready"]("")
    daemon.intake.paused_since = None
    assert status == 503
