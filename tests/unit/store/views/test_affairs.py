"""How events ended, and what was known when."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from ingestd.batch import ResultRow
from ingestd.interfaces import Store
from ingestd.model import ResultState, hash64
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
SAID: dict[str, dict[str, tuple[int, int, str, ResultState]]] = {
    # by source: period, and what it says of it; beta has the match the other way round
    "alpha": {"": (2, 1, "home", "provisional"), "first_half": (1, 1, "draw", "final")},
    "beta": {"": (0, 3, "away", "final"), "first_half": (0, 1, "away", "final")},
}


async def test_one_result_of_each_period(store: Store, rows: Rows, rank: Callable[[dict[str, int]], Awaitable[None]]) -> None:
    """A final word before a provisional one, then the source of the highest precedence; turned the event's way round."""
    for source, periods in SAID.items():
        world = World(source)
        await world.begin(store)
        batch = world.batch()
        link = replace(world.link(), event_id=hash64("event", "alpha", "e1"), flipped=source == "beta")
        batch.links[source, "e1"] = link
        world.name(batch, link)
        for period, (home, away, winner, state) in periods.items():
            batch.results[source, "e1", period] = ResultRow(source, "e1", period, home, away, winner, state, T0)
        await store.write(batch)
    await rank({"alpha": 0, "beta": 1})
    found = await rows("SELECT event, period, home_score, away_score, winner, state, source FROM event_results ORDER BY period")
    assert found == [
        ("Reds v Blues", "", 3, 0, "home", "final", "beta"),
        ("Reds v Blues", "first_half", 1, 1, "draw", "final", "alpha"),
    ]


async def test_intervals_with_times_for_people(store: Store, world: World, rows: Rows) -> None:
    """As the table has them."""
    await world.begin(store)
    batch = world.batch()
    world.covered(batch, T0, T0 + 1_500_000)
    await store.write(batch)
    ((source, kind, state, began, ended, seen),) = await rows(
        "SELECT source, scope_kind, state, began_at, ended_at, seen_until FROM coverage_intervals"
    )
    assert (source, kind, state, ended) == ("demo", "source", "complete", None)
    assert [str(moment).replace(" ", "T")[:21].rstrip(".+") for moment in (began, seen)] == [
        "2023-11-14T22:13:20.0",
        "2023-11-14T22:13:21.5",
    ] or [str(moment)[:19] for moment in (began, seen)] == ["2023-11-14 22:13:20", "2023-11-14 22:13:21"]
