"""What a retry corrects, on both databases: history told anew, prices put right, records decided; nothing newer is touched."""

from collections.abc import Awaitable, Callable

from ingestd.batch import store_offset
from ingestd.interfaces import Store
from ingestd.retelling import Record, Retelling, Standing
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
HISTORY = "SELECT seq, price, status, journal_offset & 1099511627775 FROM odds_history ORDER BY changed_at, seq"


async def recorded(store: Store, world: World) -> World:
    """Frames 1 to 4 tell of one price, each in a batch of its own; the world of a retry of them."""
    await world.begin(store, "uid")
    one = world.selection("a")
    for position, price in enumerate((2.0, 2.5, 3.0, 3.5), 1):
        batch = world.batch()
        if position == 1:
            world.tell(batch, one)
        batch.changes.append(world.change(one, T0 + position, price))
        await store.write(batch)
    again = World(kind="retry")
    await again.begin(store, "uid")
    return again


def standing(world: World, key: str = "a", **more: object) -> Standing:
    """How a price stands."""
    said: dict[str, object] = {"since": T0, "until": T0 + 3, "price": 9.0, "line": None, "size": 10.0, "own_status": "open", "result": ""}
    said.update({"changed_at": T0 + 3, "seq": 0, "basis": "provider", "received_at": T0 + 3, **more})
    return Standing(selection_id=world.selection(key).id, **said)  # type: ignore[arg-type] # the words above are its fields


def record(world: World, key: str, position: int, **more: object) -> Record:
    """A record by a word, as it is to be."""
    reject = world.reject(key, position)
    said = {"category": reject.category, "reason": "new", "path": "", "count": 1, "first_at": T0, "last_at": T0, "attempts": 0, **more}
    return Record(quarantine_id=reject.quarantine_id, source="demo", stage="decode", severity="error", journal_offset=reject.offset, **said)  # type: ignore[arg-type] # the words above are its fields


async def test_history_is_told_anew(store: Store, world: World, rows: Rows) -> None:
    """From one frame to another; what stands before and behind stays."""
    again = await recorded(store, world)
    one = again.selection("a")
    again.position = 2
    batch = again.batch([again.change(one, T0 + 2, 2.4)])
    batch.changes[0].offset = store_offset(again.journal_id, 2)
    batch.retelling = Retelling(since={one.id: store_offset(again.journal_id, 2)}, until=store_offset(again.journal_id, 3))
    for _ in range(2):
        await store.write(batch)
        assert await rows(HISTORY) == [(0, 2.0, "open", 1), (0, 2.4, "open", 2), (0, 3.5, "open", 4)]


async def test_a_later_frame_of_the_same_key_makes_room(store: Store, world: World, rows: Rows) -> None:
    """The earlier frame's row takes its place, however the two rank."""
    again = await recorded(store, world)
    one = again.selection("a")
    again.position = 1
    batch = again.batch([again.change(one, T0 + 4, 1.5)])
    batch.changes[0].offset = store_offset(again.journal_id, 2)
    batch.retelling = Retelling(since={one.id: store_offset(again.journal_id, 2)}, until=store_offset(again.journal_id, 2))
    await store.write(batch)
    assert (0, 1.5, "open", 2) in await rows(HISTORY)
    assert (0, 3.5, "open", 4) not in await rows(HISTORY)


async def test_a_price_is_put_right(store: Store, world: World, rows: Rows) -> None:
    """Where these frames left it; what came later, and what is not there, stays so, unless it is over."""
    again = await recorded(store, world)
    again.position = 4
    batch = again.batch()
    again.tell(batch, again.selection("b"), again.selection("c"))
    over = standing(again, "c", own_status="withdrawn")
    batch.retelling = Retelling(standings=[standing(again), standing(again, "b"), over])
    await store.write(batch)
    assert await rows("SELECT price, own_status FROM odds ORDER BY price") == [(3.5, "open"), (9.0, "withdrawn")]
    batch = again.batch()
    batch.retelling = Retelling(standings=[standing(again, until=T0 + 4)])
    await store.write(batch)
    assert (9.0, "open") in await rows("SELECT price, own_status FROM odds")


async def test_records_are_decided(store: Store, world: World, rows: Rows) -> None:
    """With the batch; one that came again meanwhile is another happening."""
    await world.begin(store, "uid")
    batch = world.batch()
    batch.rejects += [world.reject("taken", 1), world.reject("refused", 1), world.reject("again", 7)]
    await store.write(batch)
    batch = world.batch()
    verdicts = [record(world, "taken", 1, state="replayed"), record(world, "refused", 1, state="open", error="stack")]
    batch.retelling = Retelling(verdicts=[*verdicts, record(world, "again", 6, state="replayed")])
    await store.write(batch)
    found = await rows("SELECT state, attempts, reason, error FROM quarantine ORDER BY state, attempts")
    assert found == [("open", 0, "not JSON", ""), ("open", 1, "new", "stack"), ("replayed", 1, "new", "")]
