"""How likely two fixtures are one."""

from ingestd.pipeline.matching.profile import Profile, profile
from ingestd.pipeline.matching.rating import HOUR, rate


def fixture(home: str, away: str, *, league: str = "", hours: float = 0.0, sport: str = "football") -> Profile:
    """So many hours after midnight."""
    found = profile(sport, league, home, away, "", int(hours * HOUR))
    assert found is not None
    return found


def score(one: Profile, other: Profile) -> float:
    """0: not one."""
    found = rate(one, other)
    return 0.0 if found is None else found.score


def test_both_names_count() -> None:
    """One name in common is nothing."""
    one = fixture("Man United", "Everton")
    assert score(one, fixture("Manchester Utd", "Everton")) == 1.0
    assert score(one, fixture("Man City", "Everton")) == 0.0
    assert score(one, fixture("Man United", "Fulham")) == 0.0


def test_nobody_plays_two_matches_at_once() -> None:
    """A strange opponent of a team that is the same is a question, unless the list knows both opponents or the hour is another."""
    one = fixture("Everton", "Foobridge")
    assert 0.6 <= score(one, fixture("Everton", "Barchester")) < 0.9
    assert score(one, fixture("Everton", "Barchester", hours=2)) == 0.0
    assert score(one, fixture("Everton W", "Barchester W")) == 0.0
    assert score(fixture("Everton", "Fulham"), fixture("Everton", "Brentford")) == 0.0
    assert score(fixture("A. Foo", "B. Bar", sport="tennis"), fixture("A. Foo", "B. Qux", sport="tennis")) == 0.0


def test_time() -> None:
    """The later, the less; in baseball a day has two games."""
    one, other = (("Foo", "Bar"), ("Foo", "Bar"))
    football = [score(fixture(*one), fixture(*other, hours=hours)) for hours in (0, 5, 26, 30, 80)]
    assert football == sorted(football, reverse=True)
    assert football[2] >= 0.9 > football[3]
    assert score(fixture(*one, sport="baseball"), fixture(*other, hours=5, sport="baseball")) < 0.9


def test_flip() -> None:
    """Home and away the other way round is the same fixture, and says so."""
    found = rate(fixture("Foo", "Bar"), fixture("Bar", "Foo"))
    assert found is not None
    assert found.flipped
    assert found.score >= 0.9
    assert score(fixture("Foo", "Bar"), fixture("Bar", "Foo", hours=20)) < 0.9


def test_marks() -> None:
    """Another side of the club is another fixture; where no league was told, somebody must look."""
    women = fixture("Foo W", "Bar W", league="Cup")
    assert score(women, fixture("Foo", "Bar", league="Cup")) == 0.0
    assert 0.6 <= score(women, fixture("Foo", "Bar")) < 0.9
    assert score(women, fixture("Foo", "Bar", league="Women's Cup")) >= 0.9


def test_league() -> None:
    """Leagues of two countries make it doubtful."""
    one = fixture("Foo", "Bar", league="England - Cup")
    assert score(one, fixture("Foo", "Bar", league="Germany - Cup")) < 0.9
    assert score(one, fixture("Foo", "Bar", league="Cup")) >= 0.9


def test_games() -> None:
    """Game 1 is not game 2."""
    one = fixture("Foo (Game 1)", "Bar (Game 1)", sport="baseball")
    assert score(one, fixture("Foo (Game 2)", "Bar (Game 2)", sport="baseball")) == 0.0
    assert score(one, fixture("Foo", "Bar", sport="baseball")) >= 0.9
