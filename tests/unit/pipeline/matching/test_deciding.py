"""The decision among all candidates."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ingestd.model import Fixture
from ingestd.pipeline.matching import Candidate, Thresholds, Verdict, decide, sides
from ingestd.pipeline.matching.rating import HOUR
from ingestd.pipeline.matching.words import fold

NOON = 1_770_000_000_000_000


def event(
    event_id: int, home: str, away: str, *, hours: float = 0.0, sport: str = "baseball", sources: frozenset[str] = frozenset()
) -> Candidate:
    """An event that starts so many hours after noon."""
    at = NOON + int(hours * HOUR)
    return Candidate(event_id=event_id, sport=sport, league="", season="", name="", home=home, away=away, starts_at=at, sources=sources)


def ask(*candidates: Candidate, hours: float = 0.0, home: str = "Foo", away: str = "Bar", thresholds: Thresholds | None = None) -> Verdict:
    """What becomes of a baseball game of source ``b``."""
    fixture = Fixture(source_event_id="1", sport="baseball", name="", home=home, away=away, starts_at=NOON + int(hours * HOUR))
    return decide("b", fixture, candidates, thresholds or Thresholds())


def test_double_header() -> None:
    """Each game goes to the nearest start; a source has one link per event."""
    both = (event(1, "Foo", "Bar"), event(2, "Foo", "Bar", hours=4))
    assert (ask(*both).state, ask(*both).event_id) == ("auto", 1)
    assert (ask(*both, hours=4.1).state, ask(*both, hours=4.1).event_id) == ("auto", 2)
    first_taken = (event(1, "Foo", "Bar", sources=frozenset({"a", "b"})), event(2, "Foo", "Bar", hours=4))
    assert (ask(*first_taken).state, ask(*first_taken).event_id) == ("review", 2)


def test_margin() -> None:
    """Two events that are equally likely: a person decides."""
    assert ask(event(1, "Foo", "Bar"), event(2, "Foo", "Bar")).state == "review"
    assert ask(event(1, "Foo", "Bar"), event(2, "Foo", "Qux")).state == "auto"


def test_thresholds() -> None:
    """Above the upper one linked, below the lower one new, between them for a person."""
    found = ask(event(1, "Foo", "Bar"), hours=3)
    assert found.state == "review"
    assert ask(event(1, "Foo", "Bar"), hours=3, thresholds=Thresholds(upper=found.score, lower=0.1)).state == "auto"
    assert ask(event(1, "Foo", "Bar"), hours=3, thresholds=Thresholds(upper=1.0, lower=0.99)).state == "new"


def test_new() -> None:
    """Nothing within reach, another sport, no start, no names."""
    new = Verdict(state="new", event_id=0, score=0.0, flipped=False, evidence="{}")
    assert ask() == new
    assert ask(event(1, "Foo", "Bar", hours=24)) == new
    assert ask(event(1, "Foo", "Bar", sport="football")) == new
    assert decide("b", Fixture(source_event_id="1", sport="baseball", name="Foo v Bar"), [event(1, "Foo", "Bar")]) == new
    assert ask(event(1, "Foo", "Bar"), home="", away="") == new


def test_evidence() -> None:
    """What a person needs to agree or not."""
    told = json.loads(ask(event(1, "Foo", "Bar"), event(2, "Foo", "Bar", hours=4)).evidence)
    assert told["home"] == told["away"] == 1.0
    assert told["next"]["event_id"] == "2"


def test_flip() -> None:
    """A flip is told of the link."""
    found = ask(event(1, "Bar", "Foo"))
    assert (found.state, found.flipped) == ("auto", True)


def test_a_title_is_enough() -> None:
    """Prediction markets have no home and away: both names are in the title, in an order that proves nothing."""
    known = event(1, "New York Yankees", "Boston Red Sox")
    for title in ("Boston vs New York Y Winner?", "Boston at New York Y", "NYY v BOS"):
        found = decide("b", Fixture(source_event_id="1", sport="baseball", league="KXMLBGAME", name=title, starts_at=NOON), [known])
        assert (found.state, found.flipped) == ("auto", False), title


WORDS = st.text(max_size=20)


@given(st.sampled_from(("football", "tennis", "baseball", "esports", "kabaddi", "")), st.lists(WORDS, min_size=8, max_size=8))
def test_any_text_is_decided(sport: str, words: list[str]) -> None:
    """Whatever a provider writes, there is a verdict, and the same one again."""
    league, home, away, name, other_league, other_home, other_away, title = words
    known = Candidate(
        event_id=1, sport=sport, league=league, season="", name=name, home=home, away=away, starts_at=NOON, sources=frozenset("a")
    )
    told = Fixture(source_event_id="1", sport=sport, league=other_league, name=title, home=other_home, away=other_away, starts_at=NOON)
    verdict = decide("b", told, [known])
    assert verdict == decide("b", told, [known])
    assert 0.0 <= verdict.score <= 1.0
    assert (verdict.event_id == 1) == (verdict.state != "new")


@given(WORDS.filter(lambda text: sides("", text, "Bar Town") != ("", "")))
def test_a_fixture_is_itself(name: str) -> None:
    """Told in the same words at the same time, it is linked, unless its name has nothing to compare."""
    known = event(1, name, "Bar Town")
    found = ask(known, home=name, away="Bar Town")
    assert found.state != "new" or not fold(name)
