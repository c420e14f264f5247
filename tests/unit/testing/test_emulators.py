"""Every feed has its emulator, which is one."""

from pathlib import Path

import pytest

from ingestd.sources import FEEDS
from ingestd.testing.emulator import Key, Stand
from ingestd.testing.emulators import EMULATORS


def test_one_for_every_feed() -> None:
    """A feed without an emulator is tried by nobody."""
    assert set(EMULATORS) == set(FEEDS)


@pytest.mark.parametrize("name", EMULATORS)
async def test_it_can_do_what_the_suite_asks(name: str, tmp_path: Path) -> None:
    """It listens, its options are the feed's, and it knows before the script what is offered."""
    async with EMULATORS[name](tmp_path) as emulator:
        assert emulator.boundaries > 5
        own = {key: value for key, value in emulator.options().items() if key in FEEDS[name].options.model_fields}
        FEEDS[name].options.model_validate(own)
        emulator.arm(0, "stall")
        for key, stand in emulator.truth().items():
            assert (type(key), type(stand)) == (Key, Stand)
