"""Batches by hand refer to nothing that they do not bring along."""

from ingestd.testing.batches import T0, World


def test_a_told_selection_brings_what_it_needs() -> None:
    """Bookmaker, event, names and market; changes point at it."""
    world = World()
    home = world.selection("home")
    batch = world.batch([world.change(home, T0)])
    world.tell(batch, home)
    row = batch.selections[home.id]
    assert set(batch.bookmakers) == {row.bookmaker_id}
    assert set(batch.links) == {(world.source, row.selection.source_event_id)}
    assert {link.home_team_id for link in batch.links.values()} < set(batch.teams)
    assert set(batch.markets) == {(world.source, home.source_market_id)}
    assert [change.selection_id for change in batch.changes] == [home.id]
