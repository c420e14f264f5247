"""What a book holds: how a quote meets it."""

import pytest

from ingestd.batch import HeldRow, MarketRow
from ingestd.model import NO_PRICE, STATUSES, WHOLE, Quote, Scope, Status, selection
from ingestd.pipeline.held import Gathered, Held, Market, Moment, gone_at, late, says_nothing, stored, worse

CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
MARKET = Market(MarketRow("s", "m", "e", "w", "", "open", 0, 0))


@pytest.mark.parametrize(
    ("price", "expected"), [(None, (1.5, 2.5, 9.0)), (NO_PRICE, (None, 3.5, 8.0)), (1.6, (1.6, 3.5, 8.0))], ids=["repeat", "none", "new"]
)
def test_price_line_and_size_after_a_quote(price: float | None, expected: tuple[float | None, ...]) -> None:
    """None repeats all three, NO_PRICE takes the price away, a price takes all three from the quote."""
    held = Held(CHOSEN, MARKET, price=1.5, line=2.5, size=9.0)
    assert held.after(Quote(CHOSEN, price, 8.0, line=3.5)) == expected


@pytest.mark.parametrize("own", STATUSES)
@pytest.mark.parametrize("market", STATUSES)
def test_the_worse_status_is_shown(own: Status, market: Status) -> None:
    """From open by way of suspended, withdrawn and settled to void, whoever says it."""
    order = ["open", "suspended", "withdrawn", "settled", "void"]
    assert worse(own, market) == max(own, market, key=order.index)


def test_selections_are_found_by_event_and_by_query() -> None:
    """One that no query lists belongs to its event alone; what is held no longer is found no more."""
    listed = selection(
        "s", ("b",), bookmaker="b", source_event_id="e", source_market_id="m", scope=Scope("query", "q"), market="w", outcome="p"
    )
    gathered, one, other = Gathered(), Held(CHOSEN, MARKET), Held(listed, MARKET)
    gathered.add(one)
    gathered.add(other)
    assert list(gathered.members(Scope("event", "e"))) == [one, other]
    assert list(gathered.members(Scope("query", "q"))) == [other]
    gathered.remove(other)
    assert (list(gathered.members(Scope("event", "e"))), list(gathered.members(Scope("query", "q")))) == ([one], [])


def test_what_the_store_holds_is_shown_as_its_market_is() -> None:
    """A selection comes back as it was written; a settled market shows through."""
    row = HeldRow(CHOSEN, 1.5, None, 9.0, "open", "", 7, 2)
    held = stored(row, Market(MarketRow("s", "m", "e", "w", "", "settled", 5, 0)))
    assert (held.price, held.size, held.own_status, held.status, held.changed_at, held.seq) == (1.5, 9.0, "open", "settled", 7, 2)


def test_a_quote_without_a_price_may_say_nothing() -> None:
    """Of what never had a price, or, a suspension, of what is not on offer."""
    bare, priced = Quote(CHOSEN, None, status="suspended"), Quote(CHOSEN, 1.5, status="suspended")
    there, gone = Held(CHOSEN, MARKET, own_status="open"), Held(CHOSEN, MARKET, own_status="withdrawn")
    assert [says_nothing(held, bare) for held in (None, gone, there)] == [True, True, False]
    assert [says_nothing(held, priced) for held in (None, gone, there)] == [False, False, False]


@pytest.mark.parametrize(("changed_at", "start", "expected"), [(5, 8, 8), (5, None, 10), (9, 8, 10), (5, 11, 10)])
def test_what_is_missing_was_gone_when_its_event_began(changed_at: int, start: int | None, expected: int) -> None:
    """Unless something was said of it since, or it is still to begin."""
    assert gone_at(Held(CHOSEN, MARKET, changed_at=changed_at), start, 10) == expected


def test_what_comes_late_is_history_alone() -> None:
    """As it was said, at its own time."""
    row = late(Quote(CHOSEN, NO_PRICE, 5.0, "suspended", changed_at=3), 3, Moment(9, 7))
    assert (row.price, row.size, row.status, row.changed_at, row.received_at, row.offset, row.current) == (
        None,
        5.0,
        "suspended",
        3,
        9,
        7,
        False,
    )
