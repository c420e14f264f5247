"""The page about odds: what it shows is what comes out."""

import doctest
import re

import pytest

from ingestd.odds import FORMATS, Format, text
from tests.house.conftest import ROOT

PAGE = ROOT / "docs" / "odds.md"


def test_its_examples() -> None:
    """Run as they stand."""
    assert doctest.testfile(str(PAGE), module_relative=False) == (0, 8)


@pytest.mark.parametrize("notation", FORMATS)
def test_its_table(notation: Format) -> None:
    """Every notation, with two prices as it writes them."""
    rows = re.findall(r"^\| `([a-z_]+)` \| `([^`]+)` \| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert (notation, text(2.5, notation), text(1.5, notation)) in rows
    assert [name for name, *_ in rows] == list(FORMATS)
