"""Events by their links, and by the day on which they start."""

from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.model import SECOND
from ingestd.pipeline.events import DAY, Events, days, own_id
from ingestd.pipeline.names import Names
from ingestd.relations import AliasRow

T = 20_000 * DAY
HOUR = 3_600 * SECOND
A1 = LinkRow(source="a", source_event_id="1", event_id=7, sport="tennis", home="X", away="Y", starts_at=T, changed_at=T)


def link(source: str, number: str, event_id: int = 7, **more: object) -> LinkRow:
    """As ``A1``, of another."""
    return replace(A1, source=source, source_event_id=number, event_id=event_id, **more)


def filled(*links: LinkRow) -> Events:
    """Holding these."""
    events = Events(Names())
    for one in links:
        events.put(one)
    return events


def test_days_reach_both_ways() -> None:
    """Every UTC day on which something within reach can start."""
    assert list(days(T + HOUR, 2)) == [19_999, 20_000]
    assert list(days(T + 12 * HOUR, 2)) == [20_000]
    assert list(days(T + 23 * HOUR, 48)) == [19_998, 19_999, 20_000, 20_001, 20_002]


def test_near_finds_by_sport_and_day() -> None:
    """An event once, with all its sources, and nothing of another sport, another day, or without a start."""
    other, unknown = link("a", "2", 8, starts_at=T + DAY), link("a", "3", 9, starts_at=None)
    events = filled(A1, link("b", "1", starts_at=T + HOUR), other, link("a", "4", 10, sport="golf"), unknown)
    (found,) = events.near("tennis", [20_000])
    assert (found.event_id, found.home, found.away, found.starts_at, found.sources) == (7, "X", "Y", T, frozenset({"a", "b"}))
    assert [candidate.event_id for candidate in events.near("tennis", [20_000, 20_001])] == [7, 8]
    assert len(events) == 5


def test_near_finds_a_wider_word_for_the_sport() -> None:
    """What one tells as esports is Counter-Strike to another; ``decide`` says whether they may be one."""
    events = Events(Names())
    events.put(LinkRow(source="a", source_event_id="1", event_id=1, sport="counter_strike", starts_at=0))
    events.put(LinkRow(source="a", source_event_id="2", event_id=2, sport="football", starts_at=0))
    assert [one.event_id for one in events.near("esports", range(1))] == [1]
    assert [one.event_id for one in events.near("counter_strike", range(1))] == [1]


def test_a_link_that_moves_is_found_where_it_is_now() -> None:
    """To another day, and to another event; what it left behind is nothing."""
    events = filled(A1)
    events.put(link("a", "1", 8, starts_at=T + 3 * DAY))
    assert list(events.near("tennis", [20_000])) == []
    assert [candidate.event_id for candidate in events.near("tennis", [20_003])] == [8]
    events.drop(("a", "1"))
    events.drop(("a", "1"))
    assert list(events.near("tennis", [20_003])) == []
    assert events.get(("a", "1")) is None


def test_an_event_is_described_by_precedence_and_the_right_way_round() -> None:
    """The lower place first, then by name; a stub and a live child last; a person's word before the source's."""
    events = filled(link("b", "1", home="Y", away="X", flipped=True), link("c", "1", home="P", away="Q"), link("a", "0", changed_at=0))
    assert (events.near("tennis", [20_000])[0].home, events.near("tennis", [20_000])[0].away) == ("X", "Y")
    events.rank({"c": 0, "b": 1})
    assert events.near("tennis", [20_000])[0].home == "P"
    events.put(link("c", "1", home="P", away="Q", parent="0"))
    assert events.near("tennis", [20_000])[0].home == "X"
    names = Names()
    named = Events(names)
    named.put(A1)
    names.learn([AliasRow("team", "a", "tennis", "X", 1, "", flipped=False, score=1.0, name="Ex")])
    assert named.near("tennis", [20_000])[0].home == "Ex"


def test_home_is_where_the_founder_is() -> None:
    """A decision names an event by the link that founded it, wherever that is linked to by now."""
    events = filled(A1)
    assert events.home(own_id("a", "1")) == 7
    assert events.home(99) == 99


def test_shared_and_children_and_before() -> None:
    """What else is in an event, what waits for a parent, what has begun."""
    child = link("a", "2", parent="1", starts_at=T + DAY)
    events = filled(A1, child)
    assert (events.shared(7, ("a", "1")), events.shared(8, ("a", "1"))) == (True, False)
    assert not filled(A1, link("a", "2", state="stub")).shared(7, ("a", "1"))
    assert events.children(("a", "1")) == [child]
    assert list(events.before(T + 1)) == [("a", "1")]
