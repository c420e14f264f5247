"""What events are, of what their links say: precedence, the way round, the actual start, and what is gone."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from ingestd.batch import LinkRow
from ingestd.interfaces import Store
from ingestd.model import SECOND, hash64
from ingestd.store.connect import target
from ingestd.store.event_queries import EventQueries
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
EVENT = hash64("event", "a", "1")
HOUR = 3_600 * SECOND


async def tell(store: Store, world: World, *links: LinkRow) -> None:
    """Write what sources say of one event."""
    batch = world.batch()
    for link in links:
        batch.links[link.source, link.source_event_id] = link
        world.name(batch, link)
    await store.write(batch)


def said(source: str, *, at: int = T0, event: int = EVENT, home: str = "Reds", **more: object) -> LinkRow:
    """A link of that event."""
    return replace(World(source=source).link("1", at=at, home=home), event_id=event, **more)


async def test_each_word_is_that_of_the_first_who_tells_it(store: Store, world: World, rows: Rows) -> None:
    """By precedence; whoever has none comes by name; what the first does not tell, the next does; a change of it counts at once."""
    await world.begin(store)
    await store.prefer(["b"])
    await tell(store, world, said("a", home="As", season="2026"), said("b", home="Bs", season=""), said("c", home="Cs", season="x"))
    names = "SELECT h.name, e.season FROM events AS e JOIN teams AS h ON h.id = e.home_team_id"
    assert await rows(names) == [("Bs", "2026")]
    await store.prefer(["c", "a"])
    assert await rows(names) == [("Cs", "x")]
    await store.prefer(["c", "a"])
    assert await rows("SELECT source, place FROM precedence ORDER BY place") == [("c", 0), ("a", 1)]


async def test_a_link_that_is_the_other_way_round(store: Store, world: World, rows: Rows) -> None:
    """Its away is the event's home."""
    await world.begin(store)
    await tell(store, world, said("a", home="Reds", away="Blues", flipped=True))
    assert await rows("SELECT h.name FROM events AS e JOIN teams AS h ON h.id = e.home_team_id") == [("Blues",)]


START = T0 + 3_600 * SECOND


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([("a", None, ""), ("b", None, "")], (None, "")),
        ([("a", 9, "in_play"), ("b", 5, "in_play")], (5, "in_play")),
        ([("a", 3, "in_play"), ("b", 7, "status")], (7, "status")),
        ([("a", 8, "status"), ("b", 7, "status")], (8, "status")),
        ([("a", -13 * 3_600, "in_play"), ("b", 7, "in_play")], (7, "in_play")),
        ([("a", -600, "in_play")], (-600, "in_play")),
    ],
)
async def test_when_it_began(
    store: Store, world: World, store_url: str, marks: list[tuple[str, int | None, str]], expected: tuple[int | None, str]
) -> None:
    """As a status says, the first by precedence; else the first in-play mark; one of a date long given up counts for nothing."""
    await world.begin(store)
    for source, second, by in marks:
        at = None if second is None else START + second * SECOND
        await tell(store, world, said(source, started_at=at, started_by=by, starts_at=START))
    async with EventQueries(target(store_url, SCHEMA)) as ask:
        (found,) = await ask.find()
    began = None if found.started_at is None else (found.started_at - START) // SECOND
    assert (began, found.started_by) == expected


async def test_the_status_is_of_whoever_knows_more_than_the_timetable(store: Store, world: World, rows: Rows) -> None:
    """A source that never says more than scheduled does not hide that it is over."""
    await world.begin(store)
    await tell(store, world, said("a", status="scheduled"), said("b", status="finished"), said("c", status="in_play"))
    assert await rows("SELECT status FROM events") == [("finished",)]


async def test_an_event_lives_by_its_links(store: Store, world: World, rows: Rows) -> None:
    """A stub that turns out to be another's event leaves nothing behind; one that is told of elsewhere makes no event here."""
    await world.begin(store)
    own = hash64("event", "b", "1")
    await tell(store, world, said("a"), LinkRow(source="b", source_event_id="1", event_id=own, state="stub"))
    assert await rows("SELECT count(*) FROM events") == [(2,)]
    await tell(store, world, said("b"))
    assert await rows("SELECT event_id FROM events") == [(EVENT,)]
    await tell(store, world, said("b", at=T0 + 1, event=own, home="Others"))
    assert await rows("SELECT event_id FROM events") == [(EVENT,)]
    assert await rows("SELECT DISTINCT event_id FROM event_links") == [(EVENT,)]


async def test_whoever_runs_hears_of_what_concerns_it(store: Store, world: World, rows: Rows) -> None:
    """A new link, and what it is matched by; not each change of a status."""
    await world.begin(store)
    revision = "SELECT revision FROM revisions"
    await tell(store, world, said("a"))
    assert await rows(revision) == [(1,)]
    await tell(store, world, said("a", at=T0 + 1, status="in_play"))
    assert await rows(revision) == [(1,)]
    await tell(store, world, said("a", at=T0 + 2, starts_at=T0 + HOUR * 9))
    assert await rows(revision) == [(2,)]
    assert await rows("SELECT revision FROM event_links") == [(2,)]
