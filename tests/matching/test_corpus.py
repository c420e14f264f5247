"""Our corpus of labelled pairs: matching must be right when it links by itself, and must not overlook much."""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from ingestd.cli.events import lines
from ingestd.pipeline.matching import canonical_sport
from ingestd.pipeline.matching.trial import Pair, judge, read_pairs

PAIRS: Final = read_pairs((Path(__file__).parent / "pairs.csv").read_text(encoding="utf-8"))
PRECISION: Final = 0.995
RECALL: Final = 0.95
BY_ITSELF: Final = 0.9
"""What need not be put before a person, or nobody would look at the rest."""


def test_it_is_a_corpus() -> None:
    """Large, of many sports, with enough fixtures that only look alike."""
    labels = Counter(pair.label for pair in PAIRS)
    sports = Counter(canonical_sport(pair.known.sport) for pair in PAIRS)
    assert len(PAIRS) >= 600
    assert labels["different"] >= 0.4 * len(PAIRS)
    assert labels["flip"] >= 20
    assert [
        sport for sport in ("football", "american_football", "basketball", "baseball", "ice_hockey", "tennis") if sports[sport] < 50
    ] == []
    assert len(sports) >= 15


@pytest.mark.parametrize("held_out", [False, True], ids=["tuned", "held_out"])
def test_figures(held_out: bool) -> None:
    """The same bounds on what was tuned on and on every fifth pair, which was not."""
    figures = judge(pair for index, pair in enumerate(PAIRS) if held_out == (index % 5 == 4))
    shown = "\n".join(lines(figures))
    assert figures.precision >= PRECISION, shown
    assert figures.recall >= RECALL, shown
    assert figures.alone >= BY_ITSELF, shown


def test_either_may_be_first() -> None:
    """Which of two fixtures is known already does not change what they are."""
    figures = judge(turned(pair) for pair in PAIRS)
    shown = "\n".join(lines(figures))
    assert figures.precision >= PRECISION, shown
    assert figures.recall >= RECALL, shown


def turned(pair: Pair) -> Pair:
    """The same pair, the other one first."""
    known, told = pair.known, pair.told
    return replace(
        pair,
        known=replace(known, sport=told.sport, league=told.league, home=told.home, away=told.away, starts_at=told.starts_at),
        told=replace(told, sport=known.sport, league=known.league, home=known.home, away=known.away, starts_at=known.starts_at),
    )
