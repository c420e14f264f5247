"""The daemon on Polymarket: markets that come and go, messages that change places or are lost, garbage, and lives one after another."""

import asyncio
from pathlib import Path

import pytest

from ingestd.testing.emulator import FAULTS, Fault
from ingestd.testing.harness import SOURCE, Trial
from ingestd.testing.polymarket_emulator import PolymarketEmulator
from ingestd.testing.polymarket_world import Generation
from ingestd.testing.rig.daemon import until
from ingestd.testing.rig.evidence import ask

MENDED = "SELECT reason, repaired_by FROM coverage WHERE scope_kind = 'market' AND state = 'gap'"
FIRST_CHANGE = 4
"""The message of the first change of prices; the next one takes it back."""


async def test_the_script_is_recorded(tmp_path: Path) -> None:
    """Every price, name, state and result; nothing is refused, every sum comes out, and Gamma's answers stand in the journal."""
    async with PolymarketEmulator(tmp_path) as emulator:
        trial = Trial(tmp_path, "polymarket", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one)
        assert emulator.server.faults.sent == emulator.boundaries
    assert (await trial.refused(), await trial.unbalanced()) == ([], [])
    assert {"gamma", "subscription"} <= {frame.meta.get("content") for frame in trial.frames()}
    assert await ask(trial.store, "SELECT name, sport FROM events ORDER BY name") == [
        ("Counter-Strike: Eastham vs Westham (BO3)", "counter_strike"),
        ("Counter-Strike: Northtown vs Southtown (BO3)", "counter_strike"),
    ]
    assert await ask(trial.store, "SELECT winner FROM results") == [("home",)]
    assert await ask(trial.store, "SELECT DISTINCT name, kind FROM bookmakers") == [("Polymarket", "prediction")]


async def test_changes_that_change_places(tmp_path: Path) -> None:
    """Noticed by their times; the market's books are fetched, and the gap says so."""
    async with PolymarketEmulator(tmp_path) as emulator:
        emulator.arm(FIRST_CHANGE, "reorder")
        trial = Trial(tmp_path, "polymarket", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one, disturbed=True)
            mended = await ask(trial.store, MENDED)
        assert set(emulator.server.books_asked) >= set(next(iter(emulator.world.markets.values())).tokens)
    assert [repaired for reason, repaired in mended if reason == "disorder"] == ["image"]


@pytest.mark.parametrize("generation", ["changes", "flat"])
async def test_older_generations(tmp_path: Path, generation: Generation) -> None:
    """The same script, in the words of 2025 and of 2024."""
    async with PolymarketEmulator(tmp_path) as emulator:
        emulator.world.generation = generation
        trial = Trial(tmp_path, "polymarket", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one)
    assert await trial.refused() == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("boundary", [0, 3, 4, 9, 15])
async def test_faults(tmp_path: Path, fault: Fault, boundary: int) -> None:
    """At Gamma's first page, at the books, at a change, at new ticks, at a market that is added: it ends well."""
    async with PolymarketEmulator(tmp_path) as emulator:
        emulator.arm(boundary, fault)
        trial = Trial(tmp_path, "polymarket", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one, disturbed=True)
    assert await trial.unbalanced() == []
    assert bool(await trial.refused()) == (fault == "garbage")


async def test_a_life_after_another(tmp_path: Path) -> None:
    """Nothing resumes: the second begins with an image, and what happened between is a gap."""
    async with PolymarketEmulator(tmp_path) as emulator:
        trial = Trial(tmp_path, "polymarket", emulator)
        world, (winner, *_) = emulator.world, emulator.world.markets.values()
        async with trial.life() as one:
            await trial.agreed(one)
        world.change(winner, "BUY", 490, 15)
        async with trial.life() as one:
            await trial.agreed(one)
    assert ("gap", "image") in await ask(trial.store, "SELECT state, repaired_by FROM coverage WHERE scope_kind = 'source'")


async def test_a_wrong_address_parks_the_source(tmp_path: Path) -> None:
    """With a hint; the daemon goes on."""
    async with PolymarketEmulator(tmp_path) as emulator:
        emulator.server.gamma_status = 404
        async with Trial(tmp_path, "polymarket", emulator).life() as one:

            async def parked() -> bool:
                return one.daemon.collectors[SOURCE].status.state == "parked"

            async with asyncio.timeout(10):
                await until(parked, "it is parked")
            assert one.daemon.collectors[SOURCE].status.reason == "http_404"
            assert one.daemon.supervisor.life.state == "running"
