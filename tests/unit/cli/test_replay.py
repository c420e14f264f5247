"""The journal again, from the command line."""

import asyncio
import json
from pathlib import Path

import pytest

from ingestd.cli import replay
from ingestd.cli.config import settings as read_settings
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import Frame
from tests.unit.cli.conftest import RECORDING

AT = 1_700_000_000_000_000


async def record(folder: Path) -> None:
    """A recording as a daemon would have it in its journal."""
    journal = await LocalJournal.open(folder, clock=SystemClock(), limits=JournalLimits(reserve=0))
    lines = RECORDING.read_bytes().splitlines()
    frames = [Frame("demo", "data", AT + place, line) for place, line in enumerate(lines)]
    frames[0].kind, frames[0].epoch = "opened", True
    await journal.append(frames)
    await journal.close()


def counts(config: Path, capsys: pytest.CaptureFixture[str], *, since: str = "", until: str = "") -> dict[str, int]:
    """What a replay says of itself."""
    replay.replay(config, source="demo", since=since, until=until, store="", as_json=True)
    found: dict[str, int] = json.loads(capsys.readouterr().out)
    return found


def test_an_empty_store_is_filled_and_a_full_one_stays(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second time says the same, but for the rows; in words as well."""
    asyncio.run(record(read_settings(config).journal.path))
    first = counts(config, capsys)
    assert first["frames"] == len(RECORDING.read_bytes().splitlines())
    assert first["rows"] > 0
    assert counts(config, capsys) == {**first, "rows": 0}
    assert counts(config, capsys, until="2001-01-01")["frames"] == 0
    replay.replay(config, source="", since="", until="", store="", as_json=False)
    assert f"{first['frames']} frames of the journal" in capsys.readouterr().out


@pytest.mark.parametrize(("since", "until", "option"), [("noon", "", "--from"), ("", "noon", "--to")])
def test_a_time_that_is_none(config: Path, since: str, until: str, option: str) -> None:
    """The option is named."""
    with pytest.raises(ConfigError, match=f"{option}: 'noon' is no time"):
        replay.replay(config, source="", since=since, until=until, store="", as_json=True)
