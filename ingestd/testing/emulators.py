"""Every emulator there is, one line each, by the name of the feed that it tries."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from ingestd.testing.emulator import Emulator
from ingestd.testing.football_data import FootballDataSite

EMULATORS: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[Emulator]]]] = {
    "football_data": FootballDataSite,
}
"""Called with a scratch folder; entered, it listens."""
