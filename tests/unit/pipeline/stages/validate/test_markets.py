"""The rules on markets, as far as they are plain functions; what comes of them is tried with the judge."""

from ingestd.batch import MarketRow
from ingestd.markets import MARKETS
from ingestd.model import Scope, selection
from ingestd.pipeline.held import Held, Market
from ingestd.pipeline.stages.validate.markets import Bounds, Standing, jump, lines, margin, merge, shared_line

BOUNDS = Bounds(0.9, 1.1, 2.0)
MARKET = Market(MarketRow("s", "m", "e", "w", "", "open", 0, 0))


def held(outcome: str, price: float, line: float | None = None) -> Held:
    """An open price."""
    what = selection(
        "s", (outcome,), bookmaker="b", source_event_id="e", source_market_id="m", scope=Scope("source"), market="w", outcome=outcome
    )
    return Held(what, MARKET, price, line, own_status="open", status="open")


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
        offered: dict[float | None, list[Held]] = {None: [held("home", price), held("away", price)]}
        assert bool(margin(Standing(MARKETS["moneyline"], offered), BOUNDS)) == wrong
    several = [held("home", 2.0), held("away", 2.0)]
    assert not jump(Standing(MARKETS["moneyline"], {None: several}, [(held("home", 2.0), (3.9, None))]), BOUNDS)
    assert jump(Standing(MARKETS["moneyline"], {None: several}, [(held("home", 2.0), (4.0, None))]), BOUNDS) == {"jump": "home 2, before 4"}


def test_what_is_wrong_at_several_places_is_said_together() -> None:
    """In one flag."""
    found = {"overround": "a"}
    merge(found, {"overround": "b", "jump": "c"})
    assert found == {"overround": "a; b", "jump": "c"}
    alone: dict[float | None, list[Held]] = {line: [held("over", 1.9, line)] for line in (2.5, 3.5)}
    assert lines("book", Standing(MARKETS["total"], alone)) == {"side_missing": "over 2.5 1.9, over 3.5 1.9"}
