"""Every module is short, says what it is for, and has its tests beside it."""

import ast
from pathlib import Path

import pytest

from tests.house.conftest import MODULES, ROOT, parsed, shown

LONGEST = 300
PASSED_OVER = ("__init__.py", "__main__.py")
"""A package's face, and a module of two lines: tried by the tests of what they name."""
MIGRATIONS = ROOT / "ingestd" / "store" / "migrations"
"""Tried as a whole: migrating an empty database must give the schema."""
TESTED = [path for path in MODULES if path.name not in PASSED_OVER and MIGRATIONS not in path.parents]
every_module = pytest.mark.parametrize("path", MODULES, ids=shown)


@every_module
def test_length(path: Path) -> None:
    """A file that one can read in one go."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@every_module
def test_docstring(path: Path) -> None:
    """A module opens with a sentence."""
    words = ast.get_docstring(parsed(path)) or ""
    first = words.split("\n\n")[0]
    assert first.rstrip("`").endswith((".", "?")), f"{shown(path)} opens with {first!r}"


@pytest.mark.parametrize("path", TESTED, ids=shown)
def test_tests(path: Path) -> None:
    """``ingestd/a/b.py`` is tried by ``tests/unit/a/test_b.py``, which holds at least one test."""
    mirror = ROOT / "tests" / "unit" / path.relative_to(ROOT / "ingestd").parent / f"test_{path.name}"
    assert mirror.exists(), f"write {shown(mirror)}"
    functions = [node.name for node in ast.walk(parsed(mirror)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [name for name in functions if name.startswith("test_")] != []


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/unit/**/test_*.py")), ids=shown)
def test_no_orphans(path: Path) -> None:
    """A test module in ``tests/unit`` is named after what it tries: a module, or a package for its face."""
    folder = ROOT / "ingestd" / path.relative_to(ROOT / "tests" / "unit").parent
    name = path.stem.removeprefix("test_")
    assert (folder / f"{name}.py").exists() or folder.name == name, f"{shown(path)} tries nothing of {shown(folder)}"


@every_module
def test_nothing_left_open(path: Path) -> None:
    """What is to be done stands in an issue, not in a comment."""
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
    assert [word for word in words if word in path.read_text(encoding="utf-8")] == []
