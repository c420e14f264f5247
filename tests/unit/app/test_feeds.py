"""Feeds as a daemon has them."""

from pathlib import Path

from ingestd.app.feeds import build_feed
from ingestd.clock import SystemClock
from ingestd.pipeline.resilience import Breaker
from ingestd.settings import Settings, validate_feeds
from ingestd.sources import FEEDS
from ingestd.sources.accounts import Accounts
from ingestd.telemetry import build_reporter


def test_a_feed_has_its_options_and_its_name(tmp_path: Path) -> None:
    """Built, and connected to nothing."""
    given = {"journal": {"path": tmp_path}, "sources": [{"name": "demo", "feed": "simulated"}]}
    settings = Settings.model_validate(given)
    clock = SystemClock()
    reporter = build_reporter(settings.log, clock, terminal=False)
    options = validate_feeds(settings, FEEDS)["demo"]
    accounts = Accounts(tmp_path / "budgets.json", clock)
    feed = build_feed(settings, settings.sources[0], options, clock, lambda name: Breaker(name, clock, reporter), accounts)
    assert (feed.time_rule, feed.renewable) == ("ordered", True)
