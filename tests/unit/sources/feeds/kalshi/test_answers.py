"""Answers of the web service, in every wrapping."""

import json

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.kalshi.answers import MarketAnswer, read_answer, struck

MARKET = {"ticker": "E-A", "event_ticker": "E", "title": "A or B?", "yes_sub_title": "A", "status": "active"}
EVENT = {"event_ticker": "E", "title": "A v B", "series_ticker": "S", "category": "Sports"}
TRADE = {"trade_id": "1", "ticker": "E-A", "yes_price_dollars": "0.3900", "count_fp": "3.00", "created_time": "2026-03-16T16:30:33.385559Z"}


@pytest.mark.parametrize(
    ("body", "events", "markets", "trades"),
    [
        ({"markets": [MARKET, MARKET], "cursor": "x"}, 0, 2, 0),
        ({"markets": [], "cursor": ""}, 0, 0, 0),
        ({"market": MARKET}, 0, 1, 0),
        (MARKET, 0, 1, 0),
        ([MARKET, MARKET, MARKET], 0, 3, 0),
        ([], 0, 0, 0),
        ({"event": EVENT, "markets": [MARKET]}, 1, 1, 0),
        ({"event": {**EVENT, "markets": [MARKET]}}, 1, 1, 0),
        ({"events": [{**EVENT, "markets": [MARKET]}, EVENT]}, 2, 1, 0),
        ({"fetched_at_ms": 1, "status": 200, "response": {"event": EVENT, "markets": [MARKET]}}, 1, 1, 0),
        ({"trades": [TRADE], "cursor": ""}, 0, 0, 1),
        ([TRADE, TRADE], 0, 0, 2),
    ],
)
def test_every_wrapping(body: object, events: int, markets: int, trades: int) -> None:
    """Alone, in a list, in a page, in a recording."""
    answer = read_answer(json.dumps(body).encode())
    assert (len(answer.events), len(answer.markets), len(answer.trades), answer.rejects) == (events, markets, trades, [])


def test_the_newest_trade_comes_last() -> None:
    """The web service lists it first; of two at one time the first made comes first."""
    trades = [
        {**TRADE, "trade_id": str(n), "count_fp": str(n), "created_time": f"2026-03-16T16:30:{s}Z"} for n, s in ((1, 30), (2, 30), (3, 20))
    ]
    assert [trade.count_fp for trade in read_answer(json.dumps(trades).encode()).trades] == ["3", "2", "1"]


def test_only_what_is_wrong_is_refused() -> None:
    """With its path; the others stand."""
    body = {"events": [{**EVENT, "markets": [MARKET, {**MARKET, "floor_strike": "high"}, 7]}, {"title": "nameless"}]}
    answer = read_answer(json.dumps(body).encode())
    assert (len(answer.events), len(answer.markets)) == (1, 1)
    assert [reject.path for reject in answer.rejects] == ["events[0].markets[1]", "events[0].markets[2]", "events[1]"]


def test_a_book_that_names_no_market_is_refused() -> None:
    """The address said which, and is not in the file."""
    answer = read_answer(b'{"orderbook_fp":{"yes_dollars":[["0.37","1"]]}}')
    assert [(reject.category, reject.path) for reject in answer.rejects] == [("unnamed", "orderbook")]


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"{", b"7", b'{"error":{"code":"x"}}', b'{"markets":7}', b"[" * 100_000, b'{"markets":"\xff"}']
)
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    """HTML, errors, wrong shapes."""
    with pytest.raises(Malformed):
        read_answer(body)


def test_prices_of_an_answer() -> None:
    """In dollars or cents; 0, and an ask of a dollar, are none."""
    new = MarketAnswer("T", yes_bid_dollars="0.3700", yes_bid_size_fp="8.5", yes_ask_dollars="0.3900", last_price_dollars="0.3800")
    assert new.tops() == {"yes": (370_000, 8_500_000), "no": (610_000, 0)}
    assert new.last() == 380_000
    old = MarketAnswer("T", yes_bid=37, yes_ask=39, last_price=38)
    assert (old.tops(), old.last()) == ({"yes": (370_000, 0), "no": (610_000, 0)}, 380_000)
    over = MarketAnswer("T", yes_bid_dollars="0.0000", yes_ask_dollars="1.0000")
    assert (over.tops(), over.last()) == ({"yes": (0, 0), "no": (0, 0)}, 0)
    with pytest.raises(ValueError, match="price"):
        MarketAnswer("T", yes_bid_dollars="1.5").tops()


@pytest.mark.parametrize(
    ("kind", "floor", "cap", "found"),
    [
        ("greater", 2.5, 3.5, (2.5, "above")),
        ("greater", 2.0, None, (2.0, "above")),
        ("greater_or_equal", 3.0, None, (2.5, "above")),
        ("greater_or_equal", 2.5, None, (2.5, "above")),
        ("less", 2.5, 3.5, (3.5, "below")),
        ("less_or_equal", None, 2.0, (2.5, "below")),
        ("greater", None, 3.5, (None, "")),
        ("between", 2.5, 3.5, (None, "")),
        ("structured", 2.5, 3.5, (None, "")),
        ("", None, None, (None, "")),
    ],
)
def test_strikes(kind: str, floor: float | None, cap: float | None, found: tuple[float | None, str]) -> None:
    """One strike is a line, two or none are not; "at least three" is over two and a half."""
    assert struck(kind, floor, cap) == found
