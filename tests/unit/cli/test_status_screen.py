"""The screen of an overview, in narrow terminals and wide ones."""

import re
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from ingestd.cli.shown import Shown
from ingestd.cli.status_screen import screen, unknown
from ingestd.model import SECOND
from ingestd.overview import Daemon, Journal, Source, Store, Trouble
from ingestd.settings import Settings

NOW = 1_700_000_000 * SECOND
LONG = "a_source_with_quite_a_long_name"
SHOWN = Shown(
    at=NOW,
    taken_from="daemon",
    daemon=Daemon(version="1", instance="i", life="running", started_at=NOW - 7_200 * SECOND),
    sources=[
        Source(source="a", feed="kalshi", state="live", since=NOW - 60 * SECOND, rate=1_234.5, lag=0.25, last_changed_at=NOW - SECOND),
        Source(source=LONG, feed="betfair", state="recovering", since=NOW, reason="closed", rate=0.0, lag=90.0, quarantined=12),
    ],
    store=Store(committed_at=NOW - SECOND),
    journal=Journal(size=3 << 20, limit=10 << 30, last=5_000, position=1),
    breakers={"kalshi-rest": "open"},
    incidents=[
        Trouble(source="a", severity="error", category="c", message="lost [red]it[/]", first_at=NOW, last_at=NOW - 60 * SECOND, count=3)
    ],
)


def drawn(shown: Shown, width: int) -> str:
    """What is on the screen."""
    console = Console(file=StringIO(), width=width)
    console.print(screen(shown, Settings(), width))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 99, 120])
def test_everything_has_its_place(width: int) -> None:
    """However narrow it is: who says it, what is wrong, each source, and what lies behind."""
    said = drawn(SHOWN, width)
    assert max(map(len, said.splitlines())) <= width
    assert said.startswith("daemon   running on http://127.0.0.1:8001, for 2 h")
    words = " ".join(said.split())
    assert re.search(r"a .*live +\d+ s +1,23[45] +0.2 s", said)
    assert "3 of 10,240 MiB, 4,999 positions wait for the store" in words
    assert "kalshi-rest open" in words
    assert "1 min ago" in words or "60 s ago, 3 times: lost [red]it[/]" in words
    assert ("kalshi " in said, "why" in said) == (width >= 100, width >= 100)


def test_without_a_daemon() -> None:
    """What was live for too long is not running, and nobody claims a rate."""
    stale = Source(source="a", feed="f", state="live", since=NOW - 90 * SECOND, last_received_at=NOW - 90 * SECOND, silence_limit=5)
    shown = msgspec.structs.replace(
        SHOWN, taken_from="store", daemon=None, store=None, journal=None, sources=[stale], problems=["it hangs"]
    )
    said = drawn(shown, 80)
    assert said.startswith("daemon   does not answer; what follows is what the store says\n         it hangs\n")
    assert "not running" in said


def test_nobody_says_anything() -> None:
    """Then why."""
    said = drawn(Shown(at=NOW, taken_from="nowhere", problems=["no daemon", "no store"]), 80)
    assert said.startswith("daemon   does not answer, and nor does the store\n         no daemon\n         no store\n")


def test_unknown_words_are_shown() -> None:
    """By kind, and nothing where there are none."""
    assert unknown({"unknown_market": 1_200, "unknown_outcome": 3, "rows": 7}) == "1,200 market, 3 outcome"
    assert unknown({}) == ""


def test_paths_are_shown_as_they_are_set() -> None:
    """The journal's folder, and the store without its password."""
    settings = Settings.model_validate({"store": {"url": "postgresql://me:hunter2@db/odds"}, "journal": {"path": Path("/j")}})
    console = Console(file=StringIO(), width=100)
    console.print(screen(SHOWN, settings, 100))
    assert isinstance(console.file, StringIO)
    assert "store    postgresql://me:***@db/odds, last commit 1 s ago\njournal  /j, 3 of" in console.file.getvalue()
