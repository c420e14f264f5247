"""Retries and discards from the command line."""

import asyncio
import json
from pathlib import Path

import pytest

from ingestd.cli import retry
from ingestd.errors import IngestdError
from tests.unit.cli.test_quarantine import refused


def said(config: Path, capsys: pytest.CaptureFixture[str], *ids: int, dry_run: bool = False, as_json: bool = False) -> str:
    """What a retry says."""
    source = "" if ids else "demo"
    retry.retry(config, ids, source=source, category="", dry_run=dry_run, force=False, as_json=as_json)
    return capsys.readouterr().out


def test_retry(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What became of all, and why; a rehearsal says what would; as JSON, each."""
    ids = asyncio.run(refused(config, 2))
    gone = "      2  cannot be tried\n      2      its frame is no longer in the journal\n"
    assert said(config, capsys) == f"{gone}0 rows of history are new\n"
    assert said(config, capsys, *ids, dry_run=True) == gone
    found = json.loads(said(config, capsys, as_json=True))
    assert (found["dry_run"], found["gone"], [one["fate"] for one in found["records"]]) == (False, 2, ["gone", "gone"])
    with pytest.raises(IngestdError, match="no record 7;"):
        said(config, capsys, 7)


def test_discard(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what is open; how to take it back is said."""
    ids = asyncio.run(refused(config, 2))
    retry.discard(config, ids[:1], source="", category="", reason="noise", as_json=False)
    assert capsys.readouterr().out.startswith(
        "1 record discarded\nto take one up again: ingestd quarantine retry ID; all of them: ingestd events undo "
    )
    retry.discard(config, [], source="", category="malformed", reason="noise", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"discarded": [ids[1]]}
    retry.discard(config, [], source="demo", category="", reason="noise", as_json=False)
    assert capsys.readouterr().out == "0 records discarded\n"
    assert said(config, capsys) == "nothing to try\n"
