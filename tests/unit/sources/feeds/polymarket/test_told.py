"""The shape of what is said of a market."""

from ingestd.sources.feeds.polymarket.told import EventTold, MarketTold


def test_what_nobody_said() -> None:
    """A market trades and has a book until somebody says otherwise; an event is not known to be one of sports."""
    market = MarketTold(id="m")
    assert (market.trading, market.orderly, market.closed, market.exclusive) == (True, True, False, False)
    assert not EventTold(id="9").sporty
