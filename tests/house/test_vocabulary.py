"""Whatever code says of itself is in the vocabulary, and the vocabulary holds nothing that nobody says."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestd.telemetry.actions import ACTIONS
from ingestd.telemetry.metrics import METRICS
from tests.house.conftest import MODULES, parsed, shown


class Said(NamedTuple):
    """One call that says something."""

    path: Path
    line: int
    verb: str
    word: str
    labels: frozenset[str] | None

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line} {self.word}"


def said() -> Iterator[Said]:
    """Every ``fact``, and every ``add`` and ``set`` on telemetry, with its first word; labels None: not visible here."""
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"fact", "add", "set"}:
                speaker = ast.unparse(node.func.value)
                if node.func.attr != "fact" and not speaker.endswith(("telemetry", "reporter", "metrics")):
                    continue
                words = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
                keys = [keyword.arg for keyword in node.keywords]
                labels = None if None in keys else frozenset(key for key in keys if key)
                yield from (Said(path, node.lineno, node.func.attr, word, labels) for word in words)


FACTS = [one for one in said() if one.verb == "fact"]
NUMBERS = [one for one in said() if one.verb != "fact"]


@pytest.mark.parametrize("one", FACTS, ids=str)
def test_facts(one: Said) -> None:
    """A fact is in the catalogue."""
    assert one.word in ACTIONS


@pytest.mark.parametrize("one", NUMBERS, ids=str)
def test_numbers(one: Said) -> None:
    """A metric is in the list, and has the labels of the list."""
    assert one.word in METRICS
    assert one.labels in (None, frozenset(METRICS[one.word].labels))


def test_no_empty_words() -> None:
    """The vocabulary promises nothing that is never said."""
    assert sorted(set(ACTIONS) - {one.word for one in FACTS}) == []
    assert sorted(set(METRICS) - {one.word for one in NUMBERS}) == []
