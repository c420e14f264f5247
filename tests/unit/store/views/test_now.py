"""Prices of now, on both databases: what is live, whom to believe, what is best, and what all say together."""

import random
from collections.abc import Awaitable, Callable, Mapping
from itertools import product

import pytest
from msgspec.structs import replace

from ingestd.batch import MarketRow, NamedRow
from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.model import BookmakerKind, Scope, Selection, hash64
from ingestd.odds import BETFAIR, price_of, text
from ingestd.testing.batches import T0, World
from tests.unit.store.views.reference import Offer, believed, best, consensus

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
Rank = Callable[[Mapping[str, int]], Awaitable[None]]
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
    assert keys == [(f"{event_id}|h2h||away||back|",), (f"{event_id}|h2h||home||back|-0.25",)]


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


class Night:
    """Three sources that tell of the same two matches, the second of them with home and away the other way round."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.worlds = [World("alpha"), World("beta"), World("gamma")]
        self.places = {"beta": 0, "alpha": 1}
        self.told: list[tuple[World, Selection, float, str]] = []
        self.offers: list[Offer] = []
        for world in self.worlds:
            for event, book, outcome, side in product(("e1", "e2"), ("acme", "best", "max"), RIGHT_WAY, ("back", "lay")):
                if draw.random() < 0.4:
                    continue
                said = RIGHT_WAY[outcome] if self.flipped(world, event) else outcome
                kind: BookmakerKind = "aggregate" if book == "max" else "book"
                one = world.selection(
                    f"{event}{book}{outcome}{side}", market=f"{event}{outcome}", event=event, outcome=said, bookmaker=book
                )
                one = replace(
                    one, side=side, bookmaker_kind=kind, market="correct_score" if "-" in said else "match_result", participant=""
                )
                price, status = draw.choice((1.5, 2.0, 2.5, 3.0)), draw.choice(("open", "open", "open", "suspended"))
                self.told.append((world, one, price, status))
                if status == "open" and world.source != "gamma":
                    event_id = hash64("event", "alpha", event)
                    key = f"{event_id}|{one.market}||{outcome}||{side}|"
                    self.offers.append(Offer(key, book, kind, world.source, self.places[world.source], price, one.id))

    @staticmethod
    def flipped(world: World, event: str) -> bool:
        """Whether this source has the match the other way round."""
        return world.source == "beta" and event == "e2"

    async def write(self, store: Store, now: int) -> None:
        """All of it; gamma's feed is not live."""
        for world in self.worlds:
            await world.begin(store)
            batch = world.batch()
            for event in ("e1", "e2"):
                link = replace(world.link(event, at=now), event_id=hash64("event", "alpha", event), flipped=self.flipped(world, event))
                batch.links[world.source, event] = link
                world.name(batch, link)
            for own, one, price, status in self.told:
                if own is world:
                    world.tell(batch, one, at=now)
                    batch.changes.append(world.change(one, now, price, own_status=status, status=status))
            world.covered(batch, now, now)
            world.state(batch, now, "parked" if world.source == "gamma" else "live")
            await store.write(batch)


RIGHT_WAY = {"home": "away", "draw": "draw", "away": "home", "2-1": "1-2", "home_or_draw": "draw_or_away", "home/draw": "away/draw"}
"""Outcomes, and what a source calls them that has the match the other way round."""


@pytest.fixture(params=[1, 2, 3])
async def night(request: pytest.FixtureRequest, store: Store, rank: Rank) -> Night:
    """Written, with beta before alpha."""
    told = Night(request.param)
    await told.write(store, SystemClock().now())
    await rank(told.places)
    return told


async def test_of_each_bookmaker_the_one_to_believe(night: Night, rows: Rows) -> None:
    """The live row of the highest precedence, with how many sources tell of it and how far apart they are; every row stays by itself."""
    assert await rows("SELECT count(*) FROM current_odds") == [(len(night.told),)]
    found = await rows("SELECT outcome_key, bookmaker, source, price, witnesses, disagreement FROM live_odds")
    assert {(str(key), str(book)): pytest.approx(tuple(said)) for key, book, *said in found} == believed(night.offers)
    assert max(witnesses for _, _, witnesses, _ in believed(night.offers).values()) == 2


async def test_best_of_a_night(night: Night, rows: Rows) -> None:
    """Per outcome the highest of those prices to back, aggregates aside."""
    found = await rows("SELECT outcome_key, price, books FROM best_odds")
    assert {str(key): tuple(said) for key, *said in found} == best(night.offers)


async def test_consensus_of_a_night(night: Night, rows: Rows) -> None:
    """Mean and median of what they imply."""
    found = await rows("SELECT outcome_key, books, mean_probability, median_probability FROM consensus")
    assert {str(key): pytest.approx(tuple(said)) for key, *said in found} == consensus(night.offers)


async def test_share_without_the_margin(store: Store, world: World, rows: Rows) -> None:
    """Where every outcome of a market is on offer; both sides of a handicap are one market, whatever the sign of their lines."""
    now = SystemClock().now()
    await world.begin(store)
    batch = world.batch()
    for market, outcome, line, price in (
        ("match_result", "home", None, 2.0), ("match_result", "draw", None, 4.0), ("match_result", "away", None, 2.5),
        ("spread", "home", -1.5, 1.6), ("spread", "away", 1.5, 2.4), ("spread", "home", -2.5, 3.0),
        ("total", "over", 2.5, 1.8), ("total", "under", 3.5, 1.8),
    ):  # fmt: skip
        said = replace(
            world.selection(f"{market}{outcome}{line}", market=f"{market}{line}", outcome=outcome), market=market, participant=""
        )
        world.tell(batch, said, at=now)
        batch.changes.append(world.change(said, now, price, line=line))
    world.covered(batch, now, now)
    world.state(batch, now)
    await store.write(batch)
    found = await rows("SELECT market, outcome, line, fair_probability FROM consensus")
    assert {row[:3]: pytest.approx(row[3]) for row in found if row[3] is not None} == {
        ("match_result", "home", None): 0.5 / 1.15,
        ("match_result", "draw", None): 0.25 / 1.15,
        ("match_result", "away", None): 0.4 / 1.15,
        ("spread", "home", -1.5): 2.4 / 4.0,
        ("spread", "away", 1.5): 1.6 / 4.0,
    }
    assert len(found) == 8


async def test_a_source_that_tells_twice_is_one_witness(store: Store, world: World, rows: Rows) -> None:
    """A main line that also stands in a ladder: the price told last counts."""
    now = SystemClock().now()
    await world.begin(store)
    batch = world.batch()
    for number, price in enumerate((2.0, 3.0)):
        said = replace(world.selection(f"{number}"), participant="")
        world.tell(batch, said, at=now)
        batch.changes.append(world.change(said, now - 9 + number, price, line=1.5))
    world.covered(batch, now - 10, now)
    world.state(batch, now)
    await store.write(batch)
    assert await rows("SELECT price, witnesses, disagreement FROM live_odds") == [(3.0, 1, 0.0)]
    assert await rows("SELECT price, books FROM best_odds") == [(3.0, 1)]
