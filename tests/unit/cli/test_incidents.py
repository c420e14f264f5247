"""What went wrong, for people and programs."""

import asyncio
import json
from pathlib import Path

import pytest

from ingestd.batch import IncidentRow
from ingestd.cli import incidents, status
from ingestd.cli.config import settings
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError
from ingestd.model import SECOND
from ingestd.store import open_store, upgrade


@pytest.fixture
def empty(config: Path) -> Path:
    """A store in which nothing has happened."""
    asyncio.run(upgrade(settings(config).store.url, "public"))
    return config


@pytest.fixture
def troubled(empty: Path) -> Path:
    """A store in which something went wrong an hour ago, and something three days ago."""

    async def write() -> None:
        clock = SystemClock()
        store = open_store(settings(empty).store.url, "public", clock)
        await store.prepare()
        hour = 3_600 * SECOND
        for number, ago, message in ((1, 1, "lost [red]again[/]"), (2, 72, "long ago")):
            at = clock.now() - ago * hour
            await store.record(
                [
                    IncidentRow(
                        id=number, source=f"s{number}", stage="source", category="gap:lost", severity="error", first_at=at - hour,
                        last_at=at, count=4, message=message,
                    )
                ]
            )  # fmt: skip
        await store.close()

    asyncio.run(write())
    return empty


def test_incidents(troubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The latest at the bottom; words of providers are no markup."""
    capsys.readouterr()
    incidents.incidents(troubled, source="", since="7d", limit=10, as_json=False)
    said = capsys.readouterr().out
    assert said.index("long ago") < said.index("lost [red]again[/]")
    incidents.incidents(troubled, source="s2", since="", limit=10, as_json=True)
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["source"], one["category"], one["count"], one["severity"]) == ("s2", "gap:lost", 4, "error")
    incidents.incidents(troubled, source="", since="24h", limit=10, as_json=True)
    assert [one["source"] for one in json.loads(capsys.readouterr().out)] == ["s1"]


def test_nothing(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is said as well."""
    capsys.readouterr()
    incidents.incidents(empty, source="", since="", limit=10, as_json=False)
    assert capsys.readouterr().out == "nothing went wrong\n"


def test_a_time_that_is_none(config: Path) -> None:
    """With what to write."""
    with pytest.raises(ConfigError, match=r"--since: 'lately' is no time; write a span"):
        incidents.incidents(config, source="", since="lately", limit=10, as_json=False)


def test_status_shows_the_latest(troubled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the last day, and where the others are."""
    capsys.readouterr()
    status.status(troubled, watch=False, as_json=False)
    said = capsys.readouterr().out
    assert "ingestd incidents" in said
    assert "lost [red]again[/]" in said
    assert "long ago" not in said
    status.status(troubled, watch=False, as_json=True)
    assert [one["source"] for one in json.loads(capsys.readouterr().out)["incidents"]] == ["s1"]
