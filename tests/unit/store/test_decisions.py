"""The ledger's rows."""

from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.store.decisions import DecisionRow, Deed, recorded
from ingestd.store.placing import Place, own_id, place_of

A, B, C = ("a", "1"), ("b", "1"), ("c", "1")
DEED = Deed(action="link", who="kim", at=5)


def test_every_link_concerned_is_spoken_of() -> None:
    """The subject first, then those that moved or stay decided; what nobody has decided yet is not."""
    links = {
        key: LinkRow(source=key[0], source_event_id=key[1], event_id=own_id(home), state=state)  # type: ignore[arg-type] # words of the model
        for key, home, state in ((A, A, "auto"), (B, B, "auto"), (C, A, "stub"))
    }
    places = {**{key: place_of(link) for key, link in links.items()}, B: Place(own_id(A), "confirmed", True)}
    rows = recorded(DEED, B, links, places)
    assert [(row.place, row.key, row.moves) for row in rows] == [(0, B, True), (1, A, False)]
    assert (rows[0].was, rows[0].was_source, rows[0].now_source, rows[0].now_state, rows[0].now_flipped) == ("1", "b", "a", "confirmed", 1)
    assert len({row.decision_id for row in rows}) == 1


def test_a_change_of_state_is_a_move() -> None:
    """A confirmation moves nothing else."""
    row = DecisionRow(decision_id="x", place=0, decided_at=1, decided_by="kim", action="confirm", kind="event", source="a", subject="1")
    assert not row.moves
    assert replace(row, now_state="confirmed").moves


def test_ids_differ() -> None:
    """By who, when, what and of which; twelve letters that are no option of a command."""
    ids = {DEED.named("a", "1"), DEED.named("a", "2"), replace(DEED, at=6).named("a", "1"), replace(DEED, who="x").named("a", "1")}
    assert len(ids) == 4
    assert all(len(one) == 12 and one.isalnum() for one in ids)
