"""Every module is short, says what it is for, and has its tests beside it."""

import ast
from pathlib import Path

from tests.house.conftest import MODULES, ROOT, parsed, shown

LONGEST = 300
PASSED_OVER = ("__init__.py", "__main__.py")
"""A package's face, and a module of two lines: tried by the tests of what they name."""
MIGRATIONS = ROOT / "ingestd" / "store" / "migrations"
"""Tried as a whole: migrating an empty database must give the schema."""
LEFT_OPEN = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
UNIT = ROOT / "tests" / "unit"


def mirror(path: Path) -> Path:
    """Where the tests of a module are."""
    return UNIT / path.relative_to(ROOT / "ingestd").parent / f"test_{path.name}"


def holds_tests(path: Path) -> bool:
    """Whether the file is there and has at least one test."""
    functions = ast.walk(parsed(path)) if path.exists() else ()
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_") for node in functions)


def tries_something(path: Path) -> bool:
    """Whether a test module is named after a module, or after a package for its face."""
    folder = ROOT / "ingestd" / path.relative_to(UNIT).parent
    name = path.stem.removeprefix("test_")
    return (folder / f"{name}.py").exists() or (folder / name).is_dir() or name in {folder.name, "init"}


def opens_with_a_sentence(path: Path) -> bool:
    """Whether the docstring's first paragraph ends as a sentence does."""
    words = ast.get_docstring(parsed(path)) or ""
    return words.split("\n\n")[0].rstrip("`").endswith((".", "?"))


def test_length() -> None:
    """A file that one can read in one go."""
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_docstrings() -> None:
    """A module opens with a sentence."""
    assert [shown(path) for path in MODULES if not opens_with_a_sentence(path)] == []


def test_tests() -> None:
    """``ingestd/a/b.py`` is tried by ``tests/unit/a/test_b.py``, which holds at least one test."""
    tested = [path for path in MODULES if path.name not in PASSED_OVER and MIGRATIONS not in path.parents]
    assert [shown(mirror(path)) for path in tested if not holds_tests(mirror(path))] == []


def test_no_orphans() -> None:
    """A test module in ``tests/unit`` is named after what it tries."""
    assert [shown(path) for path in sorted(UNIT.rglob("test_*.py")) if not tries_something(path)] == []


def test_nothing_left_open() -> None:
    """What is to be done stands in an issue, not in a comment."""
    found = [(shown(path), word) for path in MODULES for word in LEFT_OPEN if word in path.read_text(encoding="utf-8")]
    assert found == []
