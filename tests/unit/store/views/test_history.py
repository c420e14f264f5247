"""Prices of the past against plain Python, on both databases: what held, what was known, the first, the last, and what can be trusted."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import pytest
from msgspec.structs import replace

from ingestd.batch import CoverageRow
from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.model import Selection
from ingestd.store import open_store
from ingestd.store.columns import to_micros
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA
from tests.unit.store.views.reference import SPAN, STATUSES, Said, edge, latest, random_intervals, state_at

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
BEGAN = T0 + SPAN // 2


class Told(SystemClock):
    """Says what it is told to say."""

    at = T0

    def now(self) -> int:
        """UTC µs."""
        return self.at


class Past:
    """A random history, and what the store was told of it."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.selections = [World().selection(f"s{number}", market=f"m{number % 3}", event=f"e{number % 2}") for number in range(6)]
        self.intervals: list[CoverageRow] = random_intervals(draw, "demo", {"source": "", "market": "m1", "event": "e0"})
        self.said: list[Said] = []
        for one in self.selections:
            last = (0, 0)
            for _ in range(12):
                at = T0 + draw.randrange(SPAN)
                last = (at, draw.randrange(3))
                row = World().change(one, *last[:1], draw.choice((None, 1.5, 2.0, 2.5)), seq=last[1], status=draw.choice(STATUSES))
                if row.price is None:
                    row.status = "suspended"
                if all((other.change.selection_id, *other.place) != (one.id, *last) for other in self.said):
                    self.said.append(Said(row, at + draw.choice((0, 1, 1, 40))))
        self.said.sort(key=lambda row: row.committed_at)


@pytest.fixture(params=[1, 2, 3])
async def past(request: pytest.FixtureRequest, store_url: str) -> AsyncIterator[Past]:
    """Written row by row, each committed when it says."""
    told = Past(request.param)
    clock = Told()
    store = open_store(store_url, SCHEMA, clock)
    await store.prepare()
    world = World()
    await world.begin(store)
    first = world.batch()
    world.tell(first, *told.selections)
    for event in ("e0", "e1"):
        first.links["demo", event] = world.link(event, starts_at=BEGAN)
    first.coverage = {(one.source, one.scope_kind, one.scope_id, one.began_at): one for one in told.intervals}
    await store.write(first)
    for row in told.said:
        clock.at = row.committed_at
        await store.write(world.batch([row.change]))
    yield told
    await store.close()


def micros(value: object) -> int | None:
    """A time as a view shows it."""
    if value is None or isinstance(value, datetime):
        return None if value is None else to_micros(value)
    return to_micros(datetime.fromisoformat(str(value)))


def iso(moment: int) -> str:
    """A time as people write it."""
    return f"2023-11-14T22:13:20.{moment - T0:06}Z" if moment >= T0 else f"2023-11-14T22:13:19.{moment - T0 + 1_000_000:06}Z"


def shown(said: dict[int, Said]) -> list[tuple[object, ...]]:
    """As the questions below give it."""
    return sorted((key, row.change.price, row.change.status, row.change.seq) for key, row in said.items())


@pytest.mark.parametrize("known", [False, True])
async def test_at_a_moment(past: Past, rows: Rows, known: bool) -> None:
    """Every moment is one WHERE: as it was, and as it was known then."""
    for at in range(T0 - 1, T0 + SPAN + 45, 7):
        t = iso(at)
        where = f"valid_from <= '{t}' AND (valid_to IS NULL OR valid_to > '{t}')"
        if known:
            where = f"valid_from <= '{t}' AND known_from <= '{t}' AND (known_to IS NULL OR known_to > '{t}')"
        found = await rows(f"SELECT selection_id, price, status, seq FROM price_history WHERE {where}")
        assert sorted(found) == shown(latest(past.said, at, at if known else at + 1_000)), at - T0


async def test_opening_and_closing(past: Past, rows: Rows) -> None:
    """The first open price, and the last one before the start."""
    columns = "selection_id, price, status, seq"
    assert sorted(await rows(f"SELECT {columns} FROM opening_odds")) == shown(edge(past.said))
    assert sorted(await rows(f"SELECT {columns} FROM closing_odds")) == shown(edge(past.said, BEGAN))


async def test_trusted_at_a_moment(past: Past, rows: Rows) -> None:
    """At every moment each price that stood stands once, with the state of its coverage there."""
    of = {one.id: one for one in past.selections}
    stretches = [
        (int(str(key)), int(str(seq)), price, micros(since), micros(until), state)
        for key, seq, price, since, until, state in await rows(
            "SELECT selection_id, seq, price, covered_from, covered_to, coverage_state FROM trusted_history"
        )
    ]
    for at in range(T0, T0 + SPAN + 10):
        found = sorted(
            (key, price, seq, state) for key, seq, price, since, until, state in stretches if (since or 0) <= at < (until or at + 1)
        )
        wanted = latest(past.said, at, at + 1_000)
        assert found == sorted(
            (key, row.change.price, row.change.seq, state_at(past.intervals, of[key], at)) for key, row in wanted.items()
        ), at - T0


async def history_world(store: Store, world: World, **link: object) -> Selection:
    """One price that opened late, moved twice, was suspended, and moved again after kick-off."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch()
    world.tell(batch, home)
    batch.links["demo", "e1"] = replace(world.link(starts_at=T0 + 40), **link)
    batch.changes = [
        world.change(home, T0, None, status="suspended"),
        world.change(home, T0 + 10, 2.0),
        world.change(home, T0 + 20, 2.2),
        world.change(home, T0 + 20, 2.3, seq=1),
        world.change(home, T0 + 30, 2.3, status="suspended"),
        world.change(home, T0 + 50, 5.0),
    ]
    world.covered(batch, T0, T0 + 20, ended=T0 + 20)
    world.covered(batch, T0 + 20, T0 + 60, state="gap", ended=T0 + 60)
    world.covered(batch, T0 + 30, T0 + 45, scope=("market", "m1"), ended=T0 + 45)
    await store.write(batch)
    return home


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({}, (2.3, "schedule", True)),
        ({"started_at": T0 + 15, "started_by": "status"}, (2.0, "status", True)),
        ({"started_at": T0 + 20, "started_by": "in_play"}, (2.0, "in_play", True)),
        ({"started_at": T0 + 21, "started_by": "in_play"}, (2.3, "in_play", False)),
        ({"started_at": T0 + 55, "started_by": "in_play"}, (5.0, "in_play", False)),
        ({"starts_at": None}, None),
    ],
)
async def test_closing_says_how_far_it_can_be_trusted(
    store: Store, world: World, rows: Rows, link: dict[str, object], expected: tuple[object, ...] | None
) -> None:
    """How the start is known, and whether anything was missed just before it; of an event without a start nothing has closed."""
    await history_world(store, world, **link)
    found = await rows("SELECT price, started_by, coverage_complete FROM closing_odds")
    assert [(price, by, bool(complete)) for price, by, complete in found] == ([expected] if expected else [])


async def test_closing_counts_what_was_replayed(store: Store, world: World, rows: Rows) -> None:
    """A link that was down until the provider had told everything again has missed nothing."""
    await history_world(store, world)
    batch = world.batch()
    batch.coverage["demo", "market", "m1", T0 + 35] = CoverageRow("demo", "market", "m1", T0 + 35, T0 + 45, T0 + 45, "down", "", "replay")
    await store.write(batch)
    assert [(state, bool(well)) for state, well in await rows("SELECT coverage_state, coverage_complete FROM closing_odds")] == [
        ("complete", True)
    ]


async def test_nominal_closing_price_stands_by_its_own_kick_off(store: Store, world: World, rows: Rows) -> None:
    """Another source knows that the match began early: what its collectors call the closing price still is it."""
    home = await history_world(store, world)
    other = World("other")
    await other.begin(store)
    batch = other.batch()
    event_id = world.link("e1").event_id
    said = replace(other.selection("home"), id=home.id + 1, identity="other|home")
    other.tell(batch, said)
    batch.links["other", "e1"] = replace(other.link(starts_at=T0 + 40), event_id=event_id)
    batch.changes = [other.change(said, T0 + 1, 3.0, time_basis="nominal"), other.change(said, T0 + 39, 3.5, time_basis="nominal")]
    await store.write(batch)
    batch = world.batch()
    batch.links["demo", "e1"] = world.link(at=T0 + 1, starts_at=T0 + 40, started_at=T0 + 15, started_by="status")
    await store.write(batch)
    assert sorted(await rows("SELECT source, price FROM closing_odds")) == [("demo", 2.0), ("other", 3.5)]


async def test_times_are_readable(store: Store, world: World, rows: Rows) -> None:
    """ISO text in SQLite, a time in PostgreSQL; before 1970 as well."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, -1)])
    world.tell(batch, home)
    await store.write(batch)
    ((said,),) = await rows("SELECT valid_from FROM price_history")
    assert str(said).replace(" ", "T")[:26] == "1969-12-31T23:59:59.999999"


async def test_last_moment_of_a_load_is_covered(store: Store, rows: Rows) -> None:
    """A finite run ends with its last frame: the prices of that frame were known completely, and nothing of what came after."""
    load = World(kind="load")
    await load.begin(store)
    home = load.selection("home")
    batch = load.batch([load.change(home, T0 + 9), load.change(home, T0 + 10, 3.0)])
    load.tell(batch, home)
    load.covered(batch, T0, T0 + 9, ended=T0 + 9)
    await store.write(batch)
    found = await rows("SELECT price, coverage_state, covered_from, covered_to FROM trusted_history ORDER BY covered_from")
    assert [(price, state, micros(since), micros(until)) for price, state, since, until in found] == [
        (2.0, "complete", T0 + 9, T0 + 10),
        (3.0, "unknown", T0 + 10, None),
    ]
