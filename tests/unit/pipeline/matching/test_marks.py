"""Women, youth, reserves, and the games of a double-header."""

import pytest

from ingestd.pipeline.matching.marks import clash, league_marks, unmark


@pytest.mark.parametrize(
    ("name", "text", "marks", "game"),
    [
        ("Arsenal (W)", "arsenal", {"women"}, 0),
        ("Arsenal Women", "arsenal", {"women"}, 0),
        ("Chelsea W", "chelsea", {"women"}, 0),
        ("Barcelona Femenino", "barcelona", {"women"}, 0),
        ("England U21", "england", {"u21"}, 0),
        ("Germany Under 19", "germany", {"u19"}, 0),
        ("Brazil U-20 Women", "brazil", {"u20", "women"}, 0),
        ("Villarreal B", "villarreal", {"reserves"}, 0),
        ("Bayern München II", "bayern munchen", {"reserves"}, 0),
        ("Jong Ajax", "ajax", {"reserves"}, 0),
        ("New York Yankees (Game 2)", "new york yankees", set[str](), 2),
        ("Cubs G1", "cubs", set[str](), 1),
        ("Women", "women", set[str](), 0),
    ],
)
def test_unmark(name: str, text: str, marks: set[str], game: int) -> None:
    """A mark comes off the name; a name of nothing else keeps it."""
    found = unmark(name)
    assert (found.text, set(found.marks), found.game) == (text, marks, game)


@pytest.mark.parametrize(
    ("league", "marks"),
    [
        ("FA Women's Super League", {"women"}),
        ("WNBA", {"women"}),
        ("Premier League 2", {"u21"}),
        ("UEFA U21 Championship", {"u21"}),
        ("Reserve League", {"reserves"}),
        ("Premier League", set[str]()),
    ],
)
def test_league_marks(league: str, marks: set[str]) -> None:
    """A competition says who plays in it."""
    assert set(league_marks(league)) == marks


def test_clash() -> None:
    """Different sides of a club clash; a youth side of unstated age may be of any."""
    assert clash(frozenset({"women"}), frozenset())
    assert clash(frozenset({"u19"}), frozenset({"u21"}))
    assert not clash(frozenset({"u19"}), frozenset({"youth"}))
    assert not clash(frozenset({"women"}), frozenset({"women"}))
