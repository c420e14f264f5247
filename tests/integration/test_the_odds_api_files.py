"""Recorded answers of The Odds API: a series of polls is one run, withdrawals are found between them, and nothing is written twice."""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingestd.app.finite import new_run, open_journal
from ingestd.clock import SystemClock
from ingestd.journal.deathmark import Deathmark
from ingestd.model import OUTCOMES
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Limits, Loader
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings
from ingestd.sources import FEEDS
from ingestd.sources.transports.files import recorded
from ingestd.store import open_store
from ingestd.telemetry import build_reporter
from ingestd.testing.digest import digest
from ingestd.testing.rig.daemon import SCHEMA
from tests.conftest import Command
from tests.integration.conftest import loaded, sql

FEED = "the_odds_api"
DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[3] / "shared" / "data")
SERIES = sorted((DATA / FEED / "poll_series_nfl_spreads").glob("*.json"))
FILES = sorted((DATA / FEED).rglob("*.json"))
needs_recordings = pytest.mark.skipif(not SERIES, reason=f"no recordings: {DATA}/{FEED} is empty (INGESTD_DATA names the folder)")


def statuses(url: str) -> Counter[str]:
    """Rows of history by status."""
    return Counter(
        {str(status): int(str(count)) for status, count in sql(url, "SELECT status, count(*) FROM odds_history GROUP BY status")}
    )


def facts(url: str) -> dict[str, str]:
    """Digests of what a store holds."""
    return asyncio.run(digest(url, SCHEMA))


@needs_recordings
def test_a_series_of_polls(store_url: str, command: Command) -> None:
    """Five polls: 2,349 price rows, 4 withdrawals, in any order; what did not change adds none, nor does loading them again."""
    counts = loaded(command, FEED, SERIES[::-1], store_url)
    assert statuses(store_url) == {"open": 2_349, "withdrawn": 4}
    assert (counts["prices"], counts["frames"], counts["rows"], counts["quarantined"]) == (
        1_884 + 1_884 + 1_886 + 1_888 + 1_918,
        5,
        2_353,
        0,
    )
    assert counts["received"] == sum(counts[outcome] for outcome in OUTCOMES)
    before = facts(store_url)

    again = loaded(command, FEED, SERIES, store_url)
    assert (again["rows"], statuses(store_url)) == (0, {"open": 2_349, "withdrawn": 4})
    assert facts(store_url) == before


@needs_recordings
def test_again_from_the_journal(store_url: str, tmp_path: Path, command: Command) -> None:
    """The frames of the series, replayed into the same store and into an empty one in small batches, leave the same facts (I3)."""
    first = f"sqlite:///{tmp_path / 'first.db'}"
    loaded(command, FEED, SERIES, first)
    before = facts(first)
    (mark,) = tmp_path.rglob("deathmark")
    for url in (first, store_url):
        asyncio.run(replay(mark.parent, url))
        assert facts(url) == before
        assert statuses(url) == {"open": 2_349, "withdrawn": 4}


async def replay(folder: Path, url: str) -> None:
    """Take the journal of a load into a store."""
    clock = SystemClock()
    settings = Settings()
    reporter = build_reporter(settings.log.model_copy(update={"level": "error"}), clock, terminal=False)
    journal = await open_journal(settings, folder, clock)
    store = open_store(url, SCHEMA, clock)
    deathmark = Deathmark(folder / "deathmark")
    try:
        await store.prepare()
        run = new_run("replay", FEED, clock)
        journal_id = await store.journal_id(journal.uid, str(folder))
        journal.seal()
        lane = Lane(FEED, FEED, recorded(FEED, SERIES, FEEDS[FEED], clock), Catalogue(), live=False)
        limits = Limits(rows=300, pace=0.0)
        writer = Writer(store, clock, reporter)
        learner = Learner(lane.catalogue, writer, clock)
        loader = Loader(run, journal, journal_id, {FEED: lane}, learner, writer, clock, reporter, deathmark, limits=limits)
        await loader.run(await store.begin(run, journal_id, 0))
        await store.end(run, ended_at=clock.now(), status="done", counts=lane.counters)
    finally:
        deathmark.close()
        await journal.close()
        await store.close()


@needs_recordings
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_recording(sqlite_url: str, path: Path, command: Command) -> None:
    """Its prices are as many as counted elsewhere, and all of them are in the store."""
    stats: dict[str, Any] = json.loads((DATA / "STATS.json").read_text())["files"][str(path.relative_to(DATA))]  # type: ignore[explicit-any]
    counts = loaded(command, FEED, [path], sqlite_url)
    assert counts["quarantined"] == 0
    assert sum(counts.get(name, 0) for name in ("events", "scores", "sports")) == stats["records"]
    prices = stats.get("prices", counts.get("prices", 0))
    assert (counts.get("prices", 0), counts["rows"]) == (prices, prices)
    assert sql(sqlite_url, "SELECT count(*) FROM odds") == [(prices,)]


@needs_recordings
def test_a_poll_that_cannot_be_read_does_not_lose_the_others(sqlite_url: str, tmp_path: Path, command: Command) -> None:
    """A web page, half an answer and a file that is not there: the first two are in quarantine, the third is said."""
    (tmp_path / "page.json").write_bytes(b"<html>Bad gateway</html>")
    (tmp_path / "half.json").write_bytes(SERIES[1].read_bytes()[:100_000])
    answer = command("load", FEED, *SERIES, "page.json", "half.json", "nowhere.json", "--store", sqlite_url, "--json")
    assert (answer.code, answer.err) == (78, "ingestd: nowhere.json: no such file; check the name and the folder you are in\n")
    assert json.loads(answer.out)["quarantined"] == 2
    assert statuses(sqlite_url) == {"open": 2_349, "withdrawn": 4}
    assert sql(sqlite_url, "SELECT category FROM quarantine ORDER BY category") == [("format",), ("html",)]
