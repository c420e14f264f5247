"""The decision among all candidates."""

import json

from ingestd.model import Fixture
from ingestd.pipeline.matching import Candidate, Thresholds, Verdict, decide
from ingestd.pipeline.matching.rating import HOUR

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
