"""What a source's word stands for: the alias, and all that it names, on both databases."""

from collections.abc import Awaitable, Callable

import pytest

from ingestd.errors import ConfigError
from ingestd.interfaces import Store
from ingestd.model import hash64
from ingestd.relations import Wanted
from ingestd.store.connect import target
from ingestd.store.deciding import Deciding
from ingestd.store.decisions import Deed
from ingestd.store.naming import Wish
from ingestd.testing.batches import T0, World
from tests.unit.store.conftest import SCHEMA

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
TEAM = Wish(kind="team", source="demo", sport="football", word="Reds", name="Crimson", before="Reds")
LEAGUE = Wish(kind="league", source="demo", sport="football", word="Premier", name="First", before="Premier")
NAMED = {
    "team": "SELECT t.name FROM events AS e JOIN teams AS t ON t.id = e.home_team_id",
    "league": "SELECT l.name FROM events AS e JOIN leagues AS l ON l.id = e.league_id",
    "bookmaker": "SELECT DISTINCT b.name FROM selections AS s JOIN bookmakers AS b ON b.id = s.bookmaker_id",
}


def deed(action: str, second: int = 0, undoes: str = "") -> Deed:
    """By one person, in order."""
    return Deed(action=action, who="kim", at=T0 + second, undoes=undoes)


async def filled(store: Store, world: World) -> Wish:
    """One event with one price; the wish to rename its bookmaker."""
    await world.begin(store)
    batch = world.batch()
    home = world.selection("home")
    world.tell(batch, home)
    await store.write(batch)
    return Wish(kind="bookmaker", source="demo", sport="", word=home.bookmaker, name="Bookie", before=home.bookmaker)


@pytest.mark.parametrize("kind", NAMED)
async def test_a_name_counts_at_once_and_can_be_taken_back(store: Store, world: World, store_url: str, rows: Rows, kind: str) -> None:
    """In every view; whoever runs learns it; given twice, taken back twice, it is as it was."""
    wish = {"team": TEAM, "league": LEAGUE, "bookmaker": await filled(store, world)}[kind]
    deciding = Deciding(target(store_url, SCHEMA))
    first = await deciding.name(deed("alias"), wish)
    assert await rows(NAMED[kind]) == [(wish.name,)]
    known = await store.known(Wanted(0))
    assert known.aliases is not None
    assert [(row.kind, row.alias, row.name, row.stands_for) for row in known.aliases] == [
        (kind, wish.word, wish.name, hash64(kind, *([wish.sport] if wish.sport else []), wish.name))
    ]
    with pytest.raises(ConfigError, match="already"):
        await deciding.name(deed("alias", 1), wish)
    second = await deciding.name(deed("alias", 2), Wish(kind=kind, source="demo", sport=wish.sport, word=wish.word, name="Z", before="-"))
    assert (second.was, await rows(NAMED[kind])) == (wish.name, [("Z",)])
    await deciding.undo(deed("undo", 3, second.decision_id))
    assert await rows(NAMED[kind]) == [(wish.name,)]
    await deciding.undo(deed("undo", 4, first.decision_id))
    assert await rows(NAMED[kind]) == [(wish.before,)]
    assert await rows("SELECT count(*) FROM aliases") == [(0,)]
    assert [row.action for row in await deciding.history()] == ["alias", "alias", "undo", "undo"]


async def test_it_is_of_one_source(store: Store, world: World, store_url: str, rows: Rows) -> None:
    """Another's word stays what it is."""
    await filled(store, world)
    await Deciding(target(store_url, SCHEMA)).name(
        deed("alias"), Wish(**{**{f: getattr(TEAM, f) for f in TEAM.__struct_fields__}, "source": "x"})
    )
    assert await rows(NAMED["team"]) == [("Reds",)]
