"""The configurations that we ship load, and say what the defaults are."""

import re
import tomllib
from pathlib import Path

import pytest

from ingestd.settings import Settings, load, validate_feeds
from ingestd.sources import FEEDS
from tests.house.conftest import ROOT, shown

EXAMPLES = [ROOT / "config" / "ingestd.yaml", *sorted((ROOT / "config" / "examples").rglob("*.yaml"))]


def test_the_default_is_the_default() -> None:
    """Every value in config/ingestd.yaml is the built-in one."""
    assert load(ROOT / "config" / "ingestd.yaml", {}) == Settings()


@pytest.mark.parametrize("path", EXAMPLES, ids=shown)
def test_examples(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example loads and its feeds take their options, once the files that it names are there."""
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r"_file: (\S+)", path.read_text(encoding="utf-8")):
        if not Path(name).is_absolute():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("secret")
            (tmp_path / name).chmod(0o600)
    settings = load(path, {})
    assert set(validate_feeds(settings, FEEDS)) == {source.name for source in settings.sources}


def test_every_rule_left_out_says_why() -> None:
    """Each lint rule that is ignored has its reason beside it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = (
        text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.mccabe]")]
        + text[text.index("per-file-ignores") : text.index("[tool.mypy]")]
    )
    rules = [line for line in section.splitlines() if re.match(r'\s*"[A-Z]+[0-9]*",|.*= \["[A-Z]+[0-9]+"', line)]
    assert len(rules) >= len(tomllib.loads(text)["tool"]["ruff"]["lint"]["ignore"])
    assert [line for line in rules if "#" not in line] == []
