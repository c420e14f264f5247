"""The real daemon on one source: agreement is waited for, and what does not agree is said."""

from pathlib import Path

import pytest

from ingestd.testing.emulator import Key, Stand
from ingestd.testing.harness import SOURCE, Trial
from ingestd.testing.simulated_emulator import SimulatedEmulator

STRANGER = Key("nowhere", "nobody")


class Boasting(SimulatedEmulator):
    """Says that it offers what it does not."""

    def truth(self) -> dict[Key, Stand]:
        """One too many."""
        return {**super().truth(), STRANGER: Stand(1.5, "open")}


async def test_two_lives(tmp_path: Path) -> None:
    """Everything is in the store after the first, and the second goes on from there."""
    async with SimulatedEmulator(tmp_path) as emulator:
        trial = Trial(tmp_path, "simulated", emulator)
        async with trial.life() as one:
            await emulator.play()
            await trial.agreed(one)
        frames = len(trial.frames())
        assert (await trial.unbalanced(), await trial.refused()) == ([], [])
        async with trial.life() as one:
            await one.read(SOURCE, 1)
            await trial.agreed(one)
        assert [frame.meta.get("resumed") for frame in trial.frames()[frames:] if frame.kind == "opened"] == ["replay"]
        assert await trial.unbalanced() == []


async def test_what_does_not_agree_is_said(tmp_path: Path) -> None:
    """By name; without an agreement there is no end but the deadline."""
    async with Boasting(tmp_path) as emulator:
        trial = Trial(tmp_path, "simulated", emulator)
        async with trial.life() as one:
            await emulator.play()
            with pytest.raises(TimeoutError, match=r"nowhere nobody back: is .* not stored"):
                await trial.agreed(one, within=1.0)
