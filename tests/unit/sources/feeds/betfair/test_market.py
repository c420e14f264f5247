"""One market: what each kind of change makes it say."""

import pytest

from ingestd.model import Decoded, MarketStatus, Quote
from ingestd.sources.feeds.betfair.market import Market
from ingestd.sources.feeds.betfair.wire import Definition, MarketChange, RunnerChange, RunnerDefinition
from ingestd.sources.feeds.betfair.words import Names

AT = 5_000


def defined(status: str = "OPEN", *words: str, **more: object) -> Definition:
    """A definition whose runners 1, 2, … have these states."""
    runners = [RunnerDefinition(number, status=word) for number, word in enumerate(words or ("ACTIVE", "ACTIVE"), 1)]
    return Definition(**({"event_id": "9", "market_type": "MATCH_ODDS", "status": status, "runners": runners} | more))  # type: ignore[arg-type]


def offers(
    selection_id: int, back: float | None = None, lay: float | None = None, ltp: float | None = None, hc: float = 0.0
) -> RunnerChange:
    """A change of best offers; 0 empties."""
    return RunnerChange(
        selection_id,
        hc,
        batb=None if back is None else [(0, back, 10.0 if back else 0.0)],
        batl=None if lay is None else [(0, lay, 10.0 if lay else 0.0)],
        ltp=ltp,
    )


def told(out: list[Decoded]) -> list[tuple[str, str, float | None, str, str]]:
    """Quotes in short."""
    return [(one.selection.outcome, one.selection.side, one.price, one.status, one.result) for one in out if isinstance(one, Quote)]


@pytest.fixture
def market() -> Market:
    """After its image: 1 has all three sides, 2 is only traded."""
    found = Market("bf", "1.5")
    found.replace(MarketChange("1.5", defined(), [offers(1, 2.0, 2.2, 2.1), offers(2, ltp=3.0)], img=True), AT, [])
    return found


def test_an_image_tells_everything() -> None:
    """The state of the market, and one quote for every side there is."""
    out: list[Decoded] = []
    found = Market("bf", "1.5")
    found.replace(MarketChange("1.5", defined(), [offers(1, 2.0, 2.2, 2.1), offers(2, 0.0, ltp=3.0)]), AT, out)
    assert out[0] == MarketStatus(source_event_id="9", source_market_id="1.5", market="moneyline", status="open", changed_at=AT)
    assert told(out) == [
        ("1", "back", 2.0, "open", ""),
        ("1", "lay", 2.2, "open", ""),
        ("1", "traded", 2.1, "open", ""),
        ("2", "traded", 3.0, "open", ""),
    ]
    quote = out[1]
    assert isinstance(quote, Quote)
    assert (quote.size, quote.line, quote.changed_at, quote.selection.identity) == (10.0, None, AT, "1|bf|1.5|1|0|back")
    assert found.listed() == [one.selection.id for one in out if isinstance(one, Quote)]


def test_a_change_tells_what_it_touches(market: Market) -> None:
    """And a side that ran dry is withdrawn, once."""
    out: list[Decoded] = []
    market.apply(MarketChange("1.5", rc=[offers(1, lay=2.4), offers(2, back=2.9)]), AT, out)
    market.apply(MarketChange("1.5", rc=[offers(1, back=0.0)]), AT, out)
    market.apply(MarketChange("1.5", rc=[offers(1, back=0.0)]), AT, out)
    assert told(out) == [("1", "lay", 2.4, "open", ""), ("2", "back", 2.9, "open", ""), ("1", "back", None, "withdrawn", "")]


def test_the_kind_of_ladder_is_fixed(market: Market) -> None:
    """Other ladders are kept, and say nothing."""
    out: list[Decoded] = []
    market.apply(MarketChange("1.5", rc=[RunnerChange(1, atb=[(9.0, 1.0)], bdatb=[(0, 8.0, 1.0)])]), AT, out)
    assert (out, market.runners[1, 0.0].atb) == ([], {9.0: 1.0})


def test_the_state_of_the_market_is_told_when_it_moves(market: Market) -> None:
    """Anything but OPEN and CLOSED is suspended."""
    states: list[list[str]] = []
    for word in ("OPEN", "SUSPENDED", "INACTIVE", "OPEN", "BRAND_NEW", "CLOSED"):
        out: list[Decoded] = []
        market.apply(MarketChange("1.5", defined(word)), AT, out)
        states.append([one.status for one in out if isinstance(one, MarketStatus)])
    assert states == [[], ["suspended"], ["suspended"], ["open"], ["suspended"], ["settled"]]


def test_a_removed_runner_is_withdrawn_whole(market: Market) -> None:
    """And its ladders say nothing more, unless it comes back."""
    out: list[Decoded] = []
    market.apply(MarketChange("1.5", defined("OPEN", "REMOVED", "ACTIVE"), [offers(1, 5.0, ltp=6.0)]), AT, out)
    assert told(out) == [("1", side, None, "withdrawn", "") for side in ("back", "lay", "traded")]
    out.clear()
    market.apply(MarketChange("1.5", defined()), AT, out)
    assert told(out) == [("1", "back", 5.0, "open", ""), ("1", "lay", 2.2, "open", ""), ("1", "traded", 6.0, "open", "")]


def test_settlement_says_how(market: Market) -> None:
    """All sides, priced or not; removed runners are void; what comes later of the ladders is no offer."""
    out: list[Decoded] = []
    market.apply(MarketChange("1.5", defined("OPEN", "ACTIVE", "ACTIVE", "REMOVED")), AT, [])
    market.apply(MarketChange("1.5", defined("CLOSED", "WINNER", "LOSER", "REMOVED")), AT, out)
    market.apply(MarketChange("1.5", defined("CLOSED", "WINNER", "LOSER", "REMOVED"), [offers(1, 0.0, ltp=1.0)]), AT, out)
    sides = ("back", "lay", "traded")
    results = (("1", "settled", "won"), ("2", "settled", "lost"), ("3", "void", "void"))
    assert told(out) == [(name, side, None, status, result) for name, status, result in results for side in sides]
    assert len(market.listed()) == 9


def test_an_image_withdraws_what_it_lacks(market: Market) -> None:
    """Explicitly, side by side."""
    out: list[Decoded] = []
    market.replace(MarketChange("1.5", defined(), [offers(1, 2.0)], img=True), AT, out)
    gone = [("1", "lay", None, "withdrawn", ""), ("1", "traded", None, "withdrawn", ""), ("2", "traded", None, "withdrawn", "")]
    assert told(out) == [("1", "back", 2.0, "open", ""), *gone]


def test_an_image_of_a_closed_market_settles_again(market: Market) -> None:
    """A side that is held from an earlier epoch may not have heard."""
    market.apply(MarketChange("1.5", defined("CLOSED", "WINNER", "LOSER")), AT, [])
    out: list[Decoded] = []
    market.replace(MarketChange("1.5", defined("CLOSED", "WINNER", "LOSER"), [offers(1, ltp=2.0)], img=True), AT, out)
    assert {(name, status) for name, _, _, status, _ in told(out)} == {("1", "settled"), ("2", "settled")}


def test_names_tell_every_side_again(market: Market) -> None:
    """As it stands: withdrawn sides too, and under the same ids."""
    market.apply(MarketChange("1.5", rc=[offers(1, lay=0.0)]), AT, [])
    before = set(market.listed())
    out: list[Decoded] = []
    market.rename(Names(runners={(1, 0.0): "Home", (2, 0.0): "Away"}), out)
    assert told(out) == [
        ("Home", "back", 2.0, "open", ""),
        ("Home", "lay", None, "withdrawn", ""),
        ("Home", "traded", 2.1, "open", ""),
        ("Away", "traded", 3.0, "open", ""),
    ]
    assert set(market.listed()) == before
    out.clear()
    market.rename(Names(runners={(1, 0.0): "Home", (2, 0.0): "Away"}), out)
    assert out == []


def test_a_market_under_another_event_tells_its_selections_again(market: Market) -> None:
    """Their event is a describing column."""
    out: list[Decoded] = []
    market.apply(MarketChange("1.5", defined(event_id="10")), AT, out)
    assert {one.selection.source_event_id for one in out if isinstance(one, Quote)} == {"10"}
    assert len(told(out)) == 4


def test_an_asian_handicap_is_a_line_and_part_of_the_key() -> None:
    """The same selection under two handicaps is two selections."""
    out: list[Decoded] = []
    definition = Definition(
        event_id="9",
        market_type="ASIAN_HANDICAP",
        betting_type="ASIAN_HANDICAP_DOUBLE_LINE",
        status="OPEN",
        runners=[RunnerDefinition(1, -0.5), RunnerDefinition(1, 0.5)],
    )
    Market("bf", "1.5").replace(MarketChange("1.5", definition, [offers(1, 2.0, hc=-0.5), offers(1, 1.5, hc=0.5)]), AT, out)
    quotes = [one for one in out if isinstance(one, Quote)]
    assert [(one.line, one.price, one.selection.identity) for one in quotes] == [
        (-0.5, 2.0, "1|bf|1.5|1|-0.5|back"),
        (0.5, 1.5, "1|bf|1.5|1|0.5|back"),
    ]


def test_a_line_market_trades_lines_at_even_odds() -> None:
    """Its ladder positions are lines."""
    out: list[Decoded] = []
    Market("bf", "1.5").replace(MarketChange("1.5", defined(betting_type="LINE"), [offers(1, 24.5, 25.5)]), AT, out)
    assert [(one.price, one.line, one.size) for one in out if isinstance(one, Quote)] == [(2.0, 24.5, 10.0), (2.0, 25.5, 10.0)]
