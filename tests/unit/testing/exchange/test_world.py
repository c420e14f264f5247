"""Events, markets and offers as the exchange makes them up."""

from random import Random

import pytest

from ingestd.testing.exchange.world import PRICES, new_event


def test_an_event_has_every_kind_of_market_and_every_side() -> None:
    """Books, an exchange with three sides, an aggregate; two lines of one ladder are two offers."""
    event = new_event(7, 100, 4, Random(1))
    assert [(market.id, market.market) for market in event.markets] == [
        ("E7.1", "match_odds"),
        ("E7.2", "total"),
        ("E7.3", "spread"),
        ("E7.4", "alternate_total"),
    ]
    sides = {(offer.bookmaker, offer.side) for offer in event.markets[0].offers}
    assert sides == {("ns", "back"), ("om", "back"), ("hx", "back"), ("hx", "lay"), ("hx", "traded"), ("avg", "back")}
    keys = [(offer.bookmaker, offer.outcome, offer.side, offer.line) for offer in event.markets[3].offers]
    assert len(keys) == len(set(keys)) == 12
    assert [offer.line for offer in event.markets[2].offers][::6] == [-0.5, 0.5]


@pytest.mark.parametrize(("kinds", "count"), [(1, 1), (12, 12), (99, 12)])
def test_markets_repeat_by_period(kinds: int, count: int) -> None:
    """Four kinds, three periods, no more."""
    event = new_event(1, 100, kinds, Random(1))
    assert len({(market.market, market.period) for market in event.markets}) == count


def test_an_image_leaves_out_what_is_gone() -> None:
    """And keeps the numbers of what is left."""
    market = new_event(1, 100, 1, Random(1)).markets[0]
    market.offers[1].gone = True
    assert [quote.i for quote in market.image().quotes][:3] == [0, 2, 3]


def test_only_public_markets_that_are_not_settled_are_open() -> None:
    """What nobody has announced cannot be traded; what is settled is over."""
    event = new_event(1, 100, 3, Random(1))
    event.announced = 2
    event.markets[0].status = "settled"
    assert [market.id for market in event.open()] == ["E1.2"]


def test_ticks_go_up_from_no_price_at_all() -> None:
    """1.0 is none; every other is a price, and no two are the same."""
    assert PRICES[:3] == (1.0, 1.01, 1.02)
    assert list(PRICES) == sorted(set(PRICES))
