"""Whatever code says of itself is in the vocabulary, and the vocabulary holds nothing that nobody says."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from ingestd.settings.model import Area
from ingestd.telemetry.actions import ACTIONS
from ingestd.telemetry.metrics import METRICS
from tests.house.conftest import MODULES, ROOT, parsed, shown


class Said(NamedTuple):
    """One call that says something."""

    path: Path
    line: int
    verb: str
    word: str
    labels: frozenset[str] | None

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line} {self.word}"


def verbs_of(tree: ast.Module) -> dict[str, str]:
    """Short names for a verb, such as ``put = reporter.metrics.set``."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)]
    return {ast.unparse(node.targets[0]): verb for node in found if (verb := verb_in(node.value))}


def verb_in(spoken: ast.expr) -> str:
    """``fact``, or ``failed``, ``add``, ``set`` or ``put`` where telemetry speaks; else nothing."""
    if not isinstance(spoken, ast.Attribute) or spoken.attr not in {"fact", "failed", "add", "set", "put"}:
        return ""
    speaks = spoken.attr == "fact" or ast.unparse(spoken.value).endswith(("telemetry", "reporter", "metrics", "logger"))
    return spoken.attr if speaks else ""


def said() -> Iterator[Said]:
    """Every word that is said, with its labels; labels None: not visible here."""
    for path in MODULES:
        names = verbs_of(parsed(path))
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and (verb := verb_in(node.func) or names.get(ast.unparse(node.func))):
                words = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
                keys = [keyword.arg for keyword in node.keywords]
                labels = None if None in keys or verb == "put" else frozenset(key for key in keys if key)
                yield from (Said(path, node.lineno, verb, word, labels) for word in words)


FACTS = [one for one in said() if one.verb in {"fact", "failed"}]
NUMBERS = [one for one in said() if one.verb in {"add", "set", "put"}]


def test_facts() -> None:
    """A fact is in the catalogue."""
    assert [str(one) for one in FACTS if one.word not in ACTIONS] == []


def test_numbers() -> None:
    """A metric is in the list, and has the labels of the list."""
    assert [str(one) for one in NUMBERS if one.word not in METRICS] == []
    known = [one for one in NUMBERS if one.word in METRICS]
    assert [str(one) for one in known if one.labels not in (None, frozenset(METRICS[one.word].labels))] == []


def test_every_fact_is_tried() -> None:
    """Some test names it: that it is said when it should be."""
    trees = [parsed(path) for path in (ROOT / "tests").rglob("test_*.py") if path.parent.name != "house"]
    named = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert sorted(set(ACTIONS) - named) == []


def test_areas() -> None:
    """What facts are about is what a level can be set for."""
    assert {action.partition(".")[0] for action in ACTIONS} | {"alert"} == set(get_args(Area))


def test_no_empty_words() -> None:
    """The vocabulary promises nothing that is never said."""
    assert sorted({*ACTIONS, *METRICS} - {one.word for one in FACTS + NUMBERS}) == []
