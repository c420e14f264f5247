"""What a run learns from the store before it links fixtures, on both databases."""

from ingestd.batch import LinkRow
from ingestd.interfaces import Store
from ingestd.relations import Wanted
from ingestd.testing.batches import T0, World

HOUR = 3_600_000_000


async def filled(store: Store, world: World) -> dict[str, LinkRow]:
    """Links that start at different times, or nobody knows when."""
    await world.begin(store)
    batch = world.batch()
    for name, starts in (("soon", T0 + HOUR), ("late", T0 + 50 * HOUR), ("never", None)):
        batch.links["demo", name] = world.link(name, starts_at=starts)
        world.name(batch, batch.links["demo", name])
    await store.write(batch)
    return {name: link for (_, name), link in batch.links.items()}


async def test_links_by_key_by_start_and_by_change(store: Store, world: World) -> None:
    """Nothing that was not asked for; the first answer brings aliases and precedence, later ones where something changed."""
    links = await filled(store, world)
    await store.prefer(["demo"])
    first = await store.known(Wanted(-1, frozenset({("demo", "never"), ("x", "y")}), ((T0, T0 + 2 * HOUR),)))
    assert sorted(first.links, key=lambda link: link.source_event_id) == [links["never"], links["soon"]]
    assert (first.aliases, first.places) == ([], {"demo": 0})
    again = await store.known(Wanted(first.revision))
    assert (again.revision, again.links, again.aliases) == (first.revision, [], None)
    moved = world.link("soon", at=T0 + 1, starts_at=T0 + 3 * HOUR)
    batch = world.batch()
    batch.links["demo", "soon"] = moved
    await store.write(batch)
    later = await store.known(Wanted(first.revision, held=(T0, T0 + 4 * HOUR)))
    assert (later.revision, later.links) == (first.revision + 1, [moved])
    assert (await store.known(Wanted(first.revision, held=(T0, T0 + 2 * HOUR)))).links == []


async def test_an_empty_store(store: Store) -> None:
    """Knows nothing."""
    known = await store.known(Wanted(-1))
    assert (known.revision, known.links, known.aliases, known.places) == (0, [], [], {})
