"""The rules on markets, as far as they are plain functions; what comes of them is tried with the judge."""

from ingestd.batch import MarketRow
from ingestd.markets import MARKETS
from ingestd.model import Scope, selection
from ingestd.pipeline.held import Held, Market, Part
from ingestd.pipeline.stages.validate.markets import Bounds, Found, judge_jump, judge_part, shared_line

BOUNDS = Bounds(0.9, 1.1, 2.0)
MARKET = Market(MarketRow("s", "m", "e", "w", "", "open", 0, 0))


def held(outcome: str, price: float, line: float | None = None) -> Held:
    """An open price."""
    what = selection(
        "s", (outcome,), bookmaker="b", source_event_id="e", source_market_id="m", scope=Scope("source"), market="w", outcome=outcome
    )
    return Held(what, MARKET, price, line, own_status="open", status="open", judged=(price, line))


def found(market: str, *members: Held) -> Found:
    """What is wrong with a bookmaker's prices."""
    wrong: Found = {}
    judge_part(Part(MARKETS[market], list(members)), "book", BOUNDS, wrong)
    return wrong


def test_both_sides_share_a_line() -> None:
    """A spread's sides are each other's negative, a total's the same; minus nothing is nothing."""
    spread, total = MARKETS["spread"], MARKETS["total"]
    assert [shared_line(spread, held(side, 2.0, line)) for side, line in (("home", -1.5), ("away", 1.5))] == [-1.5, -1.5]
    assert str(shared_line(spread, held("away", 2.0, 0.0))) == "0.0"
    assert [shared_line(total, held(side, 2.0, 2.5)) for side in ("over", "under")] == [2.5, 2.5]
    assert shared_line(MARKETS["winning_margin"], held("by 2", 2.0, 1.0)) == 1.0


def test_bounds_are_a_part_of_what_is_usual() -> None:
    """On both sides of each: an overround, and a factor."""
    for price, wrong in ((1.82, False), (1.81, True), (2.22, False), (2.23, True)):
        assert bool(found("moneyline", held("home", price), held("away", price))) == wrong
    part = Part(MARKETS["moneyline"], [held("home", 2.0), held("away", 2.0)])
    for before, wrong_now in ((3.9, {}), (4.0, {"jump": "home 2, before 4"})):
        wrong_then: Found = {}
        judge_jump(part, part.members[0], (before, None), BOUNDS, wrong_then)
        assert wrong_then == wrong_now


def test_what_is_wrong_at_several_places_is_said_together() -> None:
    """In one flag."""
    assert found("total", held("over", 1.9, 2.5), held("over", 1.9, 3.5)) == {"side_missing": "over 2.5 1.9, over 3.5 1.9"}
    two = [held(side, 3.0, line) for line in (1.5, 2.5) for side in ("over", "under")]
    assert found("total", *two) == {"overround": "0.6667 (over 1.5 3, under 1.5 3); 0.6667 (over 2.5 3, under 2.5 3)"}
    lined = [held("home", 3.0), held("away", 3.0), held("home", 2.0, 0.5)]
    assert found("moneyline", *lined) == {"line_unexpected": "home 0.5 2", "overround": "0.6667 (away 3, home 3)"}
