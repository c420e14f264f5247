"""Digests: they see every fact, and nothing of clocks and counters."""

from msgspec.structs import replace

from ingestd.clock import SystemClock
from ingestd.store import open_store
from ingestd.testing.batches import T0, World
from ingestd.testing.digest import FACTS, digest


async def written(url: str, shift: int = 0, price: float = 2.0) -> dict[str, str]:
    """A store with a fact in every table, everything met ``shift`` µs later; its digest."""
    store = open_store(url, "ingestd", SystemClock())
    await store.prepare()
    world = World(kind="load")
    await store.journal_id(f"other-{shift}", "")
    world.position = shift
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0, price, received_at=T0 + shift)])
    world.tell(batch, home)
    batch.selections[home.id] = replace(batch.selections[home.id], first_seen_at=T0 + shift)
    batch.rejects = [world.reject("bad", shift + 1)]
    world.covered(batch, T0, T0 + 9 + shift)
    world.flag(batch, next(iter(batch.bookmakers)), "overround", T0)
    await store.write(batch)
    await store.close()
    return await digest(url)


async def test_clock_and_offset_leave_no_trace(tmp_path_factory, postgres_url: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - pytest's own
    """The same facts, met at other times and places and in another database."""
    lite = tmp_path_factory.mktemp("digest")
    first = await written(f"sqlite:///{lite / 'a.db'}")
    assert first == await written(f"sqlite:///{lite / 'b.db'}", shift=1000)
    assert first == await written(postgres_url, shift=7)
    assert {name for name, said in first.items() if not said.startswith("0:")} == set(FACTS) - {"results"}


async def test_a_fact_is_seen(tmp_path_factory) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - pytest's own
    """Another price is another digest, of the tables that hold it and of no other."""
    lite = tmp_path_factory.mktemp("digest")
    first = await written(f"sqlite:///{lite / 'a.db'}")
    second = await written(f"sqlite:///{lite / 'b.db'}", price=2.0000000000000004)
    assert {name for name in FACTS if first[name] != second[name]} == {"odds", "odds_history"}
