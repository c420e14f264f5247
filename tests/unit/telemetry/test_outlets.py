"""Where lines go, and what is counted when they cannot."""

import io
import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ingestd.errors import ConfigError
from ingestd.telemetry.actions import ACTIONS
from ingestd.telemetry.facts import BRACES, Fact
from ingestd.telemetry.outlets import to_files, to_stream

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "log.schema.json").read_text(encoding="utf-8"))
LINES = Draft202012Validator(SCHEMA)


def fact(action: str, **labels: str | float) -> Fact:
    """A fact of this kind."""
    return Fact(action=action, at=1, message="said", labels=labels)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("value", ["text", 1.5])
def test_schema(action: str, value: str | float) -> None:
    """Every action, whatever its labels are, is one line that docs/log.schema.json takes."""
    stream = io.StringIO()
    labels = dict.fromkeys([*BRACES.findall(ACTIONS[action].text), "source", "run", "error", "stack", "offset"], value)
    labels |= {"seconds": 2.5} if ACTIONS[action].lasted else {}
    for name in ("run", "error", "stack", "error_type"):
        labels[name] = "text"
    to_stream(stream, "json", "1.2.3").write(fact(action, **labels))
    assert [error.message for error in LINES.iter_errors(json.loads(stream.getvalue()))] == []


def test_the_schema_knows_all_actions() -> None:
    """No more and no less."""
    assert sorted(SCHEMA["properties"]["event.action"]["enum"]) == sorted(ACTIONS)


def test_stack_for_people() -> None:
    """On lines of its own, each marked, none forged."""
    stream = io.StringIO()
    to_stream(stream, "text", "").write(fact("daemon.failed", stack="one\n2026-11-23 error \x1b[31m\n", run="7", job="live", offset=3))
    assert stream.getvalue() == ("1970-01-01T00:00:00.000Z error   said  offset=3\n    | one\n    | 2026-11-23 error \\x1b[31m\n")


def test_files_rotate(tmp_path: Path) -> None:
    """At its size a file is put aside; so many stay, and every line is whole."""
    path = tmp_path / "log" / "ingestd.log"
    outlet = to_files(path, "json", "", size=2_000, count=2)
    for number in range(100):
        outlet.write(fact("source.stopped", source="a", number=number))
    outlet.close()
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["ingestd.log", "ingestd.log.1", "ingestd.log.2"]
    assert all(0 < file.stat().st_size <= 2_000 for file in files)
    numbers = [json.loads(line)["ingestd.number"] for file in reversed(files) for line in file.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 100))
    assert outlet.lost == 0


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Is a wrong setting at the start; later it is counted, and stops nobody."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"log\.file: .*cannot be written"):
        to_files(tmp_path / "file" / "log", "json", "", size=2_000, count=1)
    path = tmp_path / "log" / "ingestd.log"
    outlet = to_files(path, "json", "", size=100, count=1)
    outlet.write(fact("source.stopped", source="a"))
    shutil.rmtree(path.parent)
    outlet.write(fact("source.stopped", source="a"))
    assert outlet.lost == 1
    path.parent.mkdir()
    outlet.write(fact("source.stopped", source="b"))
    outlet.close()
    assert json.loads(path.read_text())["labels.source"] == "b"
