"""The emulated markets: a script that a seed repeats, and differences that lead from one state to another."""

from itertools import count, pairwise
from typing import Any

import pytest

from ingestd.testing.betfair_world import Market, Runner, World, change

FIELDS = ("EX_BEST_OFFERS", "EX_LTP", "EX_MARKET_DEF")
Json = Any  # type: ignore[explicit-any]  # whatever a message holds


def played(seed: int, steps: int = 400) -> World:
    """A world after its script."""
    world = World(seed, count(1, 10).__next__)
    while len(world.steps) < steps and world.step(closing=0.005):
        pass
    return world


def test_a_seed_is_a_script() -> None:
    """The same one twice, another one otherwise; every kind of thing happens in it."""
    first, again, other = played(1), played(1), played(2)
    states = [[world.now(market_id) for market_id in world.market_ids] for world in (first, again, other)]
    assert states[0] == states[1]
    assert states[0] != states[2]
    seen = [first.at(step.market_id, step.seq) for step in first.steps]
    assert {market.status for market in seen if market} == {"OPEN", "SUSPENDED", "CLOSED"}
    assert {runner.status for market in seen if market for runner in market.runners} == {"ACTIVE", "REMOVED", "WINNER", "LOSER"}
    assert {market.in_play for market in seen if market} == {False, True}


def test_time_moves_with_every_step() -> None:
    """No two steps share a millisecond, though the clock stands still."""
    world = World(1, lambda: 5)
    for _ in range(20):
        world.step()
    assert all(before.pt < after.pt for before, after in pairwise(world.steps))


def apply(held: Json, told: Json) -> None:
    """What a plain client does with a change."""
    for runner in told.get("rc", ()):
        state = held.setdefault((runner["id"], runner.get("hc", 0.0)), {"batb": {}, "batl": {}, "ltp": 0.0})
        for ladder in ("batb", "batl"):
            if runner.get(ladder) == []:
                state[ladder] = {}
            for level, price, size in runner.get(ladder, ()):
                state[ladder][level] = (price, size)
                if not size:
                    del state[ladder][level]
        state["ltp"] = runner.get("ltp", state["ltp"])


@pytest.mark.parametrize("stride", [1, 7, 1000])
def test_changes_lead_from_state_to_state(stride: int) -> None:
    """Step by step or merged, a client that only applies them holds what the market holds."""
    world = played(3)
    for market_id in world.market_ids:
        held: Json = {}
        before: Market | None = None
        for seq in [*range(4, world.seq, stride), world.seq]:
            now = world.at(market_id, seq)
            if now is None:
                continue
            apply(held, change(before, now, FIELDS))
            before = now
        for runner in world.now(market_id).runners:
            state = held.get((runner.id, runner.hc), {"batb": {}, "batl": {}, "ltp": 0.0})
            assert state == {"batb": dict(enumerate(runner.back)), "batl": dict(enumerate(runner.lay)), "ltp": runner.ltp}


def test_the_full_ladders_are_told_by_price() -> None:
    """New totals, and 0 for what is gone."""
    before = Market("1", "2", "A v B", "MATCH_ODDS", "ODDS", (Runner(7, 0.0, "A", back=((2.0, 5.0), (1.9, 6.0))),))
    after = before.with_runner(Runner(7, 0.0, "A", back=((2.0, 8.0),)))
    assert change(before, after, ("EX_ALL_OFFERS",)) == {"id": "1", "rc": [{"atb": [[2.0, 8.0], [1.9, 0]], "id": 7}]}


def test_nothing_changed_is_nothing_told() -> None:
    """But the name of the market."""
    world = played(1, 50)
    market = world.now(world.market_ids[0])
    assert change(market, market, FIELDS) == {"id": market.id}


def test_definitions_have_no_names() -> None:
    """As on the live stream."""
    text = str(World(1, lambda: 1).now("1.200000000").definition())
    assert "Home" not in text
    assert "name" not in text
