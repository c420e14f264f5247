"""Runs, journals and checkpoints, on both databases."""

from collections.abc import Awaitable, Callable

from ingestd.interfaces import Store
from ingestd.store.affairs import ADVANCE, SETTLE, render
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


async def test_a_journal_has_one_id_for_ever(store: Store) -> None:
    """Allocated at first contact, the same again, also after it moved; another journal has another."""
    first = await store.journal_id("a", "/old")
    assert await store.journal_id("a", "/new\udcff") == first
    assert await store.journal_id("b", "/old") != first
    assert 0 < first < 1 << 23


async def test_checkpoint_begins_where_told_and_stays_where_it_got(store: Store) -> None:
    """A run begins at the given position once; afterwards the store knows better, and it never goes back."""
    world = World()
    journal = await store.journal_id("a", "/journal")
    assert await store.begin(world.run, journal, 41) == 41
    world.journal_id, world.position = journal, 49
    await store.write(world.batch())
    assert await store.begin(World().run, journal, 7) == 50
    world.position = 44
    await store.write(world.batch())
    assert await store.position(world.run, journal) == 50


async def test_runs_are_recorded_with_their_end(store: Store, rows: Rows) -> None:
    """A live run without an end died, as the next one finds out on another store object; ends carry counts and errors."""
    live, load = World(), World(kind="load")
    await live.begin(store)
    await load.begin(store)
    await store.end(load.run, ended_at=T0, status="failed", counts={"b": 1, "a": 2}, error="x\0")
    assert await rows("SELECT kind, status, counts, error FROM runs ORDER BY kind") == [
        ("live", "running", "", ""),
        ("load", "failed", '{"a": 2, "b": 1}', "x\\x00"),
    ]


async def test_the_next_daemon_marks_the_dead_run(store_url: str, rows: Rows) -> None:
    """One live run at a time: whatever still says that it runs, died."""
    from ingestd.clock import SystemClock  # noqa: PLC0415 - two stores, one after the other
    from ingestd.store import open_store  # noqa: PLC0415 - as above

    for _ in range(2):
        store = open_store(store_url, "ingestd", SystemClock())
        await store.prepare()
        await World().begin(store)
        await store.close()
    assert await rows("SELECT status FROM runs ORDER BY run_id") == [("died",), ("running",)]


async def test_finite_runs_have_fences_of_their_own(store: Store, rows: Rows) -> None:
    """A load neither stops the daemon nor is stopped by it."""
    live, load = World(), World(kind="load")
    await live.begin(store)
    await load.begin(store)
    await store.write(load.batch())
    await store.write(live.batch())
    assert await rows("SELECT reader, position FROM checkpoints ORDER BY reader") == [("live", 1), ("load", 1)]


def test_rendering_leaves_no_mark_behind() -> None:
    """Arguments, times and words of each database."""
    for statement in (ADVANCE, SETTLE):
        assert "?" not in render(statement, "postgresql")
        assert "@" not in render(statement, "sqlite") + render(statement, "postgresql")
        assert "{" not in render(statement, "sqlite") + render(statement, "postgresql")
