"""Stamps from the future and prices that are none."""

import pytest
from msgspec.structs import replace

from ingestd.model import NO_PRICE, SECOND, WHOLE, Complete, Fixture, Gap, MarketStatus, Quote, Result, Status, Update, selection
from ingestd.pipeline.stages.normalise import normalise

T = 1_700_000_000 * SECOND
LIMIT = T + 5 * SECOND
CHOSEN = selection("s", ("a",), bookmaker="b", source_event_id="e", source_market_id="m", scope=WHOLE, market="w", outcome="o")
STAMPED: list[Quote | Fixture | MarketStatus | Complete | Result] = [
    Quote(CHOSEN, 1.5),
    Fixture(source_event_id="e", sport="s", name="n"),
    MarketStatus(source_event_id="e", source_market_id="m", market="w", status="open"),
    Complete(WHOLE, frozenset()),
    Result(source_event_id="e"),
]


@pytest.mark.parametrize("update", STAMPED, ids=lambda update: type(update).__name__)
def test_a_stamp_from_the_future_counts_as_none(update: Update) -> None:
    """More than five seconds ahead of our own clock; up to there it counts, and all else stays as it was."""
    assert normalise(replace(update, changed_at=LIMIT), T) == replace(update, changed_at=LIMIT)
    assert normalise(replace(update, changed_at=LIMIT + 1), T) == replace(update, changed_at=None)
    assert normalise(replace(update, changed_at=1), T) == replace(update, changed_at=1)
    assert normalise(update, T) is update


def test_a_nominal_moment_still_to_come_is_none() -> None:
    """What was collected before the day named after it is known from its reading on: told again, it is nothing new."""
    assert normalise(Quote(CHOSEN, 1.5, changed_at=LIMIT + 1, nominal=True), T) == Quote(CHOSEN, 1.5)


@pytest.mark.parametrize(
    ("said", "shown"), [("open", "suspended"), ("suspended", "suspended"), ("withdrawn", "withdrawn"), ("settled", "settled")]
)
def test_stake_back_and_no_more_is_no_price(said: Status, shown: Status) -> None:
    """A price of 1 suspends what is open."""
    assert normalise(Quote(CHOSEN, 1.0, 5.0, said), T) == Quote(CHOSEN, NO_PRICE, 5.0, shown)


@pytest.mark.parametrize("price", [1.0000001, 0.9999999, 0.0, None, float("inf")])
def test_other_prices_are_not_judged_here(price: float | None) -> None:
    """Only exactly 1; what is below is for validate."""
    quote = Quote(CHOSEN, price)
    assert normalise(quote, T) is quote


def test_a_gap_passes() -> None:
    """It has no stamp."""
    gap = Gap(WHOLE, "why")
    assert normalise(gap, T) is gap
