"""``ingestd sources new`` in a copy of this tree: what it writes passes what every feed must pass, before anybody has touched it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("ingestd", "tests", "docs", "config", "README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "pyproject.toml")
WITHIN: Final = 240.0


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree as it is now."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path


def run(folder: Path, *words: str) -> str:
    """``python -m`` in the copy, which must go well; what it said."""
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=WITHIN, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(folder: Path, name: str) -> list[str]:
    """The Python files of the feed, and those that name it."""
    own = [*folder.rglob(f"{name}.py"), *folder.rglob(f"test_{name}.py"), *(folder / "tests" / "recorded" / name).glob("*.py")]
    lists = ("ingestd/sources/__init__.py", "ingestd/testing/emulators.py", "tests/properties/providers.py")
    named = [folder / one for one in lists]
    return [str(path.relative_to(folder)) for path in (*own, *named)]


@pytest.mark.timeout(600)
def test_a_new_feed_is_one(copy: Path) -> None:
    """Types, house rules, its own tests, the common suite and the tests of its example."""
    run(copy, "ingestd", "sources", "new", "acme")
    files = written(copy, "acme")
    assert len(files) == 9
    run(copy, "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "scaffold"), *files)
    own = [path for path in files if "test_" in path]
    run(copy, "pytest", "-q", *own)
    said = run(
        copy, "pytest", "-q", "-k", "acme", "tests/conformance", "tests/properties", "tests/house", "tests/integration/test_examples.py"
    )
    assert " passed" in said


@pytest.mark.parametrize("name", ["acme", "zz", "a_name_as_long_as_may_be"])
def test_style_whatever_the_name(copy: Path, name: str) -> None:
    """Lint and format, for a name of any length and at any place in the order."""
    run(copy, "ingestd", "sources", "new", name)
    run(copy, "ruff", "check", "--no-cache", *written(copy, name))
    run(copy, "ruff", "format", "--no-cache", "--check", *written(copy, name))
