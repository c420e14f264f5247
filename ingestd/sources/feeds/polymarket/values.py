"""The values in messages of the market channel: levels and changes of levels, each judged by itself."""

from collections.abc import Iterator
from typing import Literal

from ingestd.model import Decoded, Reject
from ingestd.sources.feeds.polymarket.book import BUY, SELL, Levels
from ingestd.sources.feeds.polymarket.wire import Element, LevelChange
from ingestd.sources.feeds.polymarket.words import decimal, probability, stated


def levels(element: Element, name: Literal["bids", "asks"], out: list[Decoded]) -> Levels:
    """The levels of one side of a book; what is none is refused by itself."""
    found: Levels = {}
    told = element.message.bids if name == "bids" else element.message.asks
    for index, level in enumerate(told or ()):
        try:
            price, size = probability(level.price), decimal(level.size)
        except ValueError as error:
            out.append(refusal("value", str(error), element.path_in(name, index)))
            continue
        if size:
            found[price] = size
    return found


def refusal(category: str, reason: str, path: str) -> Reject:
    """A part of a message that cannot be taken."""
    return Reject(stage="decode", category=category, reason=reason, severity="warning", path=path.lstrip("."))


def changes_of(element: Element) -> Iterator[tuple[str, LevelChange]]:
    """The levels of a change, whichever its generation, each with its place."""
    message = element.message
    for name, changes in (("price_changes", message.price_changes), ("changes", message.changes)):
        for index, change in enumerate(changes or ()):
            yield element.path_in(name, index), change
    if message.price is not None and message.side is not None:
        yield (
            element.path,
            LevelChange(message.price, message.size, message.side, message.asset_id, message.hash, message.best_bid, message.best_ask),
        )


def problem_of(change: LevelChange) -> str:
    """What is wrong with the values of a change; empty: nothing."""
    if change.side not in {BUY, SELL}:
        return f"{change.side[:40]!r} is neither {BUY} nor {SELL}"
    try:
        probability(change.price), decimal(change.size), stated(change.best_bid), stated(change.best_ask)
    except ValueError as error:
        return str(error)
    return ""
