"""The script is as long as it says, ends as it says, and holds what makes a script worth playing."""

from pathlib import Path

from ingestd.testing.harness import Trial
from ingestd.testing.simulated_emulator import SimulatedEmulator

ENDINGS = {"settled"}


async def test_the_script(tmp_path: Path) -> None:
    """An undisturbed client is sent exactly ``boundaries`` messages; in the end something is on offer no more, and the rest is priced."""
    async with SimulatedEmulator(tmp_path) as emulator:
        trial = Trial(tmp_path, "simulated", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one)
        assert emulator.sent == emulator.boundaries
        stands = emulator.truth().values()
        assert {stand.status for stand in stands} >= ENDINGS
        assert all(stand.price is not None and stand.price > 1 for stand in stands)
