"""The tree names no machine, and holds nothing that does not belong."""

import re
from pathlib import Path

import pytest

from tests.house.conftest import ROOT, shown

NOT_OURS = {
    ".git",
    ".venv",
    "var",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
    "secrets",
    "dist",
}
MACHINE = re.compile(r"(?<![\w.$~}-])/(?:work|root|home/[a-z]|Users|opt/(?:pypi|wheels))(?=/|\b)")
"""Places on somebody's disk."""
BIGGEST = 2 * 2**20
FILES = sorted(path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts))


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix not in {".bz2", ".gz", ".zst"}], ids=shown)
def test_no_machine_paths(path: Path) -> None:
    """What works only here is not shipped."""
    assert MACHINE.findall(path.read_text(encoding="utf-8", errors="replace")) == []


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_no_big_files(path: Path) -> None:
    """Recordings are small; big ones stay outside."""
    assert path.stat().st_size <= BIGGEST
