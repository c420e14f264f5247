"""What a book holds: how a quote meets it."""

import pytest

from ingestd.batch import MarketRow
from ingestd.model import NO_PRICE, STATUSES, WHOLE, Quote, Status, selection
from ingestd.pipeline.held import Held, Market, worse

CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
MARKET = Market(MarketRow("s", "m", 1, "w", "", "open", 0, 0))


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
