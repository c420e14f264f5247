"""A client of books over several connections, tried on days that are told in a few words."""

import json

import pytest

from ingestd.testing.deeds import LISTING, Deed, Did, Says
from ingestd.testing.knowledge import expected
from ingestd.testing.spans import Protocol

Told = tuple[str, int, int | None, str, str, str]
Step = tuple[Did, Says]


def day(*deeds: Step) -> list[Told]:
    """One deed a second from 1 s on; what becomes of markets and of the whole, the stop at the end left out."""
    spans = expected([Deed(at, did, says) for at, (did, says) in enumerate(deeds, 1)], Protocol(booked=True))
    told = [(s.scope, s.began.earliest, None if s.ended is None else s.ended.earliest, s.state, s.reason, s.repaired_by) for s in spans]
    return [one for one in told if one[4] != "stopped"]


def met(link: int) -> Step:
    """A connection is made."""
    return "met", Says(link=link)


def asks(link: int, *assets: str, **more: str) -> Step:
    """The client asks for assets, or for no more of them."""
    return "alive", Says(link=link, body=json.dumps({"assets_ids": assets, **more}).encode())


def book(link: int, at: int, market: str, *assets: str) -> Step:
    """Books of one market, each with a bid of .48; over no connection (0): the answer about one of them."""
    levels = {"timestamp": str(at), "bids": [{"price": ".48", "size": "5"}], "asks": []}
    told = [{"market": market, "asset_id": asset, **levels} for asset in assets]
    return "sent", Says(link=link, body=json.dumps(told if link else told[0]).encode())


def change(link: int, at: int, asset: str, price: str, size: str, best: str) -> Step:
    """A bid's new size, and which is the best one then, of market m."""
    told = {"asset_id": asset, "price": price, "size": size, "side": "BUY", "best_bid": best, "best_ask": "1"}
    message = {"event_type": "price_change", "market": "m", "timestamp": str(at), "price_changes": [told]}
    return "sent", Says(link=link, body=json.dumps(message).encode())


def says(link: int, event_type: str, **more: object) -> Step:
    """Any other message about market m."""
    return "sent", Says(link=link, body=json.dumps({"event_type": event_type, "market": "m", "timestamp": "9", **more}).encode())


ALIVE: Step = ("alive", Says())
BEGINNING = (met(1), met(2), asks(1, "a", "b"), asks(2, "c"), book(1, 1, "m", "a", "b"), book(2, 1, "n", "c"))
"""Two connections, three books; everything is known from 6 s on."""
AGAIN = (met(3), asks(3, "a", "b", "c"), book(3, 9, "m", "a", "b"), book(3, 9, "n", "c"), ALIVE)


def test_all_is_known_once_every_book_has_come() -> None:
    """However many connections bring them, and however late one of them is asked for."""
    assert day(*BEGINNING, ALIVE) == [("source", 6, 6, "complete", "", "")]
    late = (met(1), met(2), asks(1, "a"), book(1, 1, "m", "a"), asks(2, "c"), book(2, 1, "n", "c"))
    assert day(*late, ALIVE) == [("source", 6, 6, "complete", "", "")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ((change(1, 3, "a", ".49", "5", ".49"), change(1, 2, "a", ".47", "5", ".49")), "disorder"),
        ((change(1, 2, "b", ".49", "5", ".49"), change(1, 3, "a", ".47", "5", ".49")), "mismatch"),
        ((change(1, 3, "a", ".48", "0", "0"), says(1, "tick_size_change", asset_id="b")), "tick_size"),
    ],
)
def test_a_market_whose_books_are_no_good_is_missing_alone(changes: tuple[Step, ...], reason: str) -> None:
    """Until both have come anew, one by one."""
    told = day(*BEGINNING, *changes, book(0, 4, "m", "a"), book(0, 4, "m", "b"), ALIVE)
    assert told == [("market m", 7, 10, "gap", reason, "image"), ("source", 6, 10, "complete", "", "")]


def test_what_is_in_order_costs_nothing() -> None:
    """Twice the same; a change that stands in the book, or waits for it; a trade; what nobody asked for."""
    twice = (change(1, 3, "a", ".49", "5", ".49"),) * 2
    known = (change(1, 0, "a", ".1", "5", ".9"), says(1, "last_trade_price", asset_id="a"), book(1, 2, "m", "a"))
    assert day(*BEGINNING, *twice, *known, book(1, 1, "o", "d")) == [("source", 6, 12, "complete", "", "")]
    early = (met(1), asks(1, "a"), change(1, 2, "a", ".49", "5", ".49"), book(1, 1, "m", "a"))
    assert day(*early, change(1, 3, "a", ".2", "5", ".49")) == [("source", 4, 5, "complete", "", "")]


def test_a_market_that_is_over_lacks_nothing() -> None:
    """Whatever it lacked before, and whatever comes."""
    tick = says(1, "tick_size_change", asset_id="a")
    told = day(*BEGINNING, tick, says(1, "market_resolved", assets_ids=["a", "b"]), tick)
    assert told == [("market m", 6, 8, "gap", "tick_size", "image"), ("source", 6, 9, "complete", "", "")]


def test_a_broken_connection_costs_everything() -> None:
    """What still comes over the other one is of no use; every book has to come again."""
    told = day(*BEGINNING, ALIVE, ("reset", Says(link=2)), book(1, 5, "m", "a"), ("left", Says(link=1)), *AGAIN)
    whole = [("source", at, at, "complete", "", "") for at in (6, 14)]
    assert told == [whole[0], ("source", 6, 14, "gap", "reset", "image"), whole[1]]


def test_a_mute_connection_is_left_and_nothing_is_known_since_it_was_heard() -> None:
    """Others were heard until then; what the client asked for meanwhile is no sign of life."""
    mute: tuple[Step, ...] = (
        ("alive", Says(link=2)),
        ("stall", Says(link=2)),
        change(1, 2, "a", ".49", "5", ".49"),
        asks(2, "c", operation="unsubscribe"),
    )
    told = day(*BEGINNING, *mute, ("left", Says(link=2)), *AGAIN)
    assert told[:2] == [("source", 6, 7, "complete", "", ""), ("source", 7, 15, "gap", "silent", "image")]
    told = day(*BEGINNING, ("stall", Says(link=1)), ("left", Says(link=1)), *AGAIN)
    assert told[:2] == [("source", 6, 6, "complete", "", ""), ("source", 6, 12, "gap", "silent", "image")]


def test_garbage_may_have_been_of_anything() -> None:
    """All connections are made anew."""
    told = day(*BEGINNING, ("garbage", Says(link=2)), book(1, 5, "m", "a", "b"), book(2, 5, "n", "c"), *AGAIN)
    assert told == [("source", 6, 13, "gap", "malformed", "image"), ("source", 13, 13, "complete", "", "")]


@pytest.mark.parametrize(("did", "reason", "began"), [("garbage", "gamma", 2), ("stall", "timeout", 1)])
def test_what_there_is_must_be_told_once(did: Did, reason: str, began: int) -> None:
    """After that nobody needs it to know what was subscribed; and what breaks off is asked for again."""
    listing = Says(LISTING)
    told = day(("sent", listing), (did, listing), ("reset", listing), *BEGINNING, (did, listing), ("reset", listing))
    assert told == [("source", began, 9, "gap", reason, "image"), ("source", 9, 9, "complete", "", "")]
