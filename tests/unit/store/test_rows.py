"""Batches as rows: what goes where, and that the order of loading does not matter."""

from collections.abc import Awaitable, Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.batch import Change
from ingestd.interfaces import Store
from ingestd.store import rows as batch_rows
from ingestd.testing.batches import T0, World
from ingestd.testing.digest import facts

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
CHANGES = st.lists(
    st.builds(
        Change,
        *(st.integers(0, 2), st.integers(0, 3), st.integers(0, 1), st.sampled_from([None, 1.5, 2.0]), st.none(), st.none()),
        *(st.just("open"), st.just("open"), st.just(""), st.just("provider"), st.just(0), st.just(0), st.booleans(), st.booleans()),
    ),
    max_size=12,
)


@given(CHANGES, st.one_of(st.none(), st.integers(0, 3)))
def test_prices_keep_one_row_per_key_and_one_per_selection(changes: list[Change], odds_after: int | None) -> None:
    """History: of each key the highest row. Odds: of each selection the last that may touch it. Sorted, whatever order they came in."""
    found = batch_rows.prices(changes, odds_after)
    history: dict[tuple[int, int, int], float] = {}
    for row in changes:
        if row.history:
            key = (row.selection_id, row.changed_at, row.seq)
            history[key] = max(history.get(key, -1.0), row.price or -1.0)
    kept = [
        (row.selection_id, row.changed_at, row.seq, row.price or -1.0)
        for row, goes in zip(found.changes, found.history, strict=True)
        if goes
    ]
    assert kept == sorted((*key, price) for key, price in history.items())
    touching = [row for row in changes if row.current and (odds_after is None or row.changed_at > odds_after)]
    last = {
        key: max((row.changed_at, row.seq) for row in touching if row.selection_id == key) for key in {row.selection_id for row in touching}
    }
    odds = {row.selection_id: (row.changed_at, row.seq) for row, goes in zip(found.changes, found.odds, strict=True) if goes}
    assert odds == last
    assert sum(found.odds) == len(last)


async def test_refused_names_take_their_dependents_along(store: Store, world: World, rows: Rows) -> None:
    """A bookmaker, and a market, that cannot be stored: what refers to them is refused for that reason; the rest goes in."""
    await world.begin(store)
    fine = world.selection("fine")
    odd_book = world.selection("book", bookmaker="bad\0")
    odd_market = world.selection("market", market="m\ud800")
    batch = world.batch()
    world.tell(batch, fine, odd_book, odd_market)
    batch.changes = [world.change(said, T0) for said in (fine, odd_book, odd_market)]
    written = await store.write(batch)
    by_table = sorted((refusal.table, refusal.error.split(":")[0]) for refusal in written.refused)
    assert by_table == [
        ("bookmakers", "text"),
        ("markets", "text"),
        ("odds", "orphan"),
        ("odds", "orphan"),
        ("selections", "orphan"),
        ("selections", "text"),
    ]
    assert await rows("SELECT participant FROM selections") == [("fine",)]
    assert await rows("SELECT price FROM odds") == [(2.0,)]


def told_by(rng: Random, world: World, truth: list[Change]) -> list[Change]:
    """What one recording holds of the truth: some of its moments, without repeats."""
    told: list[Change] = []
    for row in truth:
        if rng.random() < 0.6 and not (told and told[-1].selection_id == row.selection_id and told[-1].price == row.price):
            told.append(world.change(world.selection("home"), row.changed_at, row.price, row.seq))
    return told


@pytest.mark.parametrize("seed", range(8))
async def test_loads_in_either_order_or_twice_leave_the_same_facts(store: Store, store_url: str, seed: int) -> None:
    """I3: two recordings of one price that overlap: first one, first the other, or one of them again."""
    left = []
    for order in ((0, 1), (1, 0), (0, 1, 0), (1, 1, 0)):
        world = World(source=f"s{order}", kind="load")
        await world.begin(store)
        home = world.selection("home")
        rng = Random(seed)
        truth = [world.change(home, T0 + number, rng.choice([1.5, 2.0]), seq=rng.randrange(2)) for number in range(20)]
        recordings = [told_by(rng, world, truth), told_by(rng, world, truth)]
        for which in order:
            batch = world.batch(recordings[which])
            world.tell(batch, home)
            batch.settle = {home.id}
            await store.write(batch)
        found = await facts(store_url, tables=["odds", "odds_history"])
        mine = f"selection_id={home.id}"
        left.append({name: [fact[1:] for fact in table if fact[0] == mine] for name, table in found.items()})
    assert left[1:] == left[:1] * 3
    assert len(left[0]["odds_history"]) > 3
