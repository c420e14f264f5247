"""Commands and replies of one connection."""

import json

import pytest

from ingestd.errors import Disconnected, IngestdError, Refused, Throttled
from ingestd.sources.feeds.kalshi.options import BOOKS, LIFECYCLE, TRADES, Channel
from ingestd.sources.feeds.kalshi.subscriptions import MOST_ENDED, Subscriptions
from tests.unit.sources.feeds.kalshi.conftest import A, B, delta, message, snapshot

ALL: tuple[Channel, ...] = (BOOKS, TRADES, LIFECYCLE)
Command = tuple[str, object, object]


def sent(subscriptions: Subscriptions) -> list[Command]:
    """Commands in the outbox: what, of which channels, sids or action, for which markets."""
    found: list[Command] = []
    for command in map(json.loads, subscriptions.outbox):
        params = command["params"]
        about = params.get("channels") or params.get("sids") or (params["sid"], params["action"])
        found.append((command["cmd"], about, params.get("market_tickers")))
    subscriptions.outbox.clear()
    return found


def confirm(subscriptions: Subscriptions, *, first_id: int = 2, first_sid: int = 1, channels: tuple[str, ...] = ALL) -> list[bool]:
    """Confirm the next subscriptions; returns which of them began an epoch."""
    return [
        subscriptions.take(
            json.dumps({"id": first_id + n, "type": "subscribed", "msg": {"channel": channel, "sid": first_sid + n}}).encode()
        ).epoch
        for n, channel in enumerate(channels)
    ]


@pytest.fixture
def subscribed() -> Subscriptions:
    """All channels over A and B, books and all."""
    found = Subscriptions(ALL, [A, B])
    confirm(found)
    found.take(snapshot(1, A))
    found.take(snapshot(2, B))
    found.outbox.clear()
    return found


def test_one_command_a_channel() -> None:
    """The lifecycle channel takes no markets; bids for no are wanted in prices of no."""
    found = Subscriptions(ALL, [B, A])
    assert [json.loads(command)["params"].get("use_yes_price") for command in found.outbox] == [False, None, None]
    assert sent(found) == [("subscribe", [BOOKS], [A, B]), ("subscribe", [TRADES], [A, B]), ("subscribe", [LIFECYCLE], None)]
    assert found.waiting
    assert confirm(found) == [False, False, False]
    assert not found.waiting


def test_without_markets_there_is_little_to_subscribe_to() -> None:
    """A trade channel without a filter would be all of Kalshi; it waits for the first market."""
    found = Subscriptions(ALL, [])
    assert sent(found) == [("subscribe", [LIFECYCLE], None)]
    found.follow([A])
    assert sent(found) == [("subscribe", [BOOKS], [A]), ("subscribe", [TRADES], [A])]


def test_markets_come_and_go(subscribed: Subscriptions) -> None:
    """On the subscriptions that there are; the reply says to the decoder of which there will be books."""
    subscribed.follow([B, "C"])
    assert sent(subscribed) == [
        ("update_subscription", (1, "add_markets"), ["C"]),
        ("update_subscription", (1, "delete_markets"), [A]),
        ("update_subscription", (2, "add_markets"), ["C"]),
        ("update_subscription", (2, "delete_markets"), [A]),
    ]
    assert subscribed.missing == {"C"}
    reply = subscribed.take(message("ok", 3, {"market_tickers": [A, B, "C"]}, id=5))
    assert (reply.hand_on, json.loads(reply.meta["tickers"])) == (True, ["C", B])
    assert subscribed.take(message("ok", 1, {}, sid=2, id=7)).meta == {}
    subscribed.follow([B, "C"])
    assert sent(subscribed) == []


def test_what_comes_while_a_subscription_is_made_is_asked_for_after_it() -> None:
    """There is nothing to be changed yet."""
    found = Subscriptions((BOOKS,), [A])
    sent(found)
    found.follow([A, B])
    assert sent(found) == []
    confirm(found, channels=(BOOKS,))
    assert sent(found) == [("update_subscription", (1, "add_markets"), [B])]
    assert found.missing == {A, B}


def test_a_renewal_of_one_market_is_a_snapshot(subscribed: Subscriptions) -> None:
    """Its answer is data, and no other command waits for it."""
    subscribed.renew(A)
    assert sent(subscribed) == [("update_subscription", (1, "get_snapshot"), [A])]
    assert not subscribed.waiting


def test_a_renewal_of_everything_is_another_subscription(subscribed: Subscriptions) -> None:
    """What still comes of the old one is nobody's; the new one begins an epoch; asked twice it is made once."""
    subscribed.renew(None)
    subscribed.renew(None)
    assert sent(subscribed) == [("unsubscribe", [1], None), ("subscribe", [BOOKS], [A, B])]
    assert not subscribed.take(delta(3, A, "yes", "0.4", "1")).hand_on
    assert not subscribed.take(message("unsubscribed", 4, None, id=5)).hand_on
    taken = subscribed.take(json.dumps({"id": 6, "type": "subscribed", "msg": {"channel": BOOKS, "sid": 9}}).encode())
    assert (taken.hand_on, taken.epoch, json.loads(taken.meta["tickers"])) == (True, True, [A, B])
    assert subscribed.take(message("orderbook_delta", 1, {}, sid=9)).hand_on


def test_books_that_do_not_come_are_asked_for(subscribed: Subscriptions) -> None:
    """Those, and no others."""
    subscribed.missing = {B}
    subscribed.ask_again()
    assert sent(subscribed) == [("update_subscription", (1, "get_snapshot"), [B])]


@pytest.mark.parametrize(("code", "channel", "sid"), [(10, BOOKS, 1), (25, BOOKS, 1), (25, TRADES, 2), (10, LIFECYCLE, 3)])
def test_a_channel_that_ended_is_subscribed_anew(subscribed: Subscriptions, code: int, channel: str, sid: int) -> None:
    """That one only; the decoder is told which."""
    taken = subscribed.take(message("error", 9, {"code": code, "msg": "x"}, sid=sid))
    assert (taken.hand_on, taken.meta) == (True, {"lost": channel})
    assert [command[:2] for command in sent(subscribed)] == [("subscribe", [channel])]


def test_a_channel_that_ends_again_and_again_ends_the_session(subscribed: Subscriptions) -> None:
    """So that the pauses between sessions apply."""
    for n in range(MOST_ENDED):
        subscribed.take(message("error", 9, {"code": 25}, sid=1 + 10 * n))
        confirm(subscribed, first_id=5 + n, first_sid=11 + 10 * n, channels=(BOOKS,))
    with pytest.raises(Disconnected, match="overflow"):
        subscribed.take(message("error", 9, {"code": 25}, sid=1 + 10 * MOST_ENDED))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, Disconnected),
        (5, Refused),
        (8, Refused),
        (9, Refused),
        (11, Refused),
        (14, Refused),
        (18, Throttled),
        (26, Refused),
        (27, Throttled),
    ],
)
def test_what_a_subscription_is_refused_with(code: int, kind: type[IngestdError]) -> None:
    """Some of it no repetition mends."""
    found = Subscriptions(ALL, [A])
    with pytest.raises(kind):
        found.take(json.dumps({"id": 2, "type": "error", "msg": {"code": code, "msg": "no"}}).encode())


@pytest.mark.parametrize(("code", "kind"), [(7, Disconnected), (9, Refused), (11, Disconnected), (26, Disconnected), (27, Throttled)])
def test_what_a_change_is_refused_with(subscribed: Subscriptions, code: int, kind: type[IngestdError]) -> None:
    """A new session, with markets looked up anew, may be granted it."""
    subscribed.follow([A, B, "C"])
    with pytest.raises(kind):
        subscribed.take(json.dumps({"id": 5, "type": "error", "msg": {"code": code, "msg": "no"}}).encode())


@pytest.mark.parametrize(
    "wrong", [{"type": "error", "msg": []}, {"id": 2, "type": "subscribed", "msg": {"sid": "x"}}, {"type": "error", "msg": {"code": 10}}]
)
def test_what_no_sense_can_be_made_of(wrong: object) -> None:
    """A new session is the only answer."""
    with pytest.raises(Disconnected):
        Subscriptions(ALL, [A]).take(json.dumps(wrong).encode())


def test_everything_else(subscribed: Subscriptions) -> None:
    """What cannot be read is for the decoder; heartbeats and answers said twice are for nobody; new events are noted."""
    assert subscribed.take(b"{").hand_on
    assert not subscribed.take(b'{"id":1,"type":"ok","msg":[{"channel":"trade","sid":2}]}').hand_on
    assert not subscribed.take(b'{"id":2,"type":"subscribed","msg":{"channel":"trade","sid":2}}').hand_on
    assert subscribed.take(message("event_lifecycle", 1, {"event_ticker": "E", "series_ticker": "S"}, sid=3)).hand_on
    assert subscribed.take(message("event_lifecycle", 2, {"series_ticker": 7}, sid=3)).hand_on
    assert subscribed.fresh == {"S"}
