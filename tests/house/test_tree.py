"""The tree names no machine, and holds nothing that does not belong."""

import re

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
MACHINE = re.compile(r"(?<![\w.$~}-])/(?:(?:work|root|home|Users)/\w|opt/(?:pypi|wheels))")
"""Places on somebody's disk."""
PACKED = {".bz2", ".gz", ".zst"}
BIGGEST = 2 * 2**20
FILES = sorted(path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts))


def test_no_machine_paths() -> None:
    """What works only here is not shipped."""
    texts = {shown(path): path.read_text(encoding="utf-8", errors="replace") for path in FILES if path.suffix not in PACKED}
    assert {name: found for name, text in texts.items() if (found := MACHINE.findall(text))} == {}


def test_no_big_files() -> None:
    """Recordings are small; big ones stay outside."""
    assert {shown(path): size for path in FILES if (size := path.stat().st_size) > BIGGEST} == {}
