"""Recorded payloads into the store."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestd.app import FileLoads, Loaded
from ingestd.cli import load
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.model import OUTCOMES
from ingestd.sources import FEEDS

RECORDING = Path(__file__).resolve().parents[2] / "recorded/simulated/session.jsonl"


def loaded(config: Path, capsys: pytest.CaptureFixture[str], *files: Path) -> dict[str, int]:
    """What a load says of itself."""
    load.load(config, "simulated", list(files), store="", source="", at="", as_json=True)
    found: dict[str, int] = json.loads(capsys.readouterr().out)
    return found


def test_the_counts_balance(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Received is the sum of the six outcomes; frames are the lines of the file."""
    counts = loaded(config, capsys, RECORDING)
    assert counts["frames"] == len(RECORDING.read_bytes().splitlines())
    assert counts["received"] == sum(counts[outcome] for outcome in OUTCOMES) > 0
    assert counts["rows"] > 0


def test_a_file_loaded_twice_writes_nothing_more(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says the same of itself, but for the rows."""
    first, second = loaded(config, capsys, RECORDING), loaded(config, capsys, RECORDING)
    assert second == {**first, "rows": 0}


def test_several_files_add_up(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is a run of its own."""
    one = loaded(config, capsys, RECORDING)
    both = loaded(config, capsys, RECORDING, RECORDING)
    assert both["received"] == 2 * one["received"]


def test_one_that_cannot_be_read_does_not_keep_the_others_out(config: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """They are loaded and counted; the error names what is wrong with each that was not."""
    one = loaded(config, capsys, RECORDING)
    with pytest.raises(ConfigError, match=r"nope\.jsonl: no such file") as failed:
        load.load(config, "simulated", [Path("nope.jsonl"), RECORDING, tmp_path], store="", source="", at="", as_json=True)
    assert [problem.split(": ")[1].split(";")[0] for problem in failed.value.problems] == ["no such file", "is a folder"]
    assert json.loads(capsys.readouterr().out) == {**one, "rows": 0}


def test_polls_of_a_series_are_one_run(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the feed says so."""
    told: list[list[Path]] = []
    original = FileLoads.load

    async def watched(loads: FileLoads, feed: str, source: str, paths: Sequence[Path], at: int | None) -> Loaded:
        told.append(list(paths))
        return await original(loads, feed, source, paths, at)

    monkeypatch.setattr(FileLoads, "load", watched)
    loaded(config, capsys, RECORDING, RECORDING)
    monkeypatch.setattr("ingestd.cli.load.FEEDS", {"simulated": replace(FEEDS["simulated"], series=True)})
    loaded(config, capsys, RECORDING, RECORDING)
    assert told == [[RECORDING], [RECORDING], [RECORDING, RECORDING]]


def test_for_people_it_is_three_lines(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files and frames, updates by outcome, rows."""
    load.load(config, "simulated", [RECORDING], store="", source="", at="", as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["file,", "updates:", "rows"]


def test_an_unknown_feed_is_said(config: Path) -> None:
    """With those there are."""
    with pytest.raises(ConfigError, match=f"no feed 'betfiar'; there are {', '.join(sorted(FEEDS))}"):
        load.load(config, "betfiar", [RECORDING], store="", source="", at="", as_json=True)


def test_a_missing_file_is_said(config: Path) -> None:
    """By name."""
    with pytest.raises(ConfigError, match=r"nope\.jsonl: no such file"):
        load.load(config, "simulated", [Path("nope.jsonl")], store="", source="", at="", as_json=True)


def test_a_store_that_is_away_is_said(config: Path) -> None:
    """With what to do."""
    with pytest.raises(StoreUnavailable, match="start it, or name another with --store"):
        load.load(config, "simulated", [RECORDING], store="postgresql://nobody@127.0.0.1:1/none", source="", at="", as_json=True)
