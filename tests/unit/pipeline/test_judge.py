"""Markets as a whole: each rule begins a flag when it is broken and ends it when it is not, from the frames alone."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestd.batch import Batch, FlagRow, HeldRow, Refusal, Warm
from ingestd.model import (
    SECOND,
    BookmakerKind,
    Complete,
    Decoded,
    Fixture,
    Frame,
    MarketStatus,
    Quote,
    Run,
    Scope,
    Selection,
    Side,
    Status,
    hash64,
    selection,
)
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from tests.unit.pipeline.test_lane import MuteFeed

T = 1_700_000_040 * SECOND
DAY = 86_400 * SECOND
MARKET = Scope("market", "m")


def chosen(
    outcome: str, market: str = "match_result", *, kind: BookmakerKind = "book", book: str = "acme", who: str = "", side: Side = "back"
) -> Selection:
    """A selection by its words."""
    return selection(
        "s",
        (market, book, who, outcome, side),
        bookmaker=book,
        bookmaker_kind=kind,
        source_event_id="e",
        source_market_id="m",
        scope=MARKET,
        market=market,
        outcome=outcome,
        participant=who,
        side=side,
    )


def quotes(market: str, prices: dict[str, float], lines: dict[str, float] | None = None, **words: str) -> list[Decoded]:
    """Open prices by outcome, at these lines."""
    return [Quote(chosen(name, market, **words), price, line=(lines or {}).get(name)) for name, price in prices.items()]  # type: ignore[arg-type] # words of the model


class Bench:
    """A lane, and the flags that it wrote."""

    def __init__(self, warm: Warm | None = None, *, is_live: bool = True) -> None:
        self.lane = Lane("s", "mute", MuteFeed(), Catalogue(), warm=warm, live=is_live)
        self.flags: dict[tuple[str, str, int, str, int], FlagRow] = {}
        self.ordinal = 0

    def frame(self, *said: Decoded, at: int = 0) -> list[tuple[str, int, int | None]]:
        """A frame ``at`` µs after T that says these things; returns all flags so far."""
        batch = Batch(run=Run(run_id=1, kind="live", source="", started_at=T), journal_id=1, position=0)
        self.lane.book.begin(batch)
        self.ordinal += 1
        self.lane.apply(Frame("s", "data", T + at, b"x", ordinal=self.ordinal, offset=self.ordinal), said, self.ordinal, batch)
        self.flags |= batch.flags
        return self.shown()

    def shown(self) -> list[tuple[str, int, int | None]]:
        """Category, began and ended µs after T."""
        return sorted((row.category, row.began_at - T, None if row.ended_at is None else row.ended_at - T) for row in self.flags.values())

    @property
    def detail(self) -> str:
        """Of the only flag."""
        (row,) = self.flags.values()
        return row.detail


FAIR = {"home": 2.5, "draw": 3.3, "away": 3.0}


@pytest.mark.parametrize(
    ("market", "prices", "wrong"),
    [
        ("match_result", FAIR, False),
        ("match_result", {"home": 2.5, "draw": 3.3, "away": 30.0}, True),
        ("match_result", {"home": 1.2, "draw": 2.0, "away": 3.0}, True),
        ("match_result", {"home": 1.2, "draw": 2.0}, False),
        ("moneyline", {"home": 2.1, "away": 2.1}, True),
        ("moneyline", {"home": 2.0, "away": 2.0}, False),
        ("double_chance", {"home_or_draw": 1.4, "home_or_away": 1.3, "draw_or_away": 1.5}, False),
        ("double_chance", {"home_or_draw": 3.0, "home_or_away": 3.0, "draw_or_away": 3.0}, True),
        ("player_anytime_scorer", {"yes": 1.1, "no": 1.1}, False),
        ("a provider's own", {"home": 9.0, "away": 9.0}, False),
    ],
)
def test_overround(market: str, prices: dict[str, float], wrong: bool) -> None:
    """Of complete sets of outcomes of which it is known how many win: too low is as wrong as too high."""
    assert Bench().frame(*quotes(market, prices)) == ([("overround", 0, None)] if wrong else [])


@pytest.mark.parametrize(("kind", "wrong"), [("book", True), ("exchange", False), ("prediction", False), ("aggregate", False)])
def test_overround_by_kind(kind: str, wrong: bool) -> None:
    """What is too much for a bookmaker is usual where offers lie far apart; an aggregate is no market."""
    assert bool(Bench().frame(*quotes("moneyline", {"home": 1.3, "away": 1.3}, kind=kind))) == wrong


def test_overround_is_of_one_bookmaker_one_line_one_participant_and_of_what_can_be_backed() -> None:
    """Prices that do not belong together make no market; those that do are found among others."""
    bench = Bench()
    assert bench.frame(*quotes("moneyline", {"home": 3.0}, book="a"), *quotes("moneyline", {"away": 3.0}, book="b")) == []
    assert bench.frame(*quotes("team_total", {"over": 3.0}, {"over": 1.5}, who="home"), at=1) == [("side_missing", 1, None)]
    bench = Bench()
    bench.frame(*quotes("moneyline", {"home": 3.0}), *quotes("moneyline", {"away": 3.0}, side="lay"))
    assert bench.frame(*quotes("moneyline", {"away": 3.0}), at=1) == [("overround", 1, None)]
    assert bench.detail == "0.6667 (away 3, home 3)"


@pytest.mark.parametrize("own", ["suspended", "withdrawn", "settled"])
def test_a_flag_ends_when_nothing_is_wrong_any_more(own: Status) -> None:
    """The market is fine again, or it is no longer on offer."""
    wrong = quotes("moneyline", {"home": 3.0, "away": 3.0})
    bench = Bench()
    bench.frame(*wrong)
    assert bench.frame(*wrong, at=5) == [("overround", 0, None)]
    assert bench.frame(*quotes("moneyline", {"away": 1.4}), at=7) == [("overround", 0, 7)]
    bench = Bench()
    bench.frame(*wrong)
    assert bench.frame(Quote(chosen("away", "moneyline"), None, status=own), at=9) == [("overround", 0, 9)]


def test_a_market_that_is_suspended_is_not_flagged() -> None:
    """Nobody can bet on it."""
    bench = Bench()
    bench.frame(*quotes("moneyline", {"home": 3.0, "away": 3.0}))
    status = MarketStatus(source_event_id="e", source_market_id="m", market="moneyline", status="suspended")
    assert bench.frame(status, at=3) == [("overround", 0, 3)]
    assert bench.frame(replace(status, status="open"), at=4) == [("overround", 0, 3), ("overround", 4, None)]


def test_a_line_where_none_belongs() -> None:
    """A moneyline with one; draw no bet as well."""
    bench = Bench()
    assert bench.frame(*quotes("moneyline", {"home": 2.0, "away": 1.9}, {"home": -0.5})) == [("line_unexpected", 0, None)]
    assert bench.detail == "home -0.5 2"
    assert bench.frame(*quotes("moneyline", {"home": 2.0}), at=1) == [("line_unexpected", 0, 1)]


@pytest.mark.parametrize(
    ("market", "lines", "category"),
    [
        ("total", {"over": 2.5, "under": 2.5}, ""),
        ("total", {"over": 2.5, "under": 3.0}, "sides_disagree"),
        ("total", {"over": 2.5}, "side_missing"),
        ("spread", {"home": -1.5, "away": 1.5}, ""),
        ("spread", {"home": 0.0, "away": -0.0}, ""),
        ("spread", {"home": -1.5, "away": -1.5}, "sides_disagree"),
        ("spread", {"away": 1.5}, "side_missing"),
    ],
)
def test_sides(market: str, lines: dict[str, float], category: str) -> None:
    """Two sides of a bookmaker's spread or total stand at one line (a spread's are each other's negative); an exchange may lack one."""
    said = quotes(market, dict.fromkeys(lines, 1.9), lines)
    assert Bench().frame(*said) == ([(category, 0, None)] if category else [])
    assert Bench().frame(*quotes(market, dict.fromkeys(lines, 1.9), lines, kind="exchange")) == []


def test_ladders_of_lines() -> None:
    """Alternate lines stand beside each other; the one that lacks a side is named."""
    bench = Bench()
    ladder = [
        Quote(replace(chosen(side, "total"), id=hash64(side, str(line)), identity=f"{side}|{line}"), 1.9, line=line)
        for line in (1.5, 2.5, 3.5)
        for side in ("over", "under")
    ]
    assert bench.frame(*ladder[:-1]) == [("side_missing", 0, None)]
    assert bench.detail == "over 3.5 1.9"
    assert bench.frame(ladder[-1], at=2) == [("side_missing", 0, 2)]


@pytest.mark.parametrize(
    ("moves", "jumped"),
    [
        ({"home": 6.0}, True),
        ({"home": 0.8 + 1 / 3}, False),
        ({"home": 5.9, "draw": 3.1}, False),
        ({"home": 2.6}, False),
        ({"draw": 1.09}, True),
    ],
)
def test_a_jump(moves: dict[str, float], jumped: bool) -> None:
    """Too far, up or down, while the others stand still."""
    bench = Bench()
    bench.frame(*quotes("match_result", {**FAIR, "home": 2.0, "draw": 3.4}))
    assert ("jump", 5, None) in bench.frame(*quotes("match_result", moves), at=5) or not jumped
    assert jumped == any(category == "jump" for category, *_ in bench.shown())


def test_a_jump_ends_with_the_next_move() -> None:
    """The peers follow, or it comes back; what says nothing new does not end it, and a size is no price."""
    bench = Bench()
    bench.frame(*quotes("match_result", {**FAIR, "home": 2.0}))
    assert ("jump", 5, None) in bench.frame(*quotes("match_result", {"home": 7.0}), at=5)
    assert ("jump", 5, None) in bench.frame(Quote(chosen("home"), 7.0, size=3.0), at=6)
    assert ("jump", 5, 8) in bench.frame(*quotes("match_result", {"draw": 2.0}), at=8)


def test_what_is_no_jump() -> None:
    """Another line, a price after a suspension, a price without peers."""
    bench = Bench()
    bench.frame(*quotes("total", {"over": 1.9, "under": 1.9}, {"over": 2.5, "under": 2.5}))
    bench.frame(*quotes("total", {"over": 8.0}, {"over": 4.5}), at=1)
    assert "jump" not in {category for category, *_ in bench.shown()}
    bench = Bench()
    bench.frame(*quotes("match_result", FAIR))
    bench.frame(Quote(chosen("home"), None, status="suspended"), at=1)
    bench.frame(*quotes("match_result", {"home": 9.0}), at=2)
    assert "jump" not in {category for category, *_ in bench.shown()}
    bench = Bench()
    bench.frame(*quotes("match_result", {"home": 2.0}))
    assert bench.frame(*quotes("match_result", {"home": 20.0}), at=1) == []


def fixture(starts: int, **more: str) -> Fixture:
    """An event that is said to be yet to come."""
    return Fixture(source_event_id="e", sport="football", name="A v B", starts_at=T + starts, **more)  # type: ignore[arg-type] # words of the model


@pytest.mark.parametrize(
    ("starts", "status", "wrong"),
    [(-DAY - 1, "scheduled", True), (-DAY, "scheduled", False), (DAY, "scheduled", False), (-9 * DAY, "in_play", False)],
)
def test_a_start_in_the_past(starts: int, status: str, wrong: bool) -> None:
    """Prices move long after the start of what is yet to come."""
    bench = Bench()
    assert bench.frame(fixture(starts, status=status), *quotes("match_result", FAIR)) == ([("start_passed", 0, None)] if wrong else [])
    if wrong:
        assert bench.detail == "was to start 24 hours ago"
        assert bench.frame(fixture(DAY), *quotes("match_result", {"home": 2.45}), at=4) == [("start_passed", 0, 4)]


def test_what_is_let_go_of_is_no_longer_flagged() -> None:
    """Settled selections leave the book at the next full minute; so does what is wrong with those that are left."""
    bench = Bench()
    bench.frame(fixture(-DAY - 1), *quotes("moneyline", {"home": 3.0, "away": 3.0}))
    assert [category for category, *_ in bench.shown()] == ["overround", "start_passed"]
    closed = [Quote(chosen(side, "moneyline"), None, status="settled") for side in ("home", "away")]
    assert {ended for *_, ended in bench.frame(*closed, at=61 * SECOND)} == {61 * SECOND}


def test_a_selection_told_anew_leaves_its_old_group() -> None:
    """Other words, other market: what was wrong with the old one is over, and nothing else begins by it."""
    bench = Bench()
    bench.frame(*quotes("moneyline", {"home": 3.0, "away": 3.0}))
    moved = replace(chosen("away", "moneyline"), market="draw_no_bet")
    assert bench.frame(Quote(moved, 3.0), at=3) == [("overround", 0, 3)]


def test_parts_of_one_market_do_not_hide_each_other() -> None:
    """Both teams' totals in one market of the provider: what is wrong with one stays while the other moves."""
    bench = Bench()
    sides = {"over": 1.5, "under": 1.5}
    bench.frame(
        *quotes("team_total", {"over": 3.0, "under": 3.0}, sides, who="home"),
        *quotes("team_total", {"over": 1.9, "under": 1.9}, sides, who="away"),
    )
    assert bench.frame(*quotes("team_total", {"over": 1.8}, sides, who="away"), at=3) == [("overround", 0, None)]
    assert bench.frame(*quotes("team_total", {"over": 1.4}, sides, who="home"), at=4) == [("overround", 0, 4)]


def test_a_finite_run_ends_its_flags() -> None:
    """With its last frame: what came then, nobody knows."""
    bench = Bench(is_live=False)
    bench.frame(*quotes("moneyline", {"home": 3.0, "away": 3.0}), at=2)
    bench.frame(at=9)
    batch = Batch(run=Run(run_id=1, kind="load", source="s", started_at=T), journal_id=1, position=0)
    bench.lane.close(batch)
    assert [row.ended_at for row in batch.flags.values()] == [T + 9]


def test_a_refused_flag_is_found_again() -> None:
    """When its market moves."""
    bench = Bench()
    bench.frame(*quotes("moneyline", {"home": 3.0, "away": 3.0}))
    (key,) = bench.flags
    bench.lane.committed([Refusal("market_flags", key, "constraint: …")])
    assert bench.frame(*quotes("moneyline", {"home": 3.1}), at=4) == [("overround", 0, None), ("overround", 4, None)]


CHOSEN = [chosen("home", "moneyline"), chosen("away", "moneyline"), chosen("over", "total"), chosen("under", "total")]
PRICES = st.builds(
    Quote,
    st.sampled_from(CHOSEN),
    st.sampled_from([1.2, 1.9, 3.0, 9.5]),
    status=st.sampled_from(["open", "open", "open", "suspended"]),
    line=st.sampled_from([None, 2.5, 3.5]),
)
MOVES = st.lists(st.lists(PRICES, max_size=3), max_size=12)


@settings(deadline=None)
@given(MOVES, st.integers(0, 12))
def test_a_restart_changes_nothing(frames: list[list[Quote]], cut: int) -> None:
    """I3: a lane that starts again from what the store holds goes on with the very flags that it would have had."""
    whole, before = Bench(), Bench()
    for place, said in enumerate(frames):
        whole.frame(*said, at=place * 9)
    for place, said in enumerate(frames[:cut]):
        before.frame(*said, at=place * 9)
    after = Bench(stored(before))
    after.flags = before.flags
    for place, said in enumerate(frames[cut:], cut):
        after.frame(*said, at=place * 9)
    assert after.flags == whole.flags


def stored(bench: Bench) -> Warm:
    """What the store would hold."""
    book = bench.lane.book
    held: Iterable[HeldRow] = [
        HeldRow(one.selection, one.price, one.line, one.size, one.own_status, one.result, one.changed_at, one.seq)
        for one in book._held.values()
    ]
    markets = [market.row for market in book._markets.values()]
    return Warm(held=list(held), markets=markets, flags=[row for row in bench.flags.values() if row.ended_at is None])


@given(st.permutations(["home", "draw", "away"]))
def test_the_order_of_a_frame_does_not_matter(order: list[str]) -> None:
    """A market is judged once its frame was taken in."""
    bench = Bench()
    bench.frame(*quotes("match_result", FAIR))
    assert bench.frame(*quotes("match_result", {name: FAIR[name] * 3.5 for name in order}), at=1) == [("overround", 1, None)]


def test_a_complete_that_leaves_one_out() -> None:
    """What is withdrawn is no longer a part of it."""
    bench = Bench()
    bench.frame(*quotes("moneyline", {"home": 3.0, "away": 3.0}))
    assert bench.frame(Complete(MARKET, frozenset({chosen("home", "moneyline").id})), at=2) == [("overround", 0, 2)]
