"""What the store says of sources, runs and completeness."""

import json
from pathlib import Path

import pytest

from ingestd.cli import status
from ingestd.cli.times import iso
from ingestd.clock import SystemClock
from ingestd.errors import StoreUnavailable
from ingestd.sources.accounts import BUDGETS, Accounts
from ingestd.sources.budget import Limit


def test_status_counts_what_is_there(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON for a program, as a table for people."""
    capsys.readouterr()
    status.status(recorded, watch=False, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [(run["kind"], run["source"], run["status"]) for run in found["runs"]] == [("load", "demo", "done")]
    assert found["counts"]["odds"] > 0
    status.status(recorded, watch=False, as_json=False)
    said = capsys.readouterr().out
    assert said.startswith("daemon   does not answer; what follows is what the store says")
    assert "store    sqlite:///odds.db" in said
    assert f"odds_history {found['counts']['odds_history']:,}" in said


def test_a_store_that_is_not_there(config: Path) -> None:
    """Is said, with what to do."""
    with pytest.raises(StoreUnavailable, match="start the daemon once"):
        status.status(config, watch=False, as_json=True)


def test_budgets(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the file that the daemon keeps: what is left of which month, until when, and the forecast."""
    path = Path("journal") / BUDGETS
    path.parent.mkdir(exist_ok=True)
    budget = Accounts(path, SystemClock()).budget("demo", "key", (Limit(amount=500, seconds=None),))
    assert budget.take("epl", 500) == 0
    capsys.readouterr()
    status.status(recorded, watch=False, as_json=True)
    (report,) = json.loads(capsys.readouterr().out)["budgets"]
    assert (report["sources"], report["limit"], report["left"], report["renews_at"]) == (["demo"], 500, 0, budget.renews_at)
    assert report["empty_at"] <= budget.renews_at
    status.status(recorded, watch=False, as_json=False)
    said = capsys.readouterr().out
    assert report["budget"] in said
    assert iso(budget.renews_at)[:16] in said
    assert "as configured" in said


def test_budgets_that_cannot_be_read(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Are said so; the rest is shown as ever."""
    path = Path("journal") / BUDGETS
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"{")
    capsys.readouterr()
    status.status(recorded, watch=False, as_json=False)
    said = capsys.readouterr().out
    assert "budgets.json cannot be read" in said
    assert "odds_history" in said
