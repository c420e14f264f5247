"""The split: exactly the culprits are found, by themselves and in both databases."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.interfaces import Store
from ingestd.store.splitting import split
from ingestd.testing.batches import T0, World

T = TypeVar("T")
Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


@given(st.sets(st.integers(0, 99)), st.integers(0, 100))
def test_split_finds_exactly_the_poison(poison: set[int], size: int) -> None:
    """Everything else is tried with success exactly once, and k culprits cost about k log n attempts."""
    units = list(range(size))
    went_in: list[int] = []
    attempts = split(units)
    sent: str | None = None
    tries = 0
    while True:
        try:
            lot = next(attempts) if sent is None else attempts.send(sent)
        except StopIteration as done:
            culprits = done.value
            break
        tries += 1
        sent = "no" if poison & set(lot) else ""
        if not sent:
            went_in += lot
    expected = [(unit, "no") for unit in units if unit in poison]
    assert culprits == expected
    assert sorted(went_in) == [unit for unit in units if unit not in poison]
    assert tries <= 1 + 2 * len(expected) * 7


@pytest.mark.parametrize("poison", [set(), {0}, {3, 4, 59}, set(range(0, 60, 7)), set(range(60))], ids=len)
async def test_exactly_the_poisoned_selections_are_refused(store: Store, world: World, rows: Rows, poison: set[int]) -> None:
    """Prices of selections nobody told of break a foreign key: they alone are left out, quarantined, and the checkpoint moves."""
    await world.begin(store)
    told = [world.selection(f"s{number}") for number in range(60)]
    batch = world.batch()
    world.tell(batch, world.selection("any"), *(said for number, said in enumerate(told) if number not in poison))
    for number, said in enumerate(told):
        batch.changes += [world.change(said, T0 + number), world.change(said, T0 + number + 100, 3.0)]
    world.covered(batch, T0, T0 + 9)
    world.state(batch, T0)
    written = await store.write(batch)
    assert {refusal.key for refusal in written.refused} == {(told[number].id,) for number in poison}
    assert {refusal.table for refusal in written.refused} <= {"odds"}
    assert written.rows.get("odds_history", 0) == 2 * (60 - len(poison))
    assert len(await rows("SELECT 1 FROM odds")) == 60 - len(poison)
    assert await rows("SELECT reason, count FROM quarantine") == [("foreign_key", 1)] * len(poison)
    assert await store.position(world.run, world.journal_id) == world.position
    assert await rows("SELECT state FROM coverage") == [("complete",)]


async def test_poison_of_every_kind_stands_alone(store: Store, world: World, rows: Rows) -> None:
    """NUL, lone surrogates, too big, not finite, out of time: one word for each, the same in both databases."""
    await world.begin(store)
    poison: dict[str, dict[str, object]] = {
        "surrogate": {"status": "\ud800"},
        "nul": {"result": "\0"},
        "word": {"own_status": "closed"},
        "seq": {"seq": 1 << 31},
        "offset": {"offset": 1 << 63},
        "nan": {"price": float("nan")},
        "inf": {"size": float("inf")},
        "year": {"changed_at": 1 << 62},
        "early": {"received_at": -(1 << 57)},
    }
    batch = world.batch()
    fine = world.selection("fine")
    told = {name: world.selection(name) for name in poison}
    world.tell(batch, fine, *told.values())
    batch.changes = [world.change(fine, T0), *(world.change(told[name], T0, **more) for name, more in poison.items())]  # type: ignore[arg-type] # poison
    written = await store.write(batch)
    words = {told_name: refusal.error for told_name, said in told.items() for refusal in written.refused if refusal.key == (said.id,)}
    assert words == {
        "surrogate": "text",
        "nul": "text",
        "word": "text",
        "seq": "overflow",
        "offset": "overflow",
        "nan": "not_finite",
        "inf": "not_finite",
        "year": "time",
        "early": "time",
    }
    assert await rows("SELECT price FROM odds") == [(2.0,)]
    assert len(await rows("SELECT 1 FROM quarantine WHERE category = 'store'")) == len(poison)


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


async def test_a_row_that_only_the_database_refuses(store: Store, world: World, rows: Rows) -> None:
    """A market of an event that is nowhere: the database finds it, its neighbours go in, and so do prices of other markets."""
    await world.begin(store)
    fine, lost = world.selection("fine", market="m1"), world.selection("lost", market="m2", event="e2")
    batch = world.batch()
    world.tell(batch, fine, lost)
    del batch.links["demo", "e2"]
    batch.changes = [world.change(fine, T0), world.change(lost, T0)]
    written = await store.write(batch)
    said = {(refusal.table, refusal.error.split(":")[0]) for refusal in written.refused}
    assert said == {("markets", "foreign_key"), ("selections", "orphan"), ("odds", "orphan")}
    assert await rows("SELECT source_market_id FROM markets") == [("m1",)]
    assert await rows("SELECT price FROM odds") == [(2.0,)]
    again = await store.write(batch)
    assert len(again.refused) == 3
    assert await rows("SELECT count FROM quarantine") == [(1,), (1,), (1,)]
