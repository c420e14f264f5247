"""The daemon on the site's files: as they change, as they fail, and as they are corrected."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingestd.testing.emulator import FAULTS, Fault, Stand
from ingestd.testing.football_data import SEASON, FootballDataSite
from ingestd.testing.harness import Running
from tests.integration.conftest import running

SCRIPT = 11
NOW = "SELECT source_market_id, outcome, price, status FROM current_odds"
GAPS = "SELECT scope_kind, scope_id, state FROM coverage WHERE ended_at IS NULL AND state <> 'complete'"


def ask(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """What the store says."""
    db = sqlite3.connect(folder / "store.db")
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def differences(site: FootballDataSite, folder: Path) -> list[object]:
    """What the store says otherwise than the site."""
    found = {(str(market), str(outcome)): Stand(price, str(status)) for market, outcome, price, status in ask(folder, NOW)}  # type: ignore[arg-type]
    wanted = {(key.source_market_id, key.outcome): stand for key, stand in site.truth().items()}
    return [(key, found.get(key), wanted.get(key)) for key in found | wanted if found.get(key) != wanted.get(key)]


@asynccontextmanager
async def reading(site: FootballDataSite, folder: Path, **options: object) -> AsyncIterator[Running]:
    """A daemon on the site."""
    source: Mapping[str, object] = {"name": "fd", "feed": "football_data", **site.options(), **options}
    async with running({"store": {"url": f"sqlite:///{folder / 'store.db'}"}, "sources": [source]}, folder) as one:
        yield one


async def agreed(site: FootballDataSite, one: Running, folder: Path) -> None:
    """Wait until the store says what the site says, and knows that nothing is missing."""
    async with asyncio.timeout(15):
        while not one.daemon.lanes.get("fd") or not one.daemon.lanes["fd"].coverage.whole or differences(site, folder) or ask(folder, GAPS):
            await asyncio.sleep(0.03)


async def test_as_the_files_change(tmp_path: Path) -> None:
    """Each version once; unchanged ones cost an answer without a body. A correction shows; what is left out stays."""
    async with FootballDataSite(tmp_path) as site:
        async with reading(site, tmp_path) as one:
            await site.play()
            await agreed(site, one, tmp_path)
        assert Counter(status for _, status in site.requests)[200] == site.boundaries == SCRIPT
        assert (SEASON, 304) in site.requests
    odds = ask(
        tmp_path,
        "SELECT h.price, h.status, h.result, h.time_basis FROM odds_history h JOIN selections s USING (selection_id)"
        " WHERE s.source_market_id = 'E9|2022-08-13|Ayton|Beeford|P|match_odds' AND s.outcome = 'home' ORDER BY h.changed_at, h.seq",
    )
    assert odds == [(2.12, "open", "", "nominal"), (1.9, "open", "", "nominal"), (None, "settled", "lost", "nominal")]
    results = ask(
        tmp_path,
        "SELECT r.home_score, r.away_score FROM results r JOIN event_links l USING (source, source_event_id)"
        " WHERE l.source_event_id = 'E9|2022-08-13|Ayton|Beeford'",
    )
    assert results == [(2, 2)]
    assert ask(tmp_path, "SELECT path FROM quarantine") == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("boundary", [0, 2, 6, SCRIPT - 1])
async def test_as_they_fail(tmp_path: Path, fault: Fault, boundary: int) -> None:
    """Whatever happens to one answer: in the end the store says what the site says."""
    async with FootballDataSite(tmp_path) as site:
        site.arm(boundary, fault)
        async with reading(site, tmp_path) as one:
            await site.play()
            await agreed(site, one, tmp_path)


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A division that has not begun keeps nobody waiting, is asked for in its time, and read once it is there."""
    async with FootballDataSite(tmp_path) as site, reading(site, tmp_path, divisions=["E8", "E9"]) as one:
        await site.play()
        await agreed(site, one, tmp_path)
        asked = Counter(path for path, _ in site.requests)
        assert 1 <= asked["mmz4281/2223/E8.csv"] <= asked[SEASON] + 3
        site.publish("mmz4281/2223/E8.csv", b"Div,Date,HomeTeam,AwayTeam,FTHG,FTAG\nE8,13/08/2022,Ann,Bee,1,0\n")
        async with asyncio.timeout(10):
            while not ask(tmp_path, "SELECT 1 FROM event_links WHERE source_event_id = 'E8|2022-08-13|Ann|Bee'"):
                await asyncio.sleep(0.03)


async def test_a_page_instead_of_a_file(tmp_path: Path) -> None:
    """It is a failure, whatever its status says; nothing of it is decoded, and the others go on."""
    async with FootballDataSite(tmp_path) as site, reading(site, tmp_path) as one:
        site.publish(SEASON, b"<!DOCTYPE html><html>busy</html>")
        async with asyncio.timeout(10):
            while not ask(tmp_path, "SELECT 1 FROM coverage WHERE scope_id = 'mmz4281/2223/E9' AND state = 'gap' AND reason = 'format'"):
                await asyncio.sleep(0.03)
        assert ask(tmp_path, "SELECT path FROM quarantine") == []
        assert one.daemon.collectors["fd"].status.state == "live"
        assert ask(tmp_path, "SELECT 1 FROM event_links WHERE source_event_id LIKE 'Nowhere|%'")
