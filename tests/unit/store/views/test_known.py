"""How coverage cuts the life of a price."""

from collections.abc import Awaitable, Callable

import pytest

from ingestd.interfaces import Store
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
Stretch = tuple[int, int | None, str]
CASES: dict[str, tuple[list[tuple[str, str, int, int | None, int, str]], list[Stretch]]] = {
    # scope kind, id, began, ended, seen until, state; stretches of a price that stands from 10 on
    "known until it was last seen": ([("source", "", 0, None, 30, "complete")], [(10, 31, "complete"), (31, None, "unknown")]),
    "missing for as long as nobody repairs it": ([("source", "", 0, None, 30, "gap")], [(10, None, "gap")]),
    "cut and repaired": (
        [("source", "", 0, 20, 20, "complete"), ("source", "", 20, 25, 25, "gap"), ("source", "", 25, 40, 40, "complete")],
        [(10, 20, "complete"), (20, 25, "gap"), (25, 41, "complete"), (41, None, "unknown")],
    ),
    "a market missed by itself": (
        [("source", "", 0, 40, 40, "complete"), ("market", "m1", 20, 25, 25, "gap"), ("market", "other", 12, 15, 15, "gap")],
        [(10, 20, "complete"), (20, 25, "gap"), (25, 41, "complete"), (41, None, "unknown")],
    ),
    "known by itself while the rest is not": (
        [("source", "", 0, 40, 40, "down"), ("event", "e1", 15, 20, 20, "complete")],
        [(10, 15, "down"), (15, 21, "complete"), (21, 40, "down"), (40, None, "unknown")],
    ),
    "a gap of no length": (
        [("source", "", 0, 20, 20, "complete"), ("source", "", 20, 20, 20, "gap"), ("market", "m1", 20, 30, 30, "complete")],
        [(10, 20, "complete"), (20, 21, "complete"), (21, 31, "complete"), (31, None, "unknown")],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_stretches(store: Store, world: World, rows: Rows, name: str) -> None:
    """Each with its state; together they are the whole life of the price."""
    intervals, wanted = CASES[name]
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0 + 10)])
    world.tell(batch, home)
    for kind, which, began, ended, seen, state in intervals:
        world.covered(batch, T0 + began, T0 + seen, scope=(kind, which), state=state, ended=None if ended is None else T0 + ended)
    await store.write(batch)
    found = await rows("SELECT covered_from, covered_to, coverage_state FROM trusted_history ORDER BY covered_from")
    assert [(micro(since), micro(until), state) for since, until, state in found] == wanted


def micro(moment: object) -> int | None:
    """µs after T0, of a time as a view shows it."""
    return None if moment is None else int(str(moment).removesuffix("+00:00").removesuffix("Z").partition(".")[2] or 0)
