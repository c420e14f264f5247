"""What a book holds: how a quote meets it."""

import pytest

from ingestd.batch import HeldRow, MarketRow
from ingestd.model import NO_PRICE, STATUSES, WHOLE, Quote, Scope, Status, selection
from ingestd.pipeline.held import Gathered, Held, Market, stored, worse

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
