"""The daemon on Kalshi's stream: the whole script, faults in it, a key that is refused, bad frames, a web service that fails."""

from pathlib import Path

import pytest

from ingestd.testing.harness import SOURCE, Trial
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.rig.daemon import until
from ingestd.testing.rig.evidence import ask


async def test_the_script(tmp_path: Path) -> None:
    """Every price stands as the emulator says, nothing is refused, all is accounted for; events have names."""
    async with KalshiEmulator() as emulator:
        trial = Trial(tmp_path, "kalshi", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one)
        assert (await trial.unbalanced(), await trial.refused()) == ([], [])
        assert await ask(trial.store, "SELECT name, league FROM event_links WHERE source_event_id <> ''") == [
            ("Northtown vs Southtown", "KXTALEGAME")
        ]


async def test_a_restart_in_the_middle(tmp_path: Path) -> None:
    """The second life begins with fresh books, and coverage has the gap."""
    async with KalshiEmulator() as emulator:
        trial = Trial(tmp_path, "kalshi", emulator)
        async with trial.life() as one:
            await trial.agreed(one)
        for _ in range(3):
            await emulator.step()
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one, disturbed=True)
        assert await trial.unbalanced() == []
        states = await ask(trial.store, "SELECT state FROM coverage WHERE scope_kind = 'source' ORDER BY began_at")
        assert ("gap",) in states or ("down",) in states


async def test_a_wrong_key_parks_the_source(tmp_path: Path) -> None:
    """And says why."""
    async with KalshiEmulator() as emulator:
        emulator.gate.skew = 3_600_000
        trial = Trial(tmp_path, "kalshi", emulator)
        async with trial.life() as one:

            async def parked() -> bool:
                return one.daemon.collectors[SOURCE].status.state == "parked"

            await until(parked, "the source is parked", 10)
            assert one.daemon.collectors[SOURCE].status.reason == "unauthorised"


@pytest.mark.parametrize("status", [429, 500])
async def test_a_web_service_that_fails_ends_no_stream(tmp_path: Path, status: int) -> None:
    """Prices go on without it."""
    async with KalshiEmulator() as emulator:
        trial = Trial(tmp_path, "kalshi", emulator)
        async with trial.life() as one:
            await trial.agreed(one)
            emulator.rest.http_status, emulator.rest.retry_after = status, "1"
            before = len(emulator.rest.requests)

            async def asked() -> bool:
                return len(emulator.rest.requests) > before

            await until(asked, "the web service was asked", 10)
            for _ in range(2):
                await emulator.step()
            await trial.agreed(one)
            assert emulator.gate.admitted == 1
