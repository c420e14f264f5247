"""The seed lists can be read, and hold no contradictions."""

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
