"""Every task of a daemon has a name, by whose first word it is counted."""

import ast
from collections.abc import Iterator

from ingestd.app.publishing import TASKS
from tests.house.conftest import MODULES, parsed, shown

APART = {"testing", "doctor.py"}
"""Where no daemon runs."""


def begun() -> Iterator[tuple[str, str]]:
    """The place of every ``create_task``, and the first word of its name; that of a name handed in is its own affair."""
    for path in MODULES:
        if not APART & set(path.parts):
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "create_task":
                    name = next((word.value for word in node.keywords if word.arg == "name"), None)
                    if not isinstance(name, ast.Name):
                        text = name.values[0] if isinstance(name, ast.JoinedStr) else name
                        yield f"{shown(path)}:{node.lineno}", str(text.value).partition(" ")[0] if isinstance(text, ast.Constant) else ""


def test_every_task_is_counted_by_name() -> None:
    """Else a leak of it could be anybody's."""
    places = dict(begun())
    assert len(places) > 10
    assert {place: word for place, word in places.items() if word not in TASKS} == {}
