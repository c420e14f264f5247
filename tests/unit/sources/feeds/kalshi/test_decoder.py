"""Messages to updates: books, holes, gaps, whatever may come in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Frame, Gap, Quote, Scope
from ingestd.sources.feeds.kalshi.decoder import ANSWER, KalshiDecoder
from tests.unit.sources.feeds.kalshi.conftest import A, B, Heard, delta, message, snapshot, trade

BID = [["0.40", "10.00"]]


def begun(live: Heard) -> Heard:
    """Both books are there."""
    live(snapshot(1, A, BID))
    live(snapshot(2, B, None, BID))
    return live


def test_everything_is_complete_with_the_last_book(live: Heard) -> None:
    """Not before; each market is complete by itself."""
    assert live.start == []
    assert live(snapshot(1, A, BID)) == ["yes lay 2.5 10 open", "no back 1.667 10 open", "complete market 3"]
    assert live(snapshot(2, B, None, BID)) == ["yes back 1.667 10 open", "complete market 2", "complete source 5"]


def test_without_markets_everything_is_complete_at_once() -> None:
    """There is nothing to wait for."""
    assert Heard([]).start == ["complete source 0"]


def test_a_change_is_not_a_size(live: Heard) -> None:
    """It is added, and stamped by the provider; in one millisecond A, B and A again are three changes."""
    begun(live)
    assert live(delta(3, A, "yes", "0.4000", "2.50"))[0] == "yes lay 2.5 12.5 open"
    assert live(delta(4, A, "yes", "0.4100", "1.00"))[0] == "yes lay 2.439 1 open"
    assert live(delta(5, A, "yes", "0.4100", "-1.00"))[0] == "yes lay 2.5 12.5 open"
    (first, _) = live.updates
    assert isinstance(first, Quote)
    assert first.changed_at == 1_700_000_000_000_000


def test_a_closed_market_has_an_empty_book(live: Heard) -> None:
    """A snapshot with neither side."""
    begun(live)
    assert live(snapshot(3, A)) == ["yes lay - 0 withdrawn", "no back - 0 withdrawn", "complete market 1"]


def test_a_hole_costs_every_book(live: Heard) -> None:
    """Of the whole subscription, whichever market showed it; nothing is believed before the next snapshot."""
    begun(live)
    assert live(delta(4, A, "yes", "0.4000", "1.00")) == ["gap source sequence", "reject no_base"]
    assert live(delta(5, B, "no", "0.4000", "1.00")) == ["reject no_base"]
    assert live(snapshot(6, A, BID))[-1] == "complete market 3"
    assert live(delta(7, A, "yes", "0.4000", "1.00"))[0] == "yes lay 2.5 11 open"
    assert live(snapshot(8, B, None, BID))[-1] == "complete source 5"


def test_what_came_before_is_passed_over(live: Heard) -> None:
    """Twice, or late."""
    begun(live)
    assert live(snapshot(2, B, None, BID)) == ["duplicate sequence"]
    assert live(delta(1, A, "yes", "0.4000", "1.00")) == ["duplicate sequence"]


def test_missed_trades_cost_no_book(live: Heard) -> None:
    """The gap is recorded and over: no later message brings them."""
    begun(live)
    assert live(trade(1, A, "0.5000")) == ["yes traded 2 5 open"]
    assert live(trade(3, A, "0.2500")) == ["gap source sequence", "complete source 5", "yes traded 4 5 open"]
    assert live(delta(3, A, "yes", "0.4000", "1.00"))[0] == "yes lay 2.5 11 open"


def test_less_than_nothing_costs_one_book(live: Heard) -> None:
    """The smallest scope; the neighbour goes on."""
    begun(live)
    assert live(delta(3, A, "yes", "0.4000", "-11.00")) == ["reject negative", "gap market negative"]
    assert live.updates[-1] == Gap(Scope("market", A), "negative")
    assert live(delta(4, A, "yes", "0.4000", "1.00")) == ["reject no_base"]
    assert live(delta(5, B, "no", "0.4000", "1.00")) == ["yes back 1.667 11 open"]
    assert live(snapshot(6, A, BID))[-1] == "complete market 3"


def test_what_cannot_be_read_costs_one_book(live: Heard) -> None:
    """Or all, where not even whose it is can be told."""
    begun(live)
    assert live(delta(3, A, "both", "0.4000", "1.00")) == ["reject shape msg", "gap market unreadable"]
    assert live(snapshot(4, B, [["0.40", "NaN"]])) == ["reject shape msg", "gap market unreadable"]
    assert live(message("orderbook_delta", 5, {"market_ticker": 7})) == ["reject shape msg", "gap source unreadable"]
    assert live(message("trade", 1, {"market_ticker": A}, sid=2)) == ["reject shape msg"]


def test_a_market_that_nobody_follows_is_left_out(live: Heard) -> None:
    """In whichever channel."""
    begun(live)
    assert live(delta(3, "OTHER", "yes", "0.4000", "1.00")) == ["filtered not followed"]
    assert live(snapshot(4, "OTHER", BID)) == ["filtered not followed"]
    assert live(trade(1, "OTHER", "0.4000")) == ["filtered not followed"]


def test_other_markets_from_now_on(live: Heard) -> None:
    """What is no longer followed has no base; what is new waits for its book."""
    begun(live)
    assert live(message("ok", 3, {"market_tickers": [A, "C"]}), tickers=json.dumps([A, "C"])) == []
    assert not live.decoder.markets[B].based
    assert live(snapshot(4, "C", BID))[-1] == "complete market 3"


def test_a_subscription_that_ended(live: Heard) -> None:
    """The session has asked for another; of trades only the gap remains."""
    begun(live)
    ended = {"code": 25, "msg": "Subscription buffer overflow"}
    assert live(message("error", None, ended, sid=2), lost="trade") == ["gap source ended", "complete source 5"]
    assert live(message("error", 3, ended), lost="orderbook_delta") == ["gap source ended"]
    assert live(message("subscribed", None, {"channel": "orderbook_delta", "sid": 4}), epoch=True, tickers=json.dumps([A])) == []
    assert live(snapshot(1, A, BID))[-1] == "complete source 3"


def test_a_frame_that_is_missing(live: Heard, recording: Heard) -> None:
    """Live no book has a base; a recording goes on, each market with a hole; an answer is asked for again."""
    begun(live)
    assert live.decoder.broken("malformed") == [Gap(WHOLE, "malformed")]
    assert live(delta(9, A, "yes", "0.4000", "1.00")) == ["reject no_base"]
    assert live.decoder.broken("malformed", Frame("k", "data", 1, b"<html>", meta={"content": ANSWER})) == []
    recording(snapshot(1, A, BID))
    assert recording.decoder.broken("malformed") == [Gap(Scope("market", A), "malformed")]
    assert recording(delta(9, A, "yes", "0.4000", "1.00"))[0] == "yes lay 2.5 11 open"


def test_a_recording_has_holes_of_right(recording: Heard) -> None:
    """It is one market's part of a subscription; after a reconnection sid and seq begin small."""
    recording(snapshot(2_399_864, A, BID))
    assert recording(delta(2_399_869, A, "yes", "0.4000", "1.00"))[0] == "yes lay 2.5 11 open"
    assert recording(snapshot(22, A, BID))[0] == "yes lay 2.5 10 open"
    assert recording(delta(40, B, "yes", "0.4000", "1.00")) == ["reject no_base", "gap market no_base"]


def test_words_that_are_new_or_of_no_use(live: Heard) -> None:
    """Nothing is said, nothing is lost."""
    begun(live)
    for kind in ("ticker", "event_fee_update", "a_new_word", "unsubscribed"):
        assert live(message(kind, None, {})) == []
    assert live(message("event_lifecycle", None, {"event_ticker": 7})) == ["reject shape msg"]
    assert live(message("market_lifecycle_v2", None, {"market_ticker": A})) == ["reject shape msg"]


def test_counts(recording: Heard) -> None:
    """Kalshi's own units."""
    for payload in (snapshot(1, A, BID), delta(2, A, "yes", "0.4000", "1.00"), trade(1, A, "0.4000"), b"[]"):
        recording(payload)
    assert recording.decoder.counts == {"messages": 3, "snapshots": 1, "deltas": 1, "trades": 1, "answers": 1}


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["NaN", "1e999", A, "0.40", "yes", "\ud800", "\0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["market_ticker", "side", "code", "markets"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = ("orderbook_snapshot", "orderbook_delta", "trade", "market_lifecycle_v2", "event_lifecycle", "ok", "error", "")
KEYS = (
    "market_ticker",
    "yes_dollars_fp",
    "no",
    "price_dollars",
    "delta_fp",
    "side",
    "ts_ms",
    "ts",
    "event_type",
    "additional_metadata",
    "x",
)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    msg=st.dictionaries(st.sampled_from(KEYS), HOSTILE),
    seq=HOSTILE,
    body=st.dictionaries(st.just("markets"), HOSTILE),
)
def test_nothing_but_malformed(kind: str, msg: dict[str, object], seq: object, body: dict[str, object]) -> None:
    """Whatever comes in."""
    decoder = KalshiDecoder("k")
    decoder(Frame("k", "opened", 0, epoch=True, meta={"tickers": json.dumps([A])}))
    decoder(Frame("k", "data", 1, snapshot(1, A, BID)))
    payload = json.dumps({"type": kind, "sid": 1, "seq": seq, "msg": msg, **body}).encode("utf-8", "surrogatepass")
    for found in (payload, payload[: len(payload) // 2], payload.replace(b'"', b"", 1)):
        try:
            decoder(Frame("k", "data", 2, found))
        except Malformed:
            decoder.broken("malformed")


@pytest.mark.parametrize("text", ["\0", "x" * 5_000])
def test_hostile_names_are_for_the_rules_on_text(live: Heard, text: str) -> None:
    """The decoder hands them on, and validation quarantines them."""
    told = json.dumps({"markets": [{"ticker": A, "title": text, "status": "active"}]}).encode()
    assert live(told, content=ANSWER) == ["market open"]
