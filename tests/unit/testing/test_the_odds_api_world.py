"""The script of the emulated Odds API."""

from collections import Counter

from ingestd.testing.the_odds_api_world import World


def test_the_script_has_everything() -> None:
    """Withdrawals, a price of 1.0, lines that move and lines that are replaced; it ends, and is the same for the same seed."""
    world, again = World(7), World(7)
    while not world.over:
        world.advance()
        again.advance()
    before = dict(world.ever)
    world.advance()
    assert world.ever == before == again.ever
    assert World(8).ever != World(7).ever
    statuses = Counter(stand.status for stand in world.ever.values())
    assert statuses["suspended"] == 1
    assert min(statuses["open"], statuses["withdrawn"]) > 10
    assert {key.side for key in world.ever} == {"back", "lay"}
