"""What each view answers, on both databases."""

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from ingestd.batch import MarketRow, NamedRow
from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.model import Scope, hash64
from ingestd.odds import BETFAIR, price_of, text
from ingestd.store.statements import Dialect
from ingestd.store.views import NAMES, views
from ingestd.testing.batches import T0, World

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
SECOND = 1_000_000


async def live_world(store: Store, world: World, state: str = "live", silence_limit: int = 30 * SECOND) -> int:
    """Two prices of one source, covered until now; returns now."""
    now = SystemClock().now()
    await world.begin(store)
    home, away = world.selection("home"), world.selection("away", outcome="away")
    batch = world.batch([world.change(home, now, 2.5, line=-0.25), world.change(away, now, 1.5, size=None)])
    world.tell(batch, home, away, at=now)
    world.covered(batch, now, now)
    world.state(batch, now, state, silence_limit)
    await store.write(batch)
    return now


async def test_current_odds(store: Store, world: World, rows: Rows) -> None:
    """Names, price in three forms, age, and live."""
    await live_world(store, world)
    found = await rows(
        "SELECT source, bookmaker, bookmaker_kind, sport, league, event, home, away, market, outcome, side, price, line, american, "
        "round(CAST(probability AS numeric), 4), size, status, feed_state, live FROM current_odds ORDER BY price DESC"
    )
    same = ("demo", "acme", "book", "football", "Premier", "Reds v Blues", "Reds", "Blues", "h2h")
    shown = [(*row[:14], float(str(row[14])), *row[15:18], bool(row[18])) for row in found]
    assert shown == [
        (*same, "home", "back", 2.5, -0.25, 150, 0.4, 10.0, "open", "live", True),
        (*same, "away", "back", 1.5, None, -200, 0.6667, None, "open", "live", True),
    ]
    ages = await rows("SELECT max(age_seconds), min(age_seconds) FROM current_odds")
    assert 0 <= float(str(ages[0][1])) <= float(str(ages[0][0])) < 20


async def test_flags_stand_beside_the_price(store: Store, world: World, rows: Rows) -> None:
    """What is wrong with a market at a bookmaker, until it is over; nothing is an empty text, and other bookmakers are other prices."""
    await world.begin(store)
    home, other = world.selection("home"), world.selection("other", bookmaker="rival")
    batch = world.batch([world.change(home, T0), world.change(other, T0)])
    world.tell(batch, home, other)
    acme = hash64("bookmaker", "acme")
    for category, ended in (("overround", None), ("jump", None), ("side_missing", T0 + 1)):
        world.flag(batch, acme, category, T0, ended=ended)
    await store.write(batch)
    shown = "SELECT bookmaker, flags FROM current_odds ORDER BY bookmaker"
    assert await rows(shown) == [("acme", "jump overround"), ("rival", "")]
    batch = world.batch()
    for category in ("overround", "jump"):
        world.flag(batch, acme, category, T0, ended=T0 + 2)
    await store.write(batch)
    assert await rows(shown) == [("acme", ""), ("rival", "")]


async def test_other_forms_of_a_price(store: Store, world: World, rows: Rows) -> None:
    """American and probability are what ``ingestd.odds`` makes of the price: every tick of Betfair, every cent, American prices, halves."""
    prices = sorted(
        {
            *(float(tick) for tick in BETFAIR.ticks),
            *(price_of(cent, "percent") for cent in range(1, 100)),
            *(price_of(sign * american, "american") for american in range(100, 10_001, 49) for sign in (-1, 1)),
            *(thousandth / 1_000 for thousandth in range(1_001, 5_000, 7)),
            *(2.005, 1e6),
        }
    )
    await world.begin(store)
    selections = [world.selection(f"s{place}", outcome=f"s{place}") for place in range(len(prices))]
    batch = world.batch([world.change(one, T0, price, line=None) for one, price in zip(selections, prices, strict=True)])
    world.tell(batch, *selections)
    await store.write(batch)
    found = await rows("SELECT price, american, probability FROM current_odds ORDER BY price")
    assert found == [(price, int(text(price, "american")), 1 / price) for price in prices]


async def test_outcome_key_is_the_same_for_all_bookmakers(store: Store, world: World, rows: Rows) -> None:
    """Comparisons join on it: event, market, period, outcome, participant, side, line."""
    await live_world(store, world)
    event_id = hash64("event", "demo", "e1")
    keys = await rows("SELECT outcome_key FROM current_odds ORDER BY outcome_key")
    assert keys == [(f"{event_id}|h2h||away|away|back|",), (f"{event_id}|h2h||home|home|back|-0.25",)]


@pytest.mark.parametrize("line", ["2", "2.5", "-0.75", "100.25", "0"])
async def test_line_reads_alike_on_both_databases(store: Store, world: World, rows: Rows, line: str) -> None:
    """A whole line has no ".0", and minus nothing is nothing."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch([world.change(home, T0, line=float(line) or -0.0)])
    world.tell(batch, home)
    await store.write(batch)
    assert str((await rows("SELECT outcome_key FROM current_odds"))[0][0]).rsplit("|", 1)[1] == line


async def test_not_live_while_its_feed_is_not(store: Store, world: World, rows: Rows) -> None:
    """I9: a parked source, a closed interval, a gap in its market, silence, or a suspended market: not live."""
    now = await live_world(store, world)
    live = "SELECT count(*) FROM current_odds WHERE CAST(live AS INTEGER) = 1"
    assert await rows(live) == [(2,)]
    for state, alive in (("parked", 0), ("live", 2)):
        batch = world.batch()
        world.state(batch, now, state)
        await store.write(batch)
        assert await rows(live) == [(alive,)]
    for scope in (("market", "m1"), ("event", "e1")):
        for kind, ended, alive in (("gap", None, 0), ("gap", now, 2)):
            batch = world.batch()
            world.covered(batch, now, now, scope=scope, state=kind, ended=ended)
            await store.write(batch)
            assert await rows(live) == [(alive,)]
    batch = world.batch()
    batch.markets["demo", "m1"] = replace(world_market(world), status="suspended", changed_at=now)
    await store.write(batch)
    assert await rows(live) == [(0,)]
    assert await rows("SELECT DISTINCT status FROM current_odds") == [("suspended",)]


def world_market(world: World) -> MarketRow:
    """The one market of the world."""
    batch = world.batch()
    world.tell(batch, world.selection("home"))
    return batch.markets["demo", "m1"]


async def test_not_live_while_its_query_is_not(store: Store, world: World, rows: Rows) -> None:
    """A gap of the query that lists a price, not of another one, nor of one that happens to be called as its market."""
    now = SystemClock().now()
    await world.begin(store)
    home = replace(world.selection("home"), scope=Scope("query", "odds"))
    batch = world.batch([world.change(home, now, 2.5)])
    world.tell(batch, home, at=now)
    world.covered(batch, now, now)
    world.state(batch, now)
    for query in ("scores", "m1"):
        world.covered(batch, now, now, scope=("query", query), state="gap")
    await store.write(batch)
    assert [bool(live) for (live,) in await rows("SELECT live FROM current_odds")] == [True]
    batch = world.batch()
    world.covered(batch, now, now, scope=("query", "odds"), state="gap")
    await store.write(batch)
    assert [bool(live) for (live,) in await rows("SELECT live FROM current_odds")] == [False]


async def test_not_live_after_the_silence_limit(store: Store, world: World, rows: Rows) -> None:
    """I9, also when ingestd itself is dead: nobody writes, and time alone ends it."""
    await live_world(store, world, silence_limit=1)
    assert [bool(live) for (live,) in await rows("SELECT live FROM current_odds")] == [False, False]


async def test_loaded_alone_is_never_live(store: Store, rows: Rows) -> None:
    """A source that no live run ever had."""
    load = World(kind="load")
    await live_world(store, load)
    assert [bool(live) for (live,) in await rows("SELECT live FROM current_odds")] == [False, False]
    assert await rows("SELECT DISTINCT feed_state FROM current_odds") == [("",)]


async def test_best_odds(store: Store, world: World, rows: Rows) -> None:
    """Per outcome the highest live price to back; an aggregate, a lay price and a dead feed are never best."""
    now = SystemClock().now()
    await world.begin(store)
    prices = {"acme": 2.0, "best": 2.4, "max": 9.0, "exchange": 8.0, "closed": 7.0}
    batch = world.batch()
    for book, price in prices.items():
        said = replace(world.selection("home", bookmaker=book), id=hash64(book), identity=book)
        said = replace(said, bookmaker_kind="aggregate" if book == "max" else "book", side="lay" if book == "exchange" else "back")
        world.tell(batch, said, at=now)
        batch.bookmakers[hash64("bookmaker", book)] = NamedRow(hash64("bookmaker", book), book, kind=said.bookmaker_kind)
        batch.changes.append(world.change(said, now, price, own_status="suspended" if book == "closed" else "open"))
    world.covered(batch, now, now)
    world.state(batch, now)
    await store.write(batch)
    assert await rows("SELECT bookmaker, price, books FROM best_odds") == [("best", 2.4, 2)]


async def history_world(store: Store, world: World, **link: object) -> None:
    """One price that opened late, moved twice, was suspended, and moved again after kick-off."""
    await world.begin(store)
    home = world.selection("home")
    batch = world.batch()
    world.tell(batch, home)
    told = replace(world.link(starts_at=T0 + 40), **link)
    batch.links["demo", "e1"] = told
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


async def test_price_history_says_when_each_price_held(store: Store, world: World, rows: Rows) -> None:
    """``valid_to`` is the next row's ``valid_from``; of one µs only the last row held at any time."""
    await history_world(store, world)
    found = await rows("SELECT price, status, valid_from, valid_to FROM price_history ORDER BY valid_from, seq")
    assert [row[:2] for row in found] == [
        (None, "suspended"), (2.0, "open"), (2.2, "open"), (2.3, "open"), (2.3, "suspended"), (5.0, "open"),
    ]  # fmt: skip
    assert [row[3] for row in found[:-1]] == [row[2] for row in found[1:]]
    assert found[-1][3] is None
    assert len(await rows("SELECT 1 FROM price_history WHERE known_from > valid_from")) == 6


async def test_opening_odds(store: Store, world: World, rows: Rows) -> None:
    """The first price at which it was open."""
    await history_world(store, world)
    assert await rows("SELECT price, event FROM opening_odds") == [(2.0, "Reds v Blues")]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({}, (2.3, "schedule", True)),
        ({"started_at": T0 + 15, "started_by": "status"}, (2.0, "status", True)),
        ({"started_at": T0 + 20, "started_by": "in_play"}, (2.0, "in_play", False)),
        ({"started_at": T0 + 55, "started_by": "in_play"}, (5.0, "in_play", False)),
    ],
)
async def test_closing_odds(store: Store, world: World, rows: Rows, link: dict[str, object], expected: tuple[object, ...]) -> None:
    """The last open price before the start; how the start is known, and whether anything was missed just then."""
    await history_world(store, world, **link)
    found = await rows("SELECT price, started_by, coverage_complete FROM closing_odds")
    assert [(price, by, bool(complete)) for price, by, complete in found] == [expected]


async def test_trusted_history_says_what_was_known_of_the_scope(store: Store, world: World, rows: Rows) -> None:
    """The narrowest scope that has an interval around the moment decides; at a seam the interval that begins there."""
    await history_world(store, world)
    found = await rows("SELECT coverage_state FROM trusted_history ORDER BY valid_from, seq")
    assert [state for (state,) in found] == ["complete", "complete", "gap", "gap", "complete", "gap"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_view_is_made(dialect: Dialect) -> None:
    """The list of names is what is made, in that order."""
    assert tuple(statement.split()[2] for statement in views(dialect)) == NAMES


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
    """A finite run ends with its last frame: the prices of that frame were known completely."""
    load = World(kind="load")
    await load.begin(store)
    home = load.selection("home")
    batch = load.batch([load.change(home, T0 + 9), load.change(home, T0 + 10, 3.0)])
    load.tell(batch, home)
    load.covered(batch, T0, T0 + 9, ended=T0 + 9)
    await store.write(batch)
    assert await rows("SELECT coverage_state FROM trusted_history ORDER BY valid_from") == [("complete",), ("unknown",)]
