"""The sources of a daemon: what they are built of, and what is let go of with them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from ingestd.app.finite import open_journal
from ingestd.app.roster import Ready, Roster, nothing
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError
from ingestd.pipeline.intake import Intake
from ingestd.settings import LogSettings, Settings, SourceSettings, validate_feeds
from ingestd.sources import FEEDS
from ingestd.telemetry import build_reporter


def source(name: str, feed: str = "the_odds_api", **options: object) -> tuple[SourceSettings, BaseModel]:
    """One with its options."""
    given = {"api_key": "0123456789abcdef0123456789abcdef", "sports": ["soccer_epl"], "regions": ["eu"]} if feed == "the_odds_api" else {}
    made = SourceSettings.model_validate({"name": name, "feed": feed, **given, **options})
    settings = Settings(sources=(made,))
    return made, validate_feeds(settings, FEEDS)[name]


@pytest.fixture
async def roster(tmp_path: Path) -> AsyncIterator[Roster]:
    """An empty one."""
    clock, settings = SystemClock(), Settings.model_validate({"journal": {"path": tmp_path / "journal", "reserve": 0}})
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    journal = await open_journal(settings, settings.journal.path, clock)
    made = Roster(settings, nothing, Intake(journal, clock, reporter), journal, clock, reporter)
    yield made
    await made.close()
    await journal.close()


async def put(roster: Roster, ready: Ready) -> None:
    """In the place of the one before, if there is one."""
    if ready.source.name in roster.collectors:
        await roster.release(ready.source.name)
    roster.put(ready)


async def test_preparing_leaves_no_trace(roster: Roster) -> None:
    """No collector, no feed, no budget, no breaker."""
    ready = await roster.prepare(*source("paid"))
    roster.rehearse(ready)
    assert (roster.collectors, roster.feeds, roster.breakers, roster.budgets.reports()) == ({}, {}, {}, [])
    await ready.needs.aclose()


async def test_a_budget_goes_with_its_source(roster: Roster) -> None:
    """A plan that was enlarged counts at once; a source that is gone is not reported."""
    for limit in (500, 20_000):
        await put(roster, await roster.prepare(*source("paid", credits=limit)))
        assert [report.limit for report in roster.budgets.reports()] == [limit]
    collector = roster.collectors["paid"]
    await roster.release("paid")
    roster.drop("paid", collector)
    assert (roster.collectors, roster.feeds, roster.budgets.reports()) == ({}, {}, [])


async def test_a_breaker_goes_with_the_last_that_it_guards(roster: Roster) -> None:
    """Others keep theirs."""
    for name in ("one", "two"):
        await put(roster, await roster.prepare(*source(name, "simulated", url="ws://127.0.0.1:9")))
        roster._guard(name, "shared")
    shared = roster.breakers["shared"]
    for name, left in (("one", {"shared": shared}), ("two", {})):
        collector = roster.collectors[name]
        await roster.release(name)
        roster.drop(name, collector)
        assert roster.breakers == left


async def test_another_of_the_same_name_stays(roster: Roster) -> None:
    """It came before the lane of the first had gone."""
    await put(roster, await roster.prepare(*source("demo", "simulated", url="ws://127.0.0.1:9")))
    first = roster.collectors["demo"]
    await put(roster, await roster.prepare(*source("demo", "simulated", url="ws://127.0.0.1:9")))
    roster.drop("demo", first)
    assert roster.collectors["demo"] is not first
    assert roster.view("demo").state == "connecting"
    assert roster.silence_limit("demo") > 10_000_000


async def test_time_rules_do_not_change(roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The book was built on one."""
    await put(roster, await roster.prepare(*source("demo", "simulated", url="ws://127.0.0.1:9")))
    monkeypatch.setattr(type(roster.feeds["demo"]), "time_rule", "stamped")
    roster.feeds["demo"].time_rule = "ordered"
    ready = await roster.prepare(*source("demo", "simulated", url="ws://127.0.0.1:9"))
    with pytest.raises(ConfigError, match=r"sources\.demo: its time_rule changes from ordered, which needs a restart"):
        roster.rehearse(ready)
    assert asyncio.all_tasks() == {asyncio.current_task()}
