"""The seed lists can be read, and hold no contradictions."""

from collections import Counter
from importlib.resources import files

import pytest

from ingestd.pipeline.matching.naming import teams
from ingestd.pipeline.matching.seeds import rows, sports, vocabulary


def test_sports() -> None:
    """Windows widen: near, far, reach."""
    assert len(sports()) > 30
    assert [sport.name for sport in sports() if not 0 < sport.near < sport.far < sport.reach] == []
    assert {sport.kind for sport in sports()} == {"team", "person"}


def test_rows() -> None:
    """A row's first spelling is its name; a list that is not there is empty."""
    assert all(row.spellings[0] == row.name for row in rows("teams_football"))
    assert rows("teams_of_nobody") == ()


def test_vocabulary() -> None:
    """Abbreviations stand for something, club words for nothing."""
    assert vocabulary("short")["utd"] == "united"
    assert not any(vocabulary("club").values())


def test_names_are_names() -> None:
    """A canonical name is one team's, one league's of a sport; a spelling of a bookmaker is one bookmaker's."""
    for sport in sports():
        names = Counter(row.name for row in teams(sport.family, sport.us).rows)
        assert [name for name, count in names.items() if count > 1] == [], sport.name
    leagues = Counter((row.sport, row.name) for row in rows("leagues"))
    assert [league for league, count in leagues.items() if count > 1] == []
    spellings = Counter(spelling.lower() for row in rows("bookmakers") for spelling in {word.lower() for word in row.spellings})
    assert [spelling for spelling, count in spellings.items() if count > 1] == []


def test_every_list_is_of_a_sport() -> None:
    """A list of teams whose sport is misspelt would never be read."""
    lists = {
        path.name.removeprefix("teams_").removesuffix(".csv") for path in files("ingestd.pipeline.matching").joinpath("data").iterdir()
    }
    known = {sport.family for sport in sports()} | {"college", "sports", "leagues", "countries", "bookmakers", "words"}
    assert lists <= known
    assert {row.sport for row in rows("leagues")} <= {sport.name for sport in sports()}


@pytest.mark.parametrize("word", ["curling", "x" * 5_000, "../data/sports", "/etc/passwd", "sports.csv\0"])
def test_a_word_of_a_provider_is_no_path(word: str) -> None:
    """What has no list has none, whatever it is called."""
    assert rows(f"teams_{word}") == ()
    assert rows(word) == ()
