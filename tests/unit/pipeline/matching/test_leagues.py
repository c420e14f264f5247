"""Competitions by their many names."""

import pytest

from ingestd.pipeline.matching.leagues import find_league, may_meet


@pytest.mark.parametrize(
    "name", ["EPL", "England - Premier League", "Premier League 2024/2025", "soccer_epl", "English Premier League", "E0"]
)
def test_find(name: str) -> None:
    """With the country or without, with the season or without."""
    row = find_league("football", name).row
    assert row is not None
    assert row.name == "English Premier League"


def test_others() -> None:
    """Another country's league of the same name is another."""
    assert find_league("football", "Germany - Premier League").row is None
    assert find_league("football", "Germany - Premier League").group == "Germany"
    assert find_league("basketball", "EPL").row is None


def test_may_meet() -> None:
    """Teams of two countries meet in no league of either."""
    england, germany, unknown = (find_league("football", name) for name in ("EPL", "Germany - Oberliga", "Cup"))
    assert not may_meet(england, germany)
    assert may_meet(england, unknown)
    nfl, american = (find_league("american_football", name) for name in ("NFL", "USA - Spring Football"))
    assert american.group == "United States"
    assert may_meet(nfl, american)


def test_a_common_name_proves_no_country() -> None:
    """Many countries have a Premier League: without the country it is England's, until somebody knows better."""
    bare, russian = (find_league("football", name) for name in ("Premier League", "Russia - Premier League"))
    assert bare.row is find_league("football", "EPL").row
    assert bare.row is not russian.row
    assert may_meet(bare, russian)
