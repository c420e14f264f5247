"""What a live run starts from."""

from ingestd.batch import FlagRow, ResultRow
from ingestd.interfaces import Store
from ingestd.model import hash64
from ingestd.testing.batches import T0, World

HOUR = 3_600_000_000


async def filled(store: Store, world: World) -> dict[str, int]:
    """Selections that are open, withdrawn and settled, of a coming, an old and an unknown event; returns ids by word."""
    await world.begin(store)
    batch = world.batch()
    ids = {}
    for event, starts in (("coming", T0 + HOUR), ("old", T0 - HOUR), ("unknown", None)):
        batch.links["demo", event] = world.link(event, starts_at=starts)
        world.name(batch, batch.links["demo", event])
        batch.results["demo", event, ""] = ResultRow("demo", event, "", 1, 0, "", "final", T0)
        for status in ("open", "withdrawn", "settled"):
            said = world.selection(status, market=f"m-{event}", event=event)
            ids[f"{event} {status}"] = said.id
            world.tell(batch, said)
            batch.changes.append(world.change(said, T0 + 3, 1.5, seq=2, line=0.5, own_status=status, status=status))
    world.covered(batch, T0, T0 + 5, ended=T0 + 5)
    world.covered(batch, T0 + 5, T0 + 9)
    world.covered(batch, T0 + 5, T0 + 9, scope=("market", "m-old"), state="gap")
    world.state(batch, T0 + 9)
    for category, ended in (("overround", None), ("jump", T0 + 5)):
        world.flag(batch, hash64("bookmaker", "acme"), category, T0 + 4, ended=ended, market="m-coming")
    await store.write(batch)
    return ids


async def test_warm_holds_what_is_open_of_events_that_matter(store: Store, world: World) -> None:
    """On offer; withdrawn, of events that start after ``since`` or are unknown; with the markets, links and results around them."""
    ids = await filled(store, world)
    warm = await store.warm("demo", T0 + 10, T0 + 4)
    assert {row.selection.id for row in warm.held} == {
        ids["old open"],
        *(ids[f"{event} {status}"] for event in ("coming", "unknown") for status in ("open", "withdrawn")),
    }
    (row,) = [row for row in warm.held if row.selection.id == ids["coming open"]]
    assert row.selection == world.selection("open", market="m-coming", event="coming")
    assert (row.price, row.line, row.size, row.own_status, row.result, row.changed_at, row.seq) == (1.5, 0.5, 10.0, "open", "", T0 + 3, 2)
    assert {link.source_event_id for link in warm.links} == {"coming", "unknown"}
    assert [link for link in warm.links if link.source_event_id == "coming"] == [world.link("coming", starts_at=T0 + HOUR)]
    assert {market.source_market_id for market in warm.markets} >= {row.selection.source_market_id for row in warm.held}
    assert len(warm.results) == 2
    assert warm.flags == [FlagRow("demo", "m-coming", hash64("bookmaker", "acme"), "overround", T0 + 4, None, "why")]
    assert sorted((row.scope_kind, row.state, row.began_at) for row in warm.coverage) == [
        ("market", "gap", T0 + 5),
        ("source", "complete", T0 + 5),
    ]
    assert warm.source is not None
    assert warm.source.counters == {"changed": 1}


async def test_warm_holds_what_still_moves_though_its_event_began_long_ago(store: Store, world: World) -> None:
    """As the book does: an outright's event may have "started" months before its end."""
    ids = await filled(store, world)
    assert ids["old withdrawn"] in {row.selection.id for row in (await store.warm("demo", T0 + 3, T0 + 4)).held}
    assert ids["old withdrawn"] not in {row.selection.id for row in (await store.warm("demo", T0 + 4, T0 + 4)).held}


async def test_warm_holds_what_was_closed_a_moment_ago(store: Store, world: World) -> None:
    """Its closing may be taken back yet."""
    ids = await filled(store, world)
    warm = await store.warm("demo", T0 + 10, T0 + 3)
    assert {ids["old settled"], ids["coming settled"]} <= {row.selection.id for row in warm.held}
    assert {market.source_market_id for market in warm.markets} >= {row.selection.source_market_id for row in warm.held}


async def test_nothing_is_known_of_a_source_never_seen(store: Store, world: World) -> None:
    """Empty, and no time up to which it was seen; a load alone leaves it so."""
    warm = await store.warm("nobody", 0, 0)
    assert (warm.held, warm.links, warm.coverage, warm.source) == ([], [], [], None)
    load = World(kind="load")
    await filled(store, load)
    assert await store.seen_until("demo") is None
    await filled(store, world)
    assert await store.seen_until("demo") == T0 + 9
