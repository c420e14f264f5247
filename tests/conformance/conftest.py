"""One feed recorded from its emulator: trials that start from one empty store, and the frames of a day when nothing went wrong."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingestd.store import upgrade
from ingestd.testing.emulator import Emulator
from ingestd.testing.emulators import EMULATORS
from ingestd.testing.harness import Trial


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a row; making one takes as long as a trial does."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    asyncio.run(upgrade(f"sqlite:///{path}", "public"))
    return path


@asynccontextmanager
async def trial(feed: str, folder: Path, empty: Path) -> AsyncIterator[tuple[Emulator, Trial]]:
    """A feed's emulator, listening, and its source, not yet recorded."""
    folder.mkdir(exist_ok=True)
    shutil.copy(empty, folder / "store.db")
    async with EMULATORS[feed](folder) as emulator:
        yield emulator, Trial(folder, feed, emulator)
