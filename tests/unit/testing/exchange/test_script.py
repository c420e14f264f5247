"""The statements of the exchange: the same for the same seed, and of every kind."""

from collections import Counter
from itertools import pairwise

import msgspec
import pytest

from ingestd.testing.exchange import wire
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.script import Script

OPTIONS = Options(seed=5, events=3, markets=5, life=60, whole=400, t0=1_790_000_000_000_000, step=100)


def said(options: Options, n: int) -> list[wire.Statement]:
    """The first ``n`` statements."""
    script = Script(options)
    return [script.step() for _ in range(n)]


def encoded(options: Options, n: int) -> list[bytes]:
    """Their bytes, images taken on the way included."""
    script = Script(options)
    frames = wire.encode(script.image(), 100)
    for _ in range(n):
        frames += wire.encode(script.step(), 100)
    return frames + wire.encode(script.image(), 100)


def test_statements_are_a_pure_function_of_seed_and_options() -> None:
    """Byte for byte; another seed says something else."""
    assert encoded(OPTIONS, 1500) == encoded(OPTIONS, 1500)
    assert encoded(OPTIONS, 1500) != encoded(msgspec.structs.replace(OPTIONS, seed=6), 1500)


def test_an_image_on_the_way_changes_nothing() -> None:
    """Looking at the world does not move it."""
    looked_at, left_alone = Script(OPTIONS), Script(OPTIONS)
    for _ in range(500):
        looked_at.image()
        looked_at.market_image("E1.1")
        assert looked_at.step() == left_alone.step()


def test_numbers_have_no_holes_and_some_share_a_microsecond() -> None:
    """Times go up by the step, and now and then not at all."""
    statements = said(OPTIONS, 700)
    times = [statement.t for statement in statements]
    assert [statement.n for statement in statements] == list(range(1, 701))
    assert times == sorted(times)
    assert Counter(after - before for before, after in pairwise(times)) == {100: 499, 0: 100, 200: 100}


def test_everything_that_can_happen_happens() -> None:
    """Each kind of statement, and within them the cases that are hard to record."""
    statements = said(OPTIONS, 6000)
    kinds = Counter(type(statement).__name__ for statement in statements)
    assert set(kinds) == {"Delta", "MarketChange", "MarketImage", "Settle", "Fixture", "Score", "Withdraw", "Image"}
    prices = [price for statement in statements if isinstance(statement, wire.Delta) for price in statement.quotes]
    assert min(price.price for price in prices) == 1.0
    assert {price.status for price in prices} == {"open", "suspended"}
    fixtures = [statement.fixture for statement in statements if isinstance(statement, wire.Fixture)]
    assert {fixture.status for fixture in fixtures} == {"scheduled", "in_play", "finished"}
    settled = {result for statement in statements if isinstance(statement, wire.Settle) for _, result in statement.results}
    assert settled == {"won", "lost", "half_won", "half_lost", "void"}
    assert {statement.result.state for statement in statements if isinstance(statement, wire.Score)} == {
        "provisional",
        "final",
        "corrected",
    }


def test_settlements_are_sometimes_taken_back() -> None:
    """A settled market comes back by an image."""
    settled: set[str] = set()
    back = 0
    for statement in said(OPTIONS, 3000):
        if isinstance(statement, wire.Settle):
            settled.add(statement.market)
        elif isinstance(statement, wire.MarketImage):
            back += statement.market.id in settled
    assert back > 3


def test_selections_go_by_absence_and_no_image_is_empty() -> None:
    """Images of markets and of everything leave some out; none lists nothing."""
    listed: dict[str, set[int]] = {}
    gone = 0
    for statement in said(OPTIONS, 3000):
        markets = (
            statement.markets
            if isinstance(statement, wire.Image)
            else [statement.market]
            if isinstance(statement, wire.MarketImage)
            else []
        )
        for market in markets:
            now = {quote.i for quote in market.quotes}
            assert now
            gone += len(listed.get(market.id, now) - now)
            listed[market.id] = now
    assert gone > 20


def test_a_price_goes_and_comes_back() -> None:
    """A, B, A within three quotes of one selection: what a careless store loses."""
    held: dict[tuple[str, int], list[float]] = {}
    flips = 0
    for statement in said(OPTIONS, 2000):
        if isinstance(statement, wire.Delta):
            for price in statement.quotes:
                prices = held.setdefault((statement.market, price.i), [])
                prices.append(price.price)
                flips += len(prices) > 2 and prices[-1] == prices[-3] != prices[-2]
    assert flips > 400


@pytest.mark.parametrize("events", [1, 40])
def test_finished_events_are_replaced(events: int) -> None:
    """The world goes on for ever with as many events as before."""
    script = Script(msgspec.structs.replace(OPTIONS, events=events))
    while script.n < 150 * events:
        script.step()
    names = {fixture.id for fixture in script.image().fixtures}
    assert len(names) in (events - 1, events)
    assert "E1" not in names


def test_the_wall_clock_stamps_what_is_said_now() -> None:
    """For demonstrations: times are those of the clock, and never go back."""
    ticks = iter([100, 200, 150, 300, 400, 500, 600, 700, 800, 900])
    script = Script(msgspec.structs.replace(OPTIONS, t0=0), lambda: next(ticks))
    assert [script.step().t for _ in range(4)] == [200, 200, 300, 400]
