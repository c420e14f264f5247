"""Which event a fixture is: the order in which that is decided."""

import pytest
from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.model import SECOND
from ingestd.pipeline.events import Events, own_id
from ingestd.pipeline.linking import Link, decidable, link_of, linked, reach
from ingestd.pipeline.names import Names
from ingestd.relations import AliasRow

T = 1_700_000_000 * SECOND
KNOWN = LinkRow(
    source="a", source_event_id="1", event_id=own_id("a", "1"), sport="football", league="EPL", name="Man Utd v Leeds", home="Man Utd",
    away="Leeds", starts_at=T, changed_at=T,
)  # fmt: skip
TOLD = replace(KNOWN, source="b", source_event_id="9", event_id=0, home="Manchester United", away="Leeds United", name="")
OWN = own_id("b", "9")


def decided(told: LinkRow, *held: LinkRow, aliases: tuple[AliasRow, ...] = ()) -> Link:
    """The link of what is told, where these are held."""
    names = Names()
    names.learn(aliases)
    events = Events(names)
    for link in held:
        events.put(link)
    return link_of(told, events, names)


def person(state: str, stands_for: int, *, flipped: bool = False) -> AliasRow:
    """What somebody decided of ``TOLD``."""
    return AliasRow("event", "b", "", "9", stands_for, state, flipped=flipped, score=1.0)


def test_the_same_match_is_the_same_event() -> None:
    """With its score and why; told the other way round, the other way round."""
    link = decided(TOLD, KNOWN)
    assert (link.event_id, link.state, link.flipped, link.candidate_id) == (KNOWN.event_id, "auto", False, None)
    assert link.score > 0.9
    assert link.evidence.startswith("{")
    turned = decided(replace(TOLD, home=TOLD.away, away=TOLD.home), KNOWN)
    assert turned.flipped or turned.state == "review"


def test_another_match_is_an_event_of_its_own() -> None:
    """And so is one that its own source has a link for already: a source tells of an event once."""
    assert decided(replace(TOLD, home="Everton"), KNOWN).event_id == OWN
    again = decided(replace(TOLD, source="a"), KNOWN)
    assert (again.event_id, again.state) == (own_id("a", "9"), "auto")


def test_what_is_doubtful_waits_in_an_event_of_its_own() -> None:
    """Nobody compares its prices before a person has said that it is the same."""
    link = decided(replace(TOLD, starts_at=T + 60 * 3_600 * SECOND), KNOWN)
    assert (link.event_id, link.state, link.candidate_id) == (OWN, "review", KNOWN.event_id)


@pytest.mark.parametrize("missing", [{"sport": ""}, {"starts_at": None}, {"home": "", "name": ""}, {"away": "TBD"}, {"home": "Winner QF1"}])
def test_too_little_told_is_not_decided(missing: dict[str, object]) -> None:
    """It is a stub until the rest is told."""
    told = replace(TOLD, **missing)
    assert not decidable(told)
    assert decided(told, KNOWN) == Link(event_id=OWN, state="stub")


def test_a_title_names_both_as_well() -> None:
    """Many providers say no more."""
    assert decided(replace(TOLD, home="", away="", name="Manchester United v Leeds United"), KNOWN).event_id == KNOWN.event_id


@pytest.mark.parametrize("state", ["confirmed", "rejected", "auto"])
def test_a_person_goes_before_everything(state: str) -> None:
    """Wherever the event that was meant is by now."""
    link = decided(TOLD, KNOWN, aliases=(person(state, 77, flipped=True),))
    assert (link.event_id, link.state, link.flipped) == (77, state, True)
    moved = replace(KNOWN, event_id=5)
    assert decided(TOLD, moved, aliases=(person(state, KNOWN.event_id),)).event_id == 5


def test_a_live_child_is_where_its_parent_is() -> None:
    """The same way round; while the parent is not decided, neither is the child."""
    parent = replace(TOLD, source_event_id="8", event_id=4, flipped=True)
    child = replace(TOLD, parent="8")
    assert (decided(child, parent).event_id, decided(child, parent).flipped, decided(child, parent).state) == (4, True, "auto")
    assert decided(child, replace(parent, state="stub")).state == "stub"
    assert (decided(child).event_id, decided(child).state) == (own_id("b", "8"), "stub")


def test_an_event_that_was_made_for_it_is_its_own() -> None:
    """By decisions about links that came before it."""
    waiting = replace(KNOWN, source="c", event_id=OWN)
    assert decided(TOLD, KNOWN, waiting).event_id == OWN


def test_a_row_takes_its_decision() -> None:
    """And nothing else; how far matching looks depends on the sport."""
    row = linked(TOLD, Link(event_id=3, state="review", score=0.7, candidate_id=8, evidence="{}"))
    assert (row.event_id, row.state, row.score, row.candidate_id, row.evidence, row.home) == (3, "review", 0.7, 8, "{}", TOLD.home)
    assert len(reach(TOLD)) > len(reach(replace(TOLD, sport="baseball")))
    assert list(reach(replace(TOLD, starts_at=None))) == []
