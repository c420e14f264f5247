"""Levels and changes, each judged by itself."""

from ingestd.model import Decoded, Reject
from ingestd.sources.feeds.polymarket.values import changes_of, levels, problem_of
from ingestd.sources.feeds.polymarket.wire import Element, Level, LevelChange, Message


def test_levels() -> None:
    """A bad one is refused with its place; a size of nothing is no level."""
    out: list[Decoded] = []
    message = Message(asks=[Level("NaN", "1"), Level(".5", "2"), Level("0.6", "0"), Level("0.7", "-1")])
    assert levels(Element(message, "[3]"), "asks", out) == {0.5: 2.0}
    assert levels(Element(message, ""), "bids", out) == {}
    assert [update.path for update in out if isinstance(update, Reject)] == ["[3].asks[0]", "[3].asks[3]"]


def test_three_generations() -> None:
    """A level at the top, a list without assets, a list with them."""
    flat = Message(asset_id="a", price="0.5", size="1", side="BUY", hash="h")
    older = Message(asset_id="a", changes=[LevelChange("0.5", "1", "BUY")])
    newer = Message(price_changes=[LevelChange("0.5", "1", "BUY", "a"), LevelChange("0.6", "1", "SELL", "b")])
    found = [
        [(path, change.asset_id or message.asset_id, change.side) for path, change in changes_of(Element(message, ""))]
        for message in (flat, older, newer)
    ]
    assert found == [
        [("", "a", "BUY")],
        [("changes[0]", "a", "BUY")],
        [("price_changes[0]", "a", "BUY"), ("price_changes[1]", "b", "SELL")],
    ]


def test_problems() -> None:
    """Of side, price, size and stated prices; none where all is well."""
    good = LevelChange("0.5", "0", "BUY", best_bid="", best_ask="1")
    bad = [
        LevelChange("0.5", "1", "HOLD"),
        LevelChange("0", "1", "BUY"),
        LevelChange("0.5", "x", "SELL"),
        LevelChange("0.5", "1", "BUY", best_bid="x"),
    ]
    assert problem_of(good) == ""
    assert all(problem_of(change) for change in bad)
