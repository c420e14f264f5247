"""What people decide about events, on both databases: carried out, recorded, taken back, taken elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestd.batch import Batch
from ingestd.clock import SystemClock
from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.interfaces import Store
from ingestd.model import hash64
from ingestd.store import open_store
from ingestd.store.connect import target
from ingestd.store.deciding import Deciding
from ingestd.store.decisions import Deed
from ingestd.store.event_queries import EventQueries
from ingestd.store.placing import Key
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
A, B, C = ("a", "e1"), ("b", "e1"), ("c", "e1")
OWN = {key: hash64("event", *key) for key in (A, B, C)}
PLACED = "SELECT source, event_id, state, flipped FROM event_links ORDER BY source"
EVENTS = "SELECT event_id FROM events ORDER BY 1"
ALIASES = "SELECT source, stands_for, state FROM aliases WHERE kind = 'event' ORDER BY source"


def deed(action: str, second: int = 0, undoes: str = "") -> Deed:
    """By one person, in order."""
    return Deed(action=action, who="kim", at=T0 + second, note="why not", undoes=undoes)


async def filled(store: Store, world: World, **states: tuple[Key, str]) -> None:
    """A's event with B in it, C's own; ``states``: other places by source (whose event, state)."""
    await world.begin(store)
    batch: Batch = world.batch()
    for key, (home, state) in {"a": (A, "auto"), "b": (A, "auto"), "c": (C, "auto"), **states}.items():
        other = World(source=key)
        candidate = OWN[A] if state == "review" else None
        row = replace(other.link(), event_id=OWN[home], state=state, candidate_id=candidate)
        batch.links[row.source, row.source_event_id] = row
        world.name(batch, row)
    await store.write(batch)


@pytest.fixture
def deciding(store: Store, store_url: str) -> Deciding:
    """Decisions on a prepared store."""
    del store
    return Deciding(target(store_url, SCHEMA))


async def test_link_unlink_undo(store: Store, world: World, deciding: Deciding, rows: Rows) -> None:
    """Each moves one row; events come and go with their links; what was decided stands for links told of later."""
    await filled(store, world)
    before = await rows(PLACED)
    linked = await deciding.link(deed("link"), C, OWN[A], flipped=True)
    assert await rows(PLACED) == [("a", OWN[A], "auto", 0), ("b", OWN[A], "auto", 0), ("c", OWN[A], "confirmed", 1)]
    assert await rows(EVENTS) == [(OWN[A],)]
    assert [(row.key, row.moves) for row in linked] == [(C, True), (A, False), (B, False)]
    assert await rows(ALIASES) == [("a", OWN[A], "auto"), ("b", OWN[A], "auto"), ("c", OWN[A], "confirmed")]
    await deciding.unlink(deed("unlink", 1), A)
    assert [row[1] for row in await rows(PLACED)] == [OWN[A], OWN[B], OWN[B]]
    first, second = [row.decision_id for row in await deciding.history() if row.place == 0]
    with pytest.raises(ConfigError, match=f"decided again since, by decision {second}"):
        await deciding.undo(deed("undo", 2, first))
    await deciding.undo(deed("undo", 2, second))
    await deciding.undo(deed("undo", 3, first))
    assert await rows(PLACED) == before
    assert await rows(ALIASES) == []
    assert [row.action for row in await deciding.history() if row.place == 0] == ["link", "unlink", "undo", "undo"]
    with pytest.raises(ConfigError, match="taken back already"):
        await deciding.undo(deed("undo", 4, first))


async def test_merge_moves_all_links(store: Store, world: World, deciding: Deciding, rows: Rows) -> None:
    """And is one decision, taken back at once."""
    await filled(store, world)
    before = await rows(PLACED)
    merged = await deciding.merge(deed("merge"), OWN[C], OWN[A], flipped=False)
    assert {row[1] for row in await rows(PLACED)} == {OWN[C]}
    assert await rows(EVENTS) == [(OWN[C],)]
    await deciding.undo(deed("undo", 1, merged[0].decision_id))
    assert await rows(PLACED) == before
    with pytest.raises(ConfigError, match="one event already"):
        await deciding.merge(deed("merge", 2), OWN[A], OWN[A], flipped=False)


async def test_review(store: Store, world: World, deciding: Deciding, rows: Rows) -> None:
    """Confirmed, it is what it may be; rejected, it stays alone; either is taken back into review."""
    await filled(store, world, c=(C, "review"))
    confirmed = await deciding.confirm(deed("confirm"), C, flipped=False)
    assert (await rows(PLACED))[2] == ("c", OWN[A], "confirmed", 0)
    await deciding.undo(deed("undo", 1, confirmed[0].decision_id))
    assert (await rows(PLACED))[2] == ("c", OWN[C], "review", 0)
    assert [row for row in await rows(ALIASES) if row[0] == "c"] == []
    await deciding.unlink(deed("reject", 2), C, "rejected")
    assert (await rows(PLACED))[2] == ("c", OWN[C], "rejected", 0)
    assert ("c", OWN[C], "rejected") in await rows(ALIASES)
    await deciding.confirm(deed("confirm", 3), B, flipped=False)
    assert (await rows(PLACED))[1] == ("b", OWN[A], "confirmed", 0)


async def test_a_candidate_is_followed(store: Store, world: World, deciding: Deciding, rows: Rows) -> None:
    """What waits for a review still may be the event that another took in."""
    await filled(store, world, b=(B, "auto"), c=(C, "review"))
    await deciding.link(deed("link"), A, OWN[B], flipped=False)
    assert await rows("SELECT candidate_id FROM event_links WHERE source = 'c'") == [(OWN[B],)]
    await deciding.confirm(deed("confirm", 1), C, flipped=False)
    assert {row[1] for row in await rows(PLACED)} == {OWN[B]}


async def test_what_cannot_be(store: Store, world: World, deciding: Deciding) -> None:
    """One line each, and nothing is written."""
    await filled(store, world)
    for act, said in (
        (deciding.link(deed("x"), B, OWN[A], flipped=False), "is in that event already"),
        (deciding.link(deed("x"), ("z", "9"), OWN[A], flipped=False), "no link z:9"),
        (deciding.undo(deed("x", 0, "none")), "no decision none"),
    ):
        with pytest.raises(ConfigError, match=said):
            await act
    await deciding.unlink(deed("unlink"), C)
    with pytest.raises(ConfigError, match="c:e1 is alone in its event already"):
        await deciding.unlink(deed("unlink", 1), C)
    assert [row.action for row in await deciding.history()] == ["unlink"]


async def test_decisions_go_to_another_store(store: Store, world: World, deciding: Deciding, tmp_path: Path) -> None:
    """Once each; links that are there move at once, to wherever the event that was meant is there."""
    await filled(store, world)
    told = await deciding.link(deed("link"), C, OWN[A], flipped=False)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    other = open_store(url, SCHEMA, SystemClock())
    await other.prepare()
    await filled(other, World(), a=(B, "auto"), b=(B, "auto"))
    there = Deciding(target(url, SCHEMA))
    assert (await there.take(told), await there.take(told), await deciding.take(told)) == (1, 0, 0)
    await other.close()
    async with EventQueries(target(url, SCHEMA)) as ask:
        (event,) = await ask.find()
    assert (event.event_id, [link.state for link in event.links]) == (OWN[B], ["auto", "auto", "confirmed"])
    assert await there.history() == await deciding.history() == told


async def test_a_store_that_is_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Is told in one line."""
    away = Deciding(target(f"sqlite:///{tmp_path_factory.mktemp('x') / 'none.db'}", SCHEMA))
    with pytest.raises(StoreUnavailable):
        await away.unlink(deed("unlink"), A)
