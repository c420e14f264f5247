"""A fixture taken apart."""

import pytest

from ingestd.pipeline.matching.canonical import find_sport
from ingestd.pipeline.matching.profile import may_be_one_sport, profile, sides


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Arsenal v Chelsea", ("Arsenal", "Chelsea")),
        ("Arsenal vs. Chelsea", ("Arsenal", "Chelsea")),
        ("Tottenham vs Nottingham Winner?", ("Tottenham", "Nottingham")),
        ("Boston at New York", ("New York", "Boston")),
        ("Boston Celtics @ LA Lakers", ("LA Lakers", "Boston Celtics")),
        ("NBA: Lakers vs Celtics", ("Lakers", "Celtics")),
        ("2026 NBA Champion", ("", "")),
        ("A v B v C", ("", "")),
    ],
)
def test_sides(title: str, found: tuple[str, str]) -> None:
    """The home side first, as far as the title tells."""
    assert sides(title) == found


def test_profile() -> None:
    """Marks come from names and league; order only from a fixture that tells it."""
    told = profile("soccer", "FA Women's Super League", "Arsenal", "Chelsea", "", 0)
    assert told is not None
    assert told.marks == (frozenset({"women"}), frozenset({"women"}))
    assert told.ordered
    title = profile("soccer", "", "", "", "Arsenal v Chelsea", 0)
    assert title is not None
    assert (title.names, title.ordered) == (("Arsenal", "Chelsea"), False)
    assert profile("soccer", "", "", "", "Top scorer", 0) is None
    assert profile("", "", "Arsenal", "Chelsea", "", 0) is None


def test_may_be_one_sport() -> None:
    """Some say "esports", others which game; two games are two."""
    esports, counter_strike, dota = (find_sport(name) for name in ("esports", "CS2", "Dota 2"))
    assert may_be_one_sport(esports, counter_strike)
    assert may_be_one_sport(counter_strike, esports)
    assert not may_be_one_sport(counter_strike, dota)
