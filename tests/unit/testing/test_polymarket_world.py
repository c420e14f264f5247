"""The emulator's world: mirrored books, three generations of changes, what Gamma would tell."""

import json

import pytest

from ingestd.testing.emulator import Key, Stand
from ingestd.testing.polymarket_world import Generation, Market, World, text


def world() -> tuple[World, Market]:
    """One event of one market."""
    found = World(1_000)
    found.add_event("9", "A vs B")
    return found, found.add_market("9", 1, "moneyline", ("A", "B"))


def test_prices_in_words() -> None:
    """Without a leading zero, but for the ends."""
    assert [text(price) for price in (0, 5, 480, 1000)] == ["0", ".005", ".48", "1"]


def test_the_second_token_mirrors_the_first() -> None:
    """A bid at p is an ask at 1 - p; the best stands last on both sides."""
    found, market = world()
    first, second = json.loads(json.dumps([found.book(market, token) for token in (0, 1)]))
    assert [level["price"] for level in first["bids"]] == [".45", ".48"]
    assert [level["price"] for level in second["asks"]] == [".55", ".52"]
    assert market.best(1) == (480, 520)
    assert first["hash"] != second["hash"]


@pytest.mark.parametrize(("generation", "messages"), [("price_changes", 1), ("changes", 2), ("flat", 2)])
def test_generations(generation: Generation, messages: int) -> None:
    """One message for both tokens, or one each."""
    found, market = world()
    found.generation = generation
    told = found.change(market, "BUY", 490, 40)
    assert len(told) == messages
    assert [generation == "flat", generation == "changes"] == ["price" in told[0], "changes" in told[0]]
    assert market.best(0) == (490, 520)


def test_gamma_and_truth() -> None:
    """Lists inside of text; a market that is over is settled on every side it ever had."""
    found, market = world()
    found.trade(market, 0, 500, 3)
    found.change(market, "SELL", 520, 0)
    found.change(market, "SELL", 560, 0)
    assert found.truth()[Key(market.id, "home", "back")] == Stand(None, "withdrawn")
    assert found.truth()[Key(market.id, "home", "traded")] == Stand(2.0, "open")
    found.resolve(market, 0)
    told = json.loads(json.dumps(found.gamma("9")))["markets"]
    assert [json.loads(one["outcomePrices"]) for one in told] == [["1", "0"]]
    assert {stand.status for stand in found.truth().values()} == {"settled"}
    assert found.over("9")
