"""The daemon on The Odds API: a script from end to end, the credits at their end while another source goes on, a key that nobody sees."""

import asyncio
from pathlib import Path

import pytest

from ingestd.testing.harness import SOURCE, Trial
from ingestd.testing.rig.daemon import until
from ingestd.testing.rig.evidence import ask
from ingestd.testing.the_odds_api import KEY, Denial, TheOddsApiEmulator
from tests.conftest import Command
from tests.integration.conftest import running

REPEATS = """
SELECT count(*) FROM (
  SELECT price, line, status,
    lag(price) OVER one AS price_before, lag(line) OVER one AS line_before, lag(status) OVER one AS status_before
  FROM odds_history WINDOW one AS (PARTITION BY selection_id ORDER BY changed_at, seq)
) WHERE status = status_before AND price IS price_before AND line IS line_before
"""
"""Rows of history that say what the row before them says."""


def holding(folder: Path, secret: bytes) -> list[Path]:
    """Files that a secret stands in."""
    return [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


async def test_the_script_is_recorded(tmp_path: Path) -> None:
    """Prices, withdrawals, a final score; times that move without a change add no row, and the key is in no file."""
    async with TheOddsApiEmulator(tmp_path) as emulator:
        trial = Trial(tmp_path, "the_odds_api", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one)
        assert emulator.asked["odds"] >= 12
    assert (await trial.refused(), await trial.unbalanced()) == ([], [])
    assert await ask(trial.store, REPEATS) == [(0,)]
    assert await ask(trial.store, "SELECT home_score, away_score, winner FROM results WHERE state = 'final'") == [(2, 1, "home")]
    assert await ask(trial.store, "SELECT name FROM bookmakers WHERE kind = 'exchange'") == [("Betfair Exchange",)]
    assert holding(tmp_path, KEY.encode()) == []


async def test_american_prices_are_stored_as_decimal(tmp_path: Path) -> None:
    """Within the precision that whole numbers leave."""
    async with TheOddsApiEmulator(tmp_path) as emulator:
        source = {
            "name": SOURCE,
            "feed": "the_odds_api",
            **emulator.options(),
            "odds_format": "american",
            "scores": False,
            "days_from": None,
        }
        settings = {"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}, "sources": [source]}
        async with running(settings, tmp_path) as one:
            await emulator.play()
            await one.read(SOURCE, 20)
    prices = await ask(f"sqlite:///{tmp_path / 'store.db'}", "SELECT price FROM odds WHERE price IS NOT NULL")
    assert len(prices) > 50
    assert all(1.0 < float(str(price)) < 7.0 for (price,) in prices)


async def test_without_credits_one_source_waits_and_another_goes_on(tmp_path: Path) -> None:
    """It says ``quota`` and asks for nothing more."""
    async with TheOddsApiEmulator(tmp_path) as poor, TheOddsApiEmulator(tmp_path) as rich:
        poor.denials.append(Denial("odds", 401, "OUT_OF_USAGE_CREDITS", times=1_000))
        sources = [{"name": name, "feed": "the_odds_api", **one.options()} for name, one in (("poor", poor), ("rich", rich))]
        async with running({"store": {"url": f"sqlite:///{tmp_path / 'store.db'}"}, "sources": sources}, tmp_path) as one:
            status = one.daemon.collectors

            async def waiting() -> bool:
                return status["poor"].status.reason == "quota"

            await until(waiting, "poor waits for its credits")
            await rich.play()
            assert (poor.asked["odds"], status["rich"].status.state) == (1, "live")
            assert status["poor"].status.state != "parked"


@pytest.mark.parametrize(("what", "status", "code"), [("sports", 401, "INVALID_KEY"), ("odds", 422, "INVALID_BOOKMAKERS")])
async def test_what_a_person_must_mend_parks_the_source(tmp_path: Path, what: str, status: int, code: str) -> None:
    """By the provider's own word."""
    async with TheOddsApiEmulator(tmp_path) as emulator:
        emulator.denials.append(Denial(what, status, code, times=1_000))
        trial = Trial(tmp_path, "the_odds_api", emulator)
        async with trial.life() as one:

            async def parked() -> bool:
                found = one.daemon.collectors[SOURCE].status
                return (found.state, found.reason) == ("parked", code.lower())

            await until(parked, "the source is parked")


async def test_a_storm_of_failures_passes(tmp_path: Path) -> None:
    """Failures of the server, half an answer, a web page: afterwards all is as the provider says."""
    async with TheOddsApiEmulator(tmp_path) as emulator:
        emulator.denials += [Denial("odds", 503, times=2), Denial("scores", 200, body=b"<html>"), Denial("event", 200, body=b'{"id":')]
        trial = Trial(tmp_path, "the_odds_api", emulator)
        async with trial.life() as one:
            await asyncio.wait_for(emulator.play(), 15)
            await trial.agreed(one, disturbed=True)
    assert {row[1] for row in await trial.refused()} == {"html", "format"}


def test_a_missing_key_is_said(tmp_path: Path, command: Command) -> None:
    """In one line, with exit code 78, by ``check`` and by ``run``."""
    (tmp_path / "ingestd.yaml").write_text("sources: [{name: odds, feed: the_odds_api, sports: [soccer_epl], regions: [eu]}]\n")
    for word in ("check", "run"):
        answer = command(word, "-c", "ingestd.yaml")
        assert (answer.code, "api_key" in answer.err + answer.out, "Traceback" in answer.err) == (78, True, False)
