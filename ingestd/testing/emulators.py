"""Every emulator there is, one line each, by the name of the feed that it tries."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from ingestd.testing import mapped
from ingestd.testing.betfair_emulator import BetfairScript
from ingestd.testing.emulator import Emulator
from ingestd.testing.football_data import FootballDataSite
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.polymarket_emulator import PolymarketEmulator
from ingestd.testing.simulated_emulator import SimulatedEmulator
from ingestd.testing.the_odds_api import TheOddsApiEmulator

EMULATORS: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[Emulator]]]] = {
    "betfair": BetfairScript,
    "football_data": FootballDataSite,
    "kalshi": KalshiEmulator,
    "mapped": mapped.listening,
    "polymarket": PolymarketEmulator,
    "simulated": SimulatedEmulator,
    "the_odds_api": TheOddsApiEmulator,
}
"""Called with a scratch folder; entered, it listens."""
