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


@pytest.mark.parametrize("nobody", ["TBD", "To be announced", "Winner QF1", "Loser of Match 3", "Qualifier", "W49", "1A", "2nd Group C"])
def test_who_plays_is_not_known_yet(nobody: str) -> None:
    """Two sources that both say "TBD" do not speak of one fixture for that."""
    assert sides("", "Arsenal", nobody) == sides("", nobody, "Arsenal") == sides(f"Arsenal v {nobody}") == ("", "")
    assert profile("football", "", "Arsenal", nobody, "", 0) is None


def test_names_as_told_come_first() -> None:
    """A title says less than two names; a team may begin with a digit."""
    assert sides("Arsenal v Chelsea", "Chelsea", "Arsenal") == ("Chelsea", "Arsenal")
    assert sides("1. FC Köln v 1860 Munich") == ("1. FC Köln", "1860 Munich")
    assert sides("76ers @ 49ers") == ("49ers", "76ers")


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


def test_the_league_tells_namesakes_apart() -> None:
    """The Everton of Chile is not that of England."""
    chile, england = (profile("football", league, "Everton", "Palestino", "", 0) for league in ("Chile - Primera Division", "EPL"))
    assert chile is not None
    assert england is not None
    assert chile.ids[0] != england.ids[0]


def test_may_be_one_sport() -> None:
    """Some say "esports", others which game; two games are two."""
    esports, counter_strike, dota = (find_sport(name) for name in ("esports", "CS2", "Dota 2"))
    assert may_be_one_sport(esports, counter_strike)
    assert may_be_one_sport(counter_strike, esports)
    assert not may_be_one_sport(counter_strike, dota)
