"""The page of the vocabulary says what the tables of ``ingestd.markets`` say, word for word."""

from typing import Final

import pytest

from ingestd.markets import FEATS, MARKETS, PERIODS, SPORTS, STATISTICS, UNITS, Market
from tests.house.conftest import ROOT

PAGE: Final = (ROOT / "docs" / "vocabulary.md").read_text()
FAMILIES: Final = (
    *(f"player_{one}" for one in (*STATISTICS, *FEATS)),
    *(f"{kind}_{unit}" for unit in UNITS for kind in ("total", "team_total", "spread")),
)


def row(market: Market) -> str:
    """A market's line of the page."""
    outcomes = " ".join(f"`{outcome}`" for outcome in market.outcomes)
    return f"| `{market.word}` | {market.meaning} | {outcomes} | {market.line} | {market.participant} |"


@pytest.mark.parametrize("word", [word for word in MARKETS if word not in FAMILIES])
def test_each_market_has_its_line(word: str) -> None:
    """Meaning, outcomes, whether a line and a participant are part of it."""
    assert row(MARKETS[word]) in PAGE.splitlines()


@pytest.mark.parametrize("words", [STATISTICS, FEATS, UNITS], ids=["statistics", "feats", "units"])
def test_families_are_listed(words: tuple[str, ...]) -> None:
    """Each as one paragraph, in order."""
    assert " ".join(f"`{word}`" for word in words) in " ".join(PAGE.split())


@pytest.mark.parametrize("table", [PERIODS, SPORTS], ids=["periods", "sports"])
def test_each_word_has_its_line(table: dict[str, str]) -> None:
    """What is meant stands beside it."""
    assert [word for word, meaning in table.items() if f"| `{word}` | {meaning} |" not in PAGE.splitlines()] == []


def test_no_line_is_of_a_word_that_is_gone() -> None:
    """A table's first cell is a word of the vocabulary."""
    first = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert [word for word in first if word not in {*MARKETS, *PERIODS, *SPORTS}] == []
