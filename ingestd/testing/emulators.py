"""Every emulator there is, one line each, by the name of the feed that it tries."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from ingestd.testing.betfair_emulator import BetfairScript
from ingestd.testing.emulator import Emulator
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.simulated_emulator import SimulatedEmulator

EMULATORS: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[Emulator]]]] = {
    "betfair": BetfairScript,
    "kalshi": KalshiEmulator,
    "simulated": SimulatedEmulator,
}
"""Called with a scratch folder; entered, it listens."""
