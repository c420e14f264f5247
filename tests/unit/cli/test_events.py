"""Matching on trial, from the command line."""

import json
from pathlib import Path

import pytest

from ingestd.cli import events
from ingestd.errors import ConfigError

TEXT = """label,sport_a,league_a,home_a,away_a,start_a,sport_b,league_b,home_b,away_b,start_b
same,football,EPL,Arsenal,Chelsea,2026-01-10T15:00Z,soccer,E0,Arsenal FC,Chelsea FC,2026-01-10T15:00Z
same,football,EPL,Fulham,Chelsea,2026-01-10T15:00Z,soccer,E0,Everton,Chelsea FC,2026-01-10T15:00Z
different,football,EPL,Leeds,Hull,2026-01-10T15:00Z,soccer,E0,Leeds United,Hull City,2026-01-10T15:00Z
same,football,EPL,Leeds,Hull,2026-01-10T15:00Z,soccer,E0,Leeds United,Hull City,2026-01-12T15:00Z
"""


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """One linked rightly, one wrongly, one missed, one for a person."""
    path = tmp_path / "pairs.csv"
    path.write_text(TEXT, encoding="utf-8-sig")
    return path


def test_score(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures, and every pair that went wrong; a question is none."""
    events.score(pairs, as_json=False)
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["pairs", "4:", "3", "the", "same,", "1", "different"]
    assert said[1].split()[:2] == ["precision", "0.5000"]
    assert [line for line in said if line.startswith("line")] == [
        "line 3: missed (0.00): Fulham v Chelsea (EPL) | Everton v Chelsea FC (E0)",
        "line 4: linked wrongly (1.00): Leeds v Hull (EPL) | Leeds United v Hull City (E0)",
    ]


def test_json(pairs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for a program."""
    events.score(pairs, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["pairs"], told["linked"], told["wrong"], told["missed"], told["review_same"]) == (4, 1, 1, 1, 1)
    assert told["precision"] == 0.5


def test_what_is_no_file_of_pairs(tmp_path: Path) -> None:
    """Says which file, what is wrong, and where to read on."""
    with pytest.raises(ConfigError, match=r"absent.csv.*docs/matching.md"):
        events.score(tmp_path / "absent.csv", as_json=False)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"other.csv: columns: there is no column"):
        events.score(tmp_path / "other.csv", as_json=False)
