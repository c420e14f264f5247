"""The invented match: what its script changes is what it says."""

import pytest

from ingestd.testing.emulator import Key, Stand
from ingestd.testing.kalshi import SCRIPT
from ingestd.testing.kalshi_world import NORTH, SOUTH, TIE, World


def test_the_script_ends_as_the_truth_says() -> None:
    """Open, paused, withdrawn, settled."""
    world = World()
    told = list(world.script())
    assert len(told) == SCRIPT
    truth = world.truth()
    assert truth[Key(NORTH, "home", "back")] == Stand(100 / 47, "open")
    assert truth[Key(NORTH, "draw_or_away", "back")] == Stand(100 / 58, "open")
    assert truth[Key(NORTH, "home", "lay")] == Stand(100 / 42, "open")
    assert truth[Key(SOUTH, "away", "lay")] == Stand(100 / 30, "suspended")
    assert truth[Key(TIE, "draw", "traded")] == Stand(100 / 24, "settled")
    assert truth[Key(TIE, "draw", "lay")] == Stand(None, "settled")
    assert Key(NORTH, "home", "traded") not in truth


def test_a_level_that_goes_within_a_millisecond() -> None:
    """Has the stamp of the one that came."""
    said = [one.msg for one in World().script() if one.ticker == SOUTH and one.channel == "orderbook_delta"]
    assert [(one["delta_fp"], one["price_dollars"]) for one in said[:2]] == [("7.00", "0.3100"), ("-7.00", "0.3100")]
    assert said[0]["ts_ms"] == said[1]["ts_ms"]


def test_snapshots_leave_out_empty_sides() -> None:
    """Both, at the close."""
    world = World()
    assert world.snapshot(TIE)["yes_dollars_fp"] == [["0.2200", "5.00"]]
    (closing,) = [one.msg for one in world.script() if one.type == "orderbook_snapshot"]
    assert sorted(closing) == ["market_id", "market_ticker"]


@pytest.mark.parametrize("side", ["back", "lay"])
def test_a_new_market_is_offered(side: str) -> None:
    """From its first bid on."""
    world = World()
    world.add("NEW", "New")
    assert world.truth()[Key("NEW", "yes", side)].status == "open"
