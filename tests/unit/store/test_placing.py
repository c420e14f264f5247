"""Where links go when a person moves one: founders, live children, one link of each source."""

import pytest

from ingestd.batch import LinkRow
from ingestd.errors import ConfigError
from ingestd.store.placing import Key, Place, alone, founders, key_of, merged, moved, own_id, place_of, settled, shown

A, B, C = ("a", "1"), ("b", "1"), ("c", "1")
OWN_A, OWN_B, OWN_C = own_id(A), own_id(B), own_id(C)


def links(*said: tuple[Key, int], parents: dict[Key, str] | None = None) -> dict[Key, LinkRow]:
    """Links by key, each with its event."""
    more = parents or {}
    return {
        key: LinkRow(source=key[0], source_event_id=key[1], event_id=event, parent=more.get(key, ""), changed_at=1) for key, event in said
    }


def homes(held: dict[Key, LinkRow], changes: dict[Key, Place]) -> dict[Key, int]:
    """The event of each link in the end."""
    return {key: place.event_id for key, place in settled(held, changes).items()}


def test_a_link_goes_into_another_event() -> None:
    """The rest stays where it is."""
    held = links((A, OWN_A), (B, OWN_A), (C, OWN_C))
    changes = moved(held, B, OWN_C, flipped=True, state="confirmed")
    assert changes == {B: Place(OWN_C, "confirmed", True)}
    assert homes(held, changes) == {A: OWN_A, B: OWN_C, C: OWN_C}


def test_a_founder_that_goes_leaves_an_event_of_another_name() -> None:
    """So that an event is always named after one of its links."""
    held = links((A, OWN_A), (B, OWN_A), (C, OWN_C))
    assert homes(held, moved(held, A, OWN_C, flipped=False, state="confirmed")) == {A: OWN_C, B: OWN_B, C: OWN_C}


def test_live_children_go_along() -> None:
    """They are the same match under another id; a source has one link to an event beside them."""
    child = ("a", "live")
    held = links((A, OWN_A), (child, OWN_A), (B, OWN_B), parents={child: "1"})
    assert homes(held, moved(held, A, OWN_B, flipped=False, state="confirmed")) == {A: OWN_B, child: OWN_B, B: OWN_B}
    assert homes(held, alone(held, A, "rejected")) == {A: OWN_A, child: OWN_A, B: OWN_B}


def test_a_source_has_one_link_to_an_event() -> None:
    """Told by name, whether one link comes or many."""
    other = ("a", "2")
    held = links((A, OWN_A), (B, OWN_A), (other, own_id(other)))
    with pytest.raises(ConfigError, match="a:2 is in that event already"):
        moved(held, A, own_id(other), flipped=False, state="confirmed")
    with pytest.raises(ConfigError, match="a:1 is in that event already"):
        merged(held, OWN_A, own_id(other), flipped=False)


def test_alone() -> None:
    """Whoever founded the event keeps its name, and the others leave it together; anybody else takes their own."""
    held = links((A, OWN_A), (B, OWN_A), (C, OWN_A))
    assert homes(held, alone(held, B, "confirmed")) == {A: OWN_A, B: OWN_B, C: OWN_A}
    assert homes(held, alone(held, A, "confirmed")) == {A: OWN_A, B: OWN_B, C: OWN_B}
    assert homes(links((A, OWN_A)), alone(links((A, OWN_A)), A, "rejected")) == {A: OWN_A}


def test_a_merge_turns_what_is_the_other_way_round() -> None:
    """And what already was, back."""
    held = links((A, OWN_A), (B, OWN_B), (C, OWN_B))
    held[C] = LinkRow(source="c", source_event_id="1", event_id=OWN_B, flipped=True, changed_at=1)
    assert merged(held, OWN_A, OWN_B, flipped=True) == {B: Place(OWN_A, "confirmed", True), C: Place(OWN_A, "confirmed", False)}


def test_names() -> None:
    """Of links and of the events that they found."""
    (row,) = links((A, 5)).values()
    assert (key_of(row), shown(A), place_of(row), founders([A])) == (A, "a:1", Place(5, "auto", False), {OWN_A: A})
