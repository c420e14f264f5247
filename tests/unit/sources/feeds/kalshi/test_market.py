"""One market: odds out of two books of bids."""

import pytest

from ingestd.model import NO_PRICE, Decoded, MarketStatus, Quote, Scope
from ingestd.sources.feeds.kalshi.market import Market, NegativeLevel
from ingestd.sources.feeds.kalshi.meanings import Words
from tests.unit.sources.feeds.kalshi.conftest import in_short

TWO = {"yes": {400_000: 12_000_000}, "no": {500_000: 3_000_000, 550_000: 1_000_000}}


@pytest.fixture
def market() -> Market:
    """A market with bids on both sides."""
    found = Market("k", "T")
    found.replace({"yes": dict(TWO["yes"]), "no": dict(TWO["no"])}, [])
    return found


def test_two_bids_are_three_prices() -> None:
    """Yes is bought at what nobody bids for no, sold at its bid, and no bought at the rest of it."""
    out: list[Decoded] = []
    Market("k", "T").replace({"yes": dict(TWO["yes"]), "no": dict(TWO["no"])}, out)
    assert [in_short(update) for update in out] == ["yes lay 2.5 12 open", "no back 1.667 12 open", "yes back 2.222 1 open"]
    first = out[0]
    assert isinstance(first, Quote)
    assert (first.selection.identity, first.selection.bookmaker_kind, first.selection.scope) == (
        "1|k|T|yes|lay",
        "prediction",
        Scope("market", "T"),
    )


def test_only_a_change_of_the_best_bid_is_told(market: Market) -> None:
    """Its size counts; a level below does not."""
    out: list[Decoded] = []
    market.apply("yes", 390_000, 5_000_000, 1, out)
    assert out == []
    market.apply("yes", 400_000, -2_000_000, 2, out)
    market.apply("yes", 410_000, 1_000_000, 3, out)
    market.apply("yes", 410_000, -1_000_000, 4, out)
    lays = [(update.size, update.changed_at) for update in out if isinstance(update, Quote) and update.selection.side == "lay"]
    assert lays == [(10.0, 2), (1.0, 3), (10.0, 4)]


def test_a_side_that_runs_dry_is_withdrawn_once(market: Market) -> None:
    """With no price of its own."""
    out: list[Decoded] = []
    market.apply("yes", 400_000, -12_000_000, 1, out)
    market.replace({"yes": {}, "no": dict(TWO["no"])}, out)
    assert [in_short(update) for update in out] == ["yes lay - 0 withdrawn", "no back - 0 withdrawn", "yes back 2.222 1 open"]


def test_less_than_nothing_is_no_level(market: Market) -> None:
    """Whoever asked must do without a base."""
    with pytest.raises(NegativeLevel):
        market.apply("no", 500_000, -3_000_001, 1, [])


def test_what_is_listed(market: Market) -> None:
    """All on offer, and the last trade always; without a base only that."""
    assert len(market.listed()) == 4
    market.apply("yes", 400_000, -12_000_000, 1, [])
    assert len(market.listed()) == 2
    market.forget()
    assert len(market.listed()) == 1


def test_other_words_are_told_under_the_same_identity(market: Market) -> None:
    """With what stands; the same words need none."""
    out: list[Decoded] = []
    market.apply("yes", 400_000, -12_000_000, 1, [])
    words = Words("E", "Northtown", 2.5)
    market.describe(words, out)
    market.describe(words, out)
    assert [in_short(update) for update in out] == ["yes lay - 0 withdrawn", "no back - 0 withdrawn", "yes back 2.222 1 open"]
    last = out[-1]
    assert isinstance(last, Quote)
    assert (last.selection.source_event_id, last.selection.participant, last.line) == ("E", "northtown", 2.5)
    assert last.selection.id == market.listed()[0]


def test_a_settled_market_is_done(market: Market) -> None:
    """Won and lost mirror each other; no price is told after it, and it does not open again."""
    out: list[Decoded] = []
    market.trade(420_000, 1_000_000, 1, [])
    market.result = "no"
    market.settle(9, out)
    assert [in_short(update) for update in out] == [
        "market settled",
        "yes back - 0 settled lost",
        "yes lay - 0 settled lost",
        "yes traded - 0 settled lost",
        "no back - 0 settled won",
    ]
    again: list[Decoded] = []
    market.settle(10, again)
    market.state("open", 11, again)
    market.apply("yes", 400_000, 1_000_000, 12, again)
    market.trade(420_000, None, 13, again)
    assert again == []


def test_a_result_that_is_corrected_is_told(market: Market) -> None:
    """And one that is neither yes nor no leaves the result open."""
    out: list[Decoded] = []
    market.result = "scalar"
    market.settle(1, [], price=NO_PRICE)
    market.result = "yes"
    market.settle(2, out, price=NO_PRICE)
    assert in_short(out[0]) == "yes back 0 0 settled won"
    assert not any(isinstance(update, MarketStatus) for update in out)
