"""The daemon as a process: what it says, what it answers, how it ends."""

import signal
from pathlib import Path

import pytest

from ingestd.testing.rig.daemon import daemon, following, until

ABSENT = "ws://127.0.0.1:9"
"""Nobody listens there."""


async def test_waiting_says_what_did_not_happen() -> None:
    """A rig that hangs helps nobody."""

    async def never() -> bool:
        return False

    with pytest.raises(TimeoutError, match=r"not within 0\.05 s: the sky falls"):
        await until(never, "the sky falls", within=0.05)


async def test_a_life_and_another(tmp_path: Path) -> None:
    """Started, asked, killed; started again, it tells its own words only, and stops in order."""
    async with daemon(tmp_path, following(f"sqlite:///{tmp_path / 'store.db'}", ABSENT)) as process:
        await process.start()
        assert (await process.page("/health/live"))[0] == 200
        assert (await process.metrics())['source_connected{source="exchange"}'] == 0.0
        await process.kill()
        await process.start()
        assert sum("daemon.started" in line for line in process.lines()) == 1
        assert (process.said("daemon.started"), process.said("daemon.stopped")) == (True, False)
        assert await process.stop(signal.SIGINT) == 0
        assert process.said("daemon.stopped")


async def test_one_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    """Its last words are in the error, and leaving without a life is no trouble."""
    async with daemon(tmp_path, following("mysql://nowhere", ABSENT)) as process:
        with pytest.raises(RuntimeError, match=r"ended with 78: .*store\.url"):
            await process.start()
