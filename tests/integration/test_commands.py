"""The command line where no daemon runs: help, checks, schema, tables, and every way to say what is wrong."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from ingestd.settings.problems import keys_of
from ingestd.sources import FEEDS
from tests.conftest import Command
from tests.integration.conftest import sql

ROOT: Final = Path(__file__).parents[2]
COMMANDS: Final = ("run", "odds", "check", "load", "status", "coverage", "schema", "health", "db", "db upgrade", "events", "events score")
CHEAP: Final = 0.3
"""Seconds of CPU that ``--help`` may cost."""
WRONG: Final = """
store: {url: mysql://somewhere, colour: red}
journal: {limit: plenty}
http: {port: 99999}
sources:
  - {name: one, feed: betfare}
  - {name: two, feed: simulated, events: many}
  - {name: two, feed: simulated, speed: 3}
"""


@pytest.mark.parametrize("words", ["", *COMMANDS])
def test_help(words: str) -> None:
    """Every command explains itself, with each of its options, before anybody looks away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "ingestd", *words.split(), "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stderr == ""
    assert re.match(rf"Usage: .*ingestd {words}".rstrip(), done.stdout) or words == ""
    undescribed = re.findall(r"^  (--?[a-z]\S*(?: \[?[A-Z]+\]?)?)$", done.stdout, re.MULTILINE)
    assert undescribed == []
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < CHEAP


def test_no_words(command: Command) -> None:
    """Help, and the exit code of wrong usage; the same for a command that does not exist, which is named."""
    assert (command().code, command("fly").code, "fly" in command("fly").err) == (2, 2, True)


def test_check(tmp_path: Path, command: Command) -> None:
    """Every problem at once, those of feeds' options too, each with its path and a hint; exit code 78. ``run`` says the same."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WRONG)
    answer = command("check", "-c", wrong)
    assert (answer.code, answer.out) == (78, "")
    lines = [line.removeprefix("ingestd: ") for line in answer.err.splitlines()]
    assert [line.split(":")[0] for line in lines] == [
        *("store.url", "store.colour", "journal.limit", "http.port", "sources[2].name"),
        *("sources[0].feed", "sources[1].events", "sources[2].speed"),
    ]
    assert [line for line in lines if "; " not in line] == []
    assert command("run", "-c", wrong) == answer


def test_check_of_a_good_one(tmp_path: Path, command: Command) -> None:
    """Says what would run; ``--connect`` looks at the store as well."""
    assert command("check") == (0, "configuration is valid; sources: demo (simulated)\n", "")
    good = tmp_path / "good.yaml"
    good.write_text(f"store: {{url: 'sqlite:///{tmp_path / 'x.db'}'}}\nsources: []\n")
    assert command("check", "-c", good, "--connect") == (0, "configuration is valid; sources: none\n", "")
    good.write_text("store: {url: 'postgresql://u:secret@127.0.0.1:1/x'}\n")
    away = command("check", "-c", good, "--connect")
    assert (away.code, away.err.startswith("ingestd: store.url: cannot be reached: "), "secret" in away.err) == (1, True, False)


def test_schema(command: Command) -> None:
    """JSON Schema that names every option of every feed."""
    answer = command("schema")
    schema: dict[str, Any] = json.loads(answer.out)  # type: ignore[explicit-any]
    assert (answer.code, schema["$schema"].startswith("https://json-schema.org/")) == (0, True)
    for kind in FEEDS.values():
        for name in keys_of(kind.options):
            assert f'"{name}"' in answer.out


def test_db_upgrade(store_url: str, command: Command) -> None:
    """Makes the tables, and does nothing the second time."""
    for _ in range(2):
        assert command("db", "upgrade", "--store", store_url) == (0, "tables are at revision 0001\n", "")
    assert sql(store_url, "SELECT count(*) FROM odds") == [(0,)]


NOT_READY: Final = {
    "db upgrade --store mysql://x": (78, "store.url"),
    "db upgrade --store postgresql://u@127.0.0.1:1/x": (1, "127.0.0.1"),
    "db upgrade --store sqlite:///letter.db": (78, "letter.db"),
    "db upgrade --store sqlite:///nofolder.txt/x.db": (78, "cannot be made"),
    "odds": (1, "var/ingestd.db"),
    "odds --at soon": (78, "'soon' is no time"),
    "odds -c letter.yaml": (78, "letter.yaml"),
    "odds --watch": (1, "var/ingestd.db"),
    "status": (1, "var/ingestd.db"),
    "coverage demo": (1, "var/ingestd.db"),
    "health": (1, "no daemon answers"),
    "check -c nowhere.yaml": (78, "nowhere.yaml"),
    "run -c letter.yaml": (78, "letter.yaml"),
    "run -c letterstore.yaml": (78, "letter.db"),
    "run -c twice.yaml": (78, "sources[1].name"),
    "run -c nojournal.yaml": (78, "journal"),
}


@pytest.mark.parametrize("words", NOT_READY)
def test_what_is_wrong(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """One clear line and the right exit code, whatever is missing or broken; never a traceback."""
    (tmp_path / "letter.db").write_bytes(b"This is no database, it is a letter to a friend.\n" * 40)
    (tmp_path / "letter.yaml").write_text("Dear friend: [\n")
    (tmp_path / "letterstore.yaml").write_text("store: {url: 'sqlite:///letter.db'}\nhttp: {port: 0}\nsources: []\n")
    (tmp_path / "twice.yaml").write_text("sources: [{name: a, feed: simulated}, {name: a, feed: simulated}]\n")
    (tmp_path / "nojournal.yaml").write_text("journal: {path: nofolder.txt/journal}\nhttp: {port: 0}\nsources: []\n")
    (tmp_path / "nofolder.txt").write_text("")
    monkeypatch.setenv("INGESTD_HTTP_PORT", "1")
    code, said = NOT_READY[words]
    answer = command(*words.split())
    assert (answer.code, answer.out) == (code, "")
    problems = [line for line in answer.err.splitlines() if line.startswith("ingestd: ")]
    assert [said in line for line in problems] == [True]
    assert answer.err.splitlines()[-1] == problems[0]
