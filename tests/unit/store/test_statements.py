"""How rows meet what is stored: every guard, on both databases, through the store itself."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from ingestd.batch import CoverageRow, MarketRow, ResultRow, SelectionRow
from ingestd.interfaces import Store
from ingestd.model import hash64
from ingestd.store.statements import FIRST_SEEN, SELECTIONS
from ingestd.testing.batches import T0, World
from ingestd.testing.digest import digest, facts

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


async def test_same_batch_again_changes_nothing(store: Store, store_url: str, world: World) -> None:
    """I3: a batch committed twice leaves what it left the first time."""
    await world.begin(store)
    home, away = world.selection("home"), world.selection("away")
    batch = world.batch()
    world.tell(batch, home, away)
    batch.changes = [world.change(home, T0), world.change(home, T0, 2.1, seq=1), world.change(away, T0 + 5)]
    batch.rejects = [world.reject("bad", 1)]
    world.covered(batch, T0, T0 + 5)
    first = await store.write(batch)
    before = await facts(store_url)
    again = await store.write(batch)
    assert (first.rows["odds_history"], first.rows["odds"]) == (3, 2)
    assert {"odds_history", "odds", "selections", "events", "markets"} & set(again.rows) == set()
    assert await facts(store_url) == before
    assert [len(before[name]) for name in ("odds_history", "odds", "selections", "quarantine", "coverage")] == [3, 2, 2, 1, 1]


async def test_stale_price_completes_history_and_leaves_odds(store: Store, world: World, rows: Rows) -> None:
    """I4: a late row never overwrites a newer truth."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0 + 10, 3.0)])
    world.tell(batch, home)
    await store.write(batch)
    written = await store.write(world.batch([world.change(home, T0 + 9, 9.0)]))
    assert written.rows == {"odds_history": 1}
    assert await rows("SELECT price FROM odds") == [(3.0,)]
    assert await rows("SELECT price FROM odds_history ORDER BY changed_at") == [(9.0,), (3.0,)]


async def test_seq_decides_within_one_microsecond(store: Store, world: World, rows: Rows) -> None:
    """I4: of equal times the higher seq is newer, in whatever order they come."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0, 3.0, seq=2)])
    world.tell(batch, home)
    await store.write(batch)
    await store.write(world.batch([world.change(home, T0, 2.0, seq=1)]))
    assert await rows("SELECT price, seq FROM odds") == [(3.0, 2)]


async def test_same_key_twice_in_a_batch(store: Store, world: World, rows: Rows) -> None:
    """The same key twice in one statement is an error in PostgreSQL: one of them must go, the same one in both databases."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0, 2.0), world.change(home, T0, 2.5), world.change(home, T0, 2.2)])
    world.tell(batch, home)
    written = await store.write(batch)
    assert (written.rows["odds_history"], written.rows["odds"], written.refused) == (1, 1, ())
    assert await rows("SELECT price FROM odds_history") == [(2.5,)]


async def test_hidden_change_writes_odds_only_and_late_change_history_only(store: Store, world: World, rows: Rows) -> None:
    """``history`` and ``current`` of a change say where it goes."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch()
    world.tell(batch, home)
    batch.changes = [
        world.change(home, T0, 2.0),
        world.change(home, T0 + 1, 2.0, own_status="suspended", history=False),
        world.change(home, T0 - 1, 1.5, current=False),
    ]
    await store.write(batch)
    assert await rows("SELECT price, own_status FROM odds") == [(2.0, "suspended")]
    assert await rows("SELECT price FROM odds_history ORDER BY changed_at") == [(1.5,), (2.0,)]


async def test_finite_run_touches_odds_only_after_what_live_has_seen(store: Store, world: World, rows: Rows) -> None:
    """``odds_after``: older rows of a load go to the history alone, also of a selection that has no odds yet."""
    await world.begin(store)
    home, away, new = world.selection("home"), world.selection("away"), world.selection("new")
    batch = world.batch([world.change(home, T0, 2.0)])
    world.tell(batch, home)
    await store.write(batch)
    load = World(kind="load")
    await load.begin(store)
    late = load.batch(odds_after=T0 + 100)
    load.tell(late, home, away, new)
    late.changes = [load.change(home, T0 + 50, 5.0), load.change(away, T0 + 100, 5.0), load.change(new, T0 + 101, 7.0)]
    written = await store.write(late)
    assert (written.rows["odds_history"], written.rows["odds"]) == (3, 1)
    assert await rows("SELECT price FROM odds ORDER BY price") == [(2.0,), (7.0,)]


async def test_equal_rank_keeps_the_same_row_in_either_order(store: Store, world: World, rows: Rows) -> None:
    """Two runs that disagree about one key leave the same fact whichever comes first."""
    await world.begin(store)
    one, two = world.selection("one"), world.selection("two")
    batch = world.batch([world.change(one, T0, 2.0), world.change(two, T0, 3.0)])
    world.tell(batch, one, two)
    await store.write(batch)
    await store.write(world.batch([world.change(one, T0, 3.0), world.change(two, T0, 2.0)]))
    assert await rows("SELECT price FROM odds_history") == [(3.0,), (3.0,)]
    assert await rows("SELECT price FROM odds") == [(3.0,), (3.0,)]


async def test_of_one_nominal_moment_the_later_reading_stays(store: Store, world: World, rows: Rows) -> None:
    """A file published anew corrects what it said, in whatever order the two are loaded; the same again does not even touch the row."""
    await world.begin(store)
    one, two = world.selection("one"), world.selection("two")
    first = [replace(world.change(key, T0, 3.0), time_basis="nominal", received_at=T0 + 10) for key in (one, two)]
    later = [replace(change, price=2.0, received_at=T0 + 20) for change in first]
    batch = world.batch([first[0], later[1]])
    world.tell(batch, one, two)
    await store.write(batch)
    await store.write(world.batch([later[0], first[1]]))
    assert await rows("SELECT price FROM odds_history") == [(2.0,), (2.0,)]
    assert await rows("SELECT price FROM odds") == [(2.0,), (2.0,)]
    again = await store.write(world.batch([replace(change, received_at=T0 + 30) for change in later]))
    assert {"odds_history", "odds"} & set(again.rows) == set()
    both = await store.write(world.batch([replace(later[0], price=1.5, received_at=T0 + 40), replace(later[0], received_at=T0 + 41)]))
    assert (both.rows.get("odds_history", 0), await rows("SELECT price FROM odds WHERE price < 2")) == (0, [])


async def test_event_follows_its_newest_link_and_stub_never_overwrites(store: Store, world: World, rows: Rows) -> None:
    """Links are guarded by (changed_at, seq); the event says what its link says."""
    await world.begin(store)
    said = "SELECT name, status FROM events"
    batch = world.batch()
    batch.links["demo", "e1"] = world.link(at=0, home="", away="", league="", league_id=None, home_team_id=None, away_team_id=None)
    await store.write(batch)
    for at, seq, status, expected in (
        (T0, 1, "scheduled", "scheduled"),
        (T0, 0, "finished", "scheduled"),
        (0, 0, "", "scheduled"),
        (T0, 2, "in_play", "in_play"),
        (T0 + 1, 0, "finished", "finished"),
    ):
        batch = world.batch()
        link = batch.links["demo", "e1"] = world.link(at=at, seq=seq, status=status)
        world.name(batch, link)
        await store.write(batch)
        assert await rows(said) == [("Reds v Blues", expected)]


async def test_event_prefers_the_link_that_has_told_then_the_lowest_source(store: Store, world: World, rows: Rows) -> None:
    """Precedence of links is fixed and does not depend on the order of writing."""
    await world.begin(store)
    shared = hash64("event", "demo", "e1")
    for source, at, name in (("b", T0, "from b"), ("a", 0, ""), ("c", T0 + 9, "from c")):
        other = World(source=source)
        batch = world.batch()
        link = batch.links[source, "e1"] = other.link(at=at, event_id=shared, name=name)
        world.name(batch, link)
        await store.write(batch)
    assert await rows("SELECT name FROM events") == [("from b",)]


async def test_market_moves_forward_only(store: Store, world: World, rows: Rows) -> None:
    """Market states are guarded the same way as prices."""
    await world.begin(store)
    for at, seq, status, expected in (
        (0, 0, "open", "open"),
        (T0, 1, "suspended", "suspended"),
        (T0, 0, "open", "suspended"),
        (T0 + 1, 0, "settled", "settled"),
    ):
        batch = world.batch()
        link = batch.links["demo", "e1"] = world.link()
        world.name(batch, link)
        batch.markets["demo", "m1"] = MarketRow("demo", "m1", "e1", "h2h", "", status, at, seq)  # type: ignore[arg-type] # words of the model
        await store.write(batch)
        assert await rows("SELECT status FROM markets") == [(expected,)]


async def test_selection_is_told_anew_by_time_and_first_seen_is_the_least(store: Store, world: World, rows: Rows) -> None:
    """Describing columns follow the latest telling; of equal ones the lexically greater; ``first_seen_at`` goes down only."""
    await world.begin(store)
    home = world.selection("home")
    epoch = "SELECT participant FROM selections"
    for at, seen, participant, expected in (
        (T0, T0, "b", "b"),
        (T0 - 1, T0 - 7, "z", "b"),
        (T0, T0, "a", "b"),
        (T0, T0, "c", "c"),
        (T0 + 1, T0 + 1, "a", "a"),
    ):
        batch = world.batch()
        world.tell(batch, home)
        row = batch.selections[home.id]
        batch.selections[home.id] = SelectionRow(replace(home, participant=participant), row.bookmaker_id, seen, at)
        await store.write(batch)
        assert await rows(epoch) == [(expected,)]
    assert len(await rows("SELECT 1 FROM selections AS s JOIN odds AS o ON true")) == 0
    seen_then = await rows("SELECT first_seen_at, changed_at FROM selections")
    first_seen, changed = seen_then[0]
    assert changed > first_seen  # type: ignore[operator] # both are times


async def test_collision_of_ids_is_refused_and_never_merged(store: Store, world: World, rows: Rows) -> None:
    """Two identities with one id: the second is refused with its prices and quarantined; neighbours go in."""
    await world.begin(store)
    home, away = world.selection("home"), world.selection("away")
    batch = world.batch([world.change(home, T0, 2.0)])
    world.tell(batch, home)
    await store.write(batch)
    other = replace(world.selection("other"), id=home.id)
    batch = world.batch()
    world.tell(batch, other, away, at=T0 + 1)
    batch.changes = [world.change(other, T0 + 1, 9.0), world.change(away, T0 + 1, 3.0)]
    written = await store.write(batch)
    assert {(refusal.table, refusal.key) for refusal in written.refused} == {("selections", (home.id,)), ("odds", (home.id,))}
    assert await rows("SELECT price FROM odds ORDER BY price") == [(2.0,), (3.0,)]
    assert await rows("SELECT identity FROM selections ORDER BY identity") == [(away.identity,), (home.identity,)]
    assert await rows("SELECT stage, category, reason FROM quarantine ORDER BY reason") == [
        ("load", "store", "collision"),
        ("load", "store", "orphan"),
    ]


async def test_results_move_forward_only(store: Store, world: World, rows: Rows) -> None:
    """A result is replaced by a later one; of equal times by the lexically greater."""
    await world.begin(store)
    for at, home_score, expected in ((T0, 1, 1), (T0 - 1, 5, 1), (T0, 2, 2), (T0, None, 2), (T0 + 1, 0, 0)):
        batch = world.batch()
        link = batch.links["demo", "e1"] = world.link()
        world.name(batch, link)
        batch.results["demo", "e1", ""] = ResultRow("demo", "e1", "", home_score, 0, "", "final", at)
        await store.write(batch)
        assert await rows("SELECT home_score FROM results") == [(expected,)]


async def test_quarantine_counts_by_offset(store: Store, world: World, rows: Rows) -> None:
    """The same reject at a later offset counts again, at the same or an earlier one it does not; a discarded one stays so."""
    await world.begin(store)
    for positions, expected in (((5,), 1), ((5,), 1), ((3,), 1), ((6, 8), 3), ((6, 8), 3)):
        batch = world.batch()
        batch.rejects = [world.reject("bad", position) for position in positions]
        await store.write(batch)
        assert await rows("SELECT count, state FROM quarantine") == [(expected, "open")]


@pytest.mark.parametrize("flip", [False, True])
async def test_finite_coverage_merges_in_any_order(store: Store, rows: Rows, flip: bool) -> None:
    """Loads that saw the same interval to different ends leave the longest; a live run replaces."""
    load = World(kind="load")
    await load.begin(store)
    told = [(T0 + 5, T0 + 5, "gap"), (T0 + 9, T0 + 9, "complete"), (None, T0 + 7, "complete")]
    for ended, seen, state in reversed(told) if flip else told:
        batch = load.batch()
        batch.coverage["demo", "source", "", T0] = CoverageRow("demo", "source", "", T0, ended, seen, state)  # type: ignore[arg-type] # words of the model
        load.state(batch, T0)
        await store.write(batch)
    found = await rows("SELECT state, ended_at = seen_until FROM coverage")
    assert [(state, bool(same)) for state, same in found] == [("gap", True)]
    assert await rows("SELECT * FROM sources") == []


async def test_settle_frees_history_of_repeats_in_any_order(store: Store, store_url: str) -> None:
    """Rows equal to the row before them go, NULL equal to NULL; two loads in either order leave the same."""
    left: list[object] = []
    for flip in (False, True):
        world = World(source=f"s{flip:d}", kind="load")
        home, other = world.selection("home"), world.selection("other")
        first = [world.change(home, T0, 2.0), world.change(home, T0 + 3, None), world.change(other, T0, 2.0)]
        second = [
            *(world.change(home, T0 + 1, 2.0), world.change(home, T0 + 2, 2.0, seq=4), world.change(home, T0 + 4, None)),
            *(world.change(home, T0 + 5, None, status="suspended"), world.change(other, T0 + 1, 2.0)),
        ]
        await world.begin(store)
        for changes in (second, first) if flip else (first, second):
            batch = world.batch(changes)
            world.tell(batch, home, other)
            batch.settle = {home.id}
            await store.write(batch)
        found = await facts(store_url, tables=["odds_history"])
        names = {home.id: "home", other.id: "other"}
        left.append(
            sorted((names[key], *fact[1:]) for fact in found["odds_history"] if (key := int(fact[0].partition("=")[2])) in names)
        )  # fmt: skip
    assert [len(facts_left) for facts_left in left] == [5, 5]  # type: ignore[arg-type] # lists of facts
    assert left[0] == left[1]


async def test_settle_leaves_what_stood_at_a_nominal_moment(store: Store, rows: Rows) -> None:
    """A closing price that equals the opening one is known by its row; and the row goes on deciding between readings."""
    world = World(kind="load")
    home = world.selection("home")
    await world.begin(store)
    batch = world.batch([replace(world.change(home, T0 + after, 2.0), time_basis="nominal") for after in (0, 1)])
    batch.changes.append(world.change(home, T0 + 2, 2.0))
    world.tell(batch, home)
    batch.settle = {home.id}
    await store.write(batch)
    assert await rows("SELECT time_basis FROM odds_history") == [("nominal",), ("nominal",)]


async def test_digest_is_the_same_on_both_databases(postgres_url: str, sqlite_url: str) -> None:
    """The same batches leave the same facts in SQLite and in PostgreSQL."""
    from ingestd.clock import SystemClock  # noqa: PLC0415 - both stores are opened here alone
    from ingestd.store import open_store  # noqa: PLC0415 - as above

    found = []
    for url in (sqlite_url, postgres_url):
        store = open_store(url, "ingestd", SystemClock())
        await store.prepare()
        world = World()
        await world.begin(store)
        batch = world.batch()
        told = [world.selection(f"s{number}", market=f"m{number % 3}", event=f"e{number % 2}") for number in range(20)]
        world.tell(batch, *told)
        batch.changes = [world.change(said, T0 + n, 1.01 + n / 7, line=-0.25 * n if n % 2 else None) for n, said in enumerate(told)]
        batch.changes.append(world.change(told[0], T0 + 99, 2.0, own_status="\ud800"))
        batch.rejects = [world.reject("bad", 1, path="a\0b", error="\udfff")]
        world.covered(batch, T0, T0 + 9, ended=T0 + 9)
        world.covered(batch, T0 + 9, T0 + 12)
        batch.results["demo", "e0", ""] = ResultRow("demo", "e0", "", 2, 1, "home", "final", T0)
        await store.write(batch)
        await store.close()
        found.append(await digest(url))
    assert found[0] == found[1]
    assert found[0]["odds_history"].startswith("19:")
    assert found[0]["quarantine"].startswith("2:")


def test_identity_is_compared_in_the_statement_itself() -> None:
    """Another writer may bring a colliding selection between our look and our insert: even then nothing is merged."""
    for merge in (SELECTIONS, FIRST_SEEN):
        assert "WHERE selections.identity = excluded.identity AND" in merge.conflict("sqlite")
        assert "WHERE selections.identity = excluded.identity AND" in merge.conflict("postgresql")
