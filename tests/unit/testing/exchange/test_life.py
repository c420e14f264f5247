"""One event, from announcement to settlement."""

from random import Random

from ingestd.testing.exchange import wire
from ingestd.testing.exchange.life import Life
from ingestd.testing.exchange.world import new_event


class Ticks:
    """A microsecond per statement."""

    n = 0
    t = 0
    shared = False


def lived(seed: int, markets: int = 5) -> list[wire.Statement]:
    """Everything said about an event."""
    now = Ticks()
    statements: list[wire.Statement] = []
    for statement in Life(now, new_event(1, 500, markets, Random(seed)), 40, 40, Random(seed)).whole():
        statements.append(statement)
        now.n += 1
        now.t += 1
    return statements


def test_an_event_is_announced_then_traded_then_settled() -> None:
    """The fixture first, an image per market, deltas, and at the end nothing that is not settled."""
    statements = lived(1)
    assert isinstance(statements[0], wire.Fixture)
    assert [statement.market.id for statement in statements[1:6] if isinstance(statement, wire.MarketImage)] == [
        f"E1.{k}" for k in range(1, 6)
    ]
    final: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, wire.Settle):
            final[statement.market] = "settled"
        elif isinstance(statement, wire.MarketChange):
            final[statement.market] = statement.status
        elif isinstance(statement, wire.MarketImage):
            final[statement.market.id] = statement.market.status
    assert final == {f"E1.{k}": "settled" for k in range(1, 6)}


def test_every_message_keeps_to_what_was_listed() -> None:
    """No delta, withdrawal or settlement names an offer that the last image of its market did not list, or that was withdrawn."""
    for seed in range(20):
        there: dict[str, set[int]] = {}
        for statement in lived(seed):
            if isinstance(statement, wire.MarketImage):
                there[statement.market.id] = {quote.i for quote in statement.market.quotes}
            elif isinstance(statement, wire.Delta):
                assert {price.i for price in statement.quotes} <= there[statement.market]
            elif isinstance(statement, wire.Withdraw):
                assert set(statement.selections) <= there[statement.market]
                there[statement.market] -= set(statement.selections)
            elif isinstance(statement, wire.Settle):
                assert {i for i, _ in statement.results} == there[statement.market]


def test_markets_are_suspended_for_the_kick_off() -> None:
    """All of them, then the fixture is in play, then they open."""
    statements = lived(2)
    kick_off = next(k for k, said in enumerate(statements) if isinstance(said, wire.Fixture) and said.fixture.status == "in_play")
    before = [said.status for said in statements[kick_off - 6 : kick_off - 1] if isinstance(said, wire.MarketChange)]
    after = [said.status for said in statements[kick_off + 1 : kick_off + 6] if isinstance(said, wire.MarketChange)]
    assert (before, after) == (["suspended"] * 5, ["open"] * 5)


def test_a_dropped_offer_is_in_no_image_and_never_the_last() -> None:
    """What an image of everything leaves out."""
    event = new_event(1, 500, 1, Random(1))
    life = Life(Ticks(), event, 40, 40, Random(1))
    for _ in life.announce():
        pass
    for _ in range(30):
        life.drop_one()
    assert len(event.markets[0].image().quotes) == 1
