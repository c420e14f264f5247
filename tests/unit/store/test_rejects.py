"""Rows of quarantine: whose they are, and which frame they lead back to."""

from ingestd.batch import store_offset
from ingestd.model import Run
from ingestd.store.rejects import rejects
from ingestd.store.rows import Refused
from ingestd.testing.batches import T0, World


def refused_row(world: World, kind: str, source: str) -> tuple[object, ...]:
    """A price that the database would not take, in the second frame of a batch: id, source, offset, path."""
    world.run = Run(run_id=1, kind="live" if kind == "live" else "retry", source=source, started_at=T0)
    world.journal_id = 1
    one = world.selection("a")
    batch = world.batch([world.change(one, T0)])
    world.tell(batch, one)
    batch.changes[0].offset = store_offset(1, 77)
    batch.position = 99
    refused = Refused()
    refused.add("odds", (one.id,), "data: no", batch.changes[0])
    (step,) = rejects(batch, refused, T0)
    row = step.rows[0]
    return row[0], row[1], row[6], row[7]


def test_a_refused_price_leads_back_to_its_frame() -> None:
    """Not to the last one of its batch; and a retry that is refused again means the same record, whatever its run is called."""
    live = refused_row(World(), "live", "")
    assert live[1:] == ("demo", store_offset(1, 77), f"odds({World().selection('a').id},)")
    assert refused_row(World(), "retry", "demo") == live


def test_the_same_twice_in_one_batch_counts_twice() -> None:
    """One row of an id in each step."""
    world = World()
    batch = world.batch()
    batch.rejects += [world.reject("a", 1), world.reject("a", 2), world.reject("b", 1)]
    assert [len(step.rows) for step in rejects(batch, Refused(), T0)] == [2, 1]


def test_a_row_of_nobody_in_particular() -> None:
    """A name belongs to no source; what a source says does."""
    world = World()
    world.run = Run(run_id=1, kind="live", source="", started_at=T0)
    refused = Refused()
    refused.add("teams", (5,), "data: no", ())
    refused.add("markets", ("demo", "m1"), "data: no", ())
    batch = world.batch()
    (step,) = rejects(batch, refused, T0)
    assert sorted((row[1], row[6]) for row in step.rows) == [("", batch.position), ("demo", batch.position)]
