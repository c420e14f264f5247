"""What people ask of events, on both databases."""

import pytest
from msgspec.structs import replace

from ingestd.errors import ConfigError, StoreUnavailable
from ingestd.interfaces import Store
from ingestd.model import hash64
from ingestd.store.connect import target
from ingestd.store.event_queries import EventQueries, split
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA

OWN = {name: hash64("event", "demo", name) for name in ("e1", "e2", "e3")}


async def filled(store: Store, world: World) -> None:
    """An event of two sources, one that may be it, and a stub."""
    await world.begin(store)
    batch = world.batch()
    doubtful = replace(world.link("e2", at=T0, home="Reds II"), state="review", score=0.7, candidate_id=OWN["e1"])
    other = replace(World(source="other").link("x:1"), event_id=OWN["e1"])
    stub = replace(world.link("e3", at=0, starts_at=None, name="", home="", away="", league=""), state="stub", league_id=None,
                   home_team_id=None, away_team_id=None)  # fmt: skip
    for link in (world.link("e1"), doubtful, other, stub):
        batch.links[link.source, link.source_event_id] = link
        world.name(batch, link)
    await store.write(batch)


async def test_questions(store: Store, world: World, store_url: str) -> None:
    """By words, by state, by how many tell of it; one by its id or by a link, whatever is in that; what waits for a person."""
    await filled(store, world)
    async with EventQueries(target(store_url, SCHEMA)) as ask:
        assert {event.event_id for event in await ask.find()} == set(OWN.values())
        assert [event.event_id for event in await ask.find("reds ii")] == [OWN["e2"]]
        assert await ask.find("reds nobody") == []
        assert [event.event_id for event in await ask.find(state="stub")] == [OWN["e3"]]
        (shared,) = await ask.find(shared=True)
        assert [(link.source, link.source_event_id) for link in shared.links] == [("demo", "e1"), ("other", "x:1")]
        assert (shared.title, shared.league, shared.sport) == ("Reds v Blues", "Premier", "football")
        assert len(await ask.find(limit=1)) == 1
        for said in (str(OWN["e1"]), "other:x:1", "demo:e1"):
            assert (await ask.show(said)).event_id == OWN["e1"]
        assert (await ask.show("demo:e3")).title == "(nothing told yet)"
        (review,) = await ask.reviews()
        assert (review.link.source_event_id, review.candidate and review.candidate.event_id) == ("e2", OWN["e1"])


@pytest.mark.parametrize(("said", "problem"), [("12", "no event 12"), ("demo:zz", "no event demo:zz"), ("zz", "write SOURCE:ID")])
async def test_what_is_not_there(store: Store, store_url: str, said: str, problem: str) -> None:
    """In one line."""
    del store
    async with EventQueries(target(store_url, SCHEMA)) as ask:
        with pytest.raises(ConfigError, match=problem):
            await ask.show(said)


async def test_a_store_that_is_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cannot be asked."""
    async with EventQueries(target(f"sqlite:///{tmp_path_factory.mktemp('x') / 'none.db'}", SCHEMA)) as ask:
        with pytest.raises(StoreUnavailable):
            await ask.find()


@pytest.mark.parametrize("said", ["", ":", "a:", ":b", "a"])
def test_what_names_no_link(said: str) -> None:
    """Both parts are needed; an id may hold colons itself."""
    assert split("a:b:c") == ("a", "b:c")
    with pytest.raises(ConfigError, match="names no link"):
        split(said)
