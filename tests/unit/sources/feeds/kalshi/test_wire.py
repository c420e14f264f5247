"""Kalshi's numbers, times and envelopes, right and wrong."""

from datetime import UTC, datetime

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.kalshi.wire import DELTA, SNAPSHOT, TRADE, millionths, price_of, read, size_of, stamp, ticker_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.4200", 420_000),
        (".48", 480_000),
        ("0.000001", 1),
        ("-276.50", -276_500_000),
        (45, 45_000_000),
        (0.45, 450_000),
        ("1e-2", 10_000),
    ],
)
def test_numbers_are_exact(written: str | float, meant: int) -> None:
    """As text or not."""
    assert millionths(written) == meant


@pytest.mark.parametrize(
    "wrong", ["NaN", "sNaN", "Infinity", "-inf", "1e999", "1e999999999", "0.0000001", "", "abc", float("inf"), "9" * 30]
)
def test_what_is_no_number_is_refused(wrong: str | float) -> None:
    """Always in the same way."""
    with pytest.raises(ValueError, match=r"is no number|too large"):
        millionths(wrong)


def test_cents_of_old_are_dollars_of_today() -> None:
    """Whole cents and whole contracts, in fields of other names."""
    old = SNAPSHOT.decode(b'{"market_ticker":"T","yes":[[45,100]],"no":[[50,7]]}').levels()
    assert old == {"yes": {450_000: 100_000_000}, "no": {500_000: 7_000_000}}
    assert DELTA.decode(b'{"market_ticker":"T","side":"no","price":45,"delta":-10}').change() == (450_000, -10_000_000)
    assert TRADE.decode(b'{"market_ticker":"T","yes_price":36,"count":136,"ts":1669149841}').terms() == (360_000, 136_000_000)


@pytest.mark.parametrize("price", ["0.0000", "1.0000", "-0.1", 2, None])
def test_a_price_lies_between_nothing_and_a_dollar(price: str | None) -> None:
    """Both excluded."""
    with pytest.raises(ValueError, match="price"):
        price_of(price)


def test_a_size_is_needed() -> None:
    """In one field or the other."""
    assert size_of(None, 3) == 3_000_000
    with pytest.raises(ValueError, match="no size"):
        size_of(None)


def test_a_side_without_bids_is_left_out() -> None:
    """A book with neither is empty; levels of nothing are none."""
    assert SNAPSHOT.decode(b'{"market_ticker":"T"}').levels() == {"yes": {}, "no": {}}
    assert SNAPSHOT.decode(b'{"market_ticker":"T","yes_dollars_fp":[["0.1","0.00"]]}').levels()["yes"] == {}
    with pytest.raises(ValueError, match="below zero"):
        SNAPSHOT.decode(b'{"market_ticker":"T","yes_dollars_fp":[["0.1","-1.00"]]}').levels()


def test_times() -> None:
    """Milliseconds before seconds before written ones; the year 1 is none."""
    assert stamp(1_700_000_000_123, 5) == 1_700_000_000_123_000
    assert stamp(None, 1_700_000_000) == 1_700_000_000_000_000
    assert stamp(None, datetime(2023, 11, 14, 22, 13, 20, 5, tzinfo=UTC)) == 1_700_000_000_000_005
    assert stamp(None, datetime(1, 1, 1, tzinfo=UTC)) is None
    assert stamp(None, None) is None


def test_a_recorded_line_is_unwrapped() -> None:
    """A live message is what it is."""
    assert read(b'{"recv_ms":1,"event":{"type":"trade","sid":2,"seq":3,"msg":{}}}').seq == 3
    assert read(b'{"type":"trade","sid":2,"seq":4,"msg":{}}').seq == 4


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"null", "shape"),
        (b"17", "shape"),
        (b'{"type":7}', "shape"),
        (b'{"type":"trade","seq":1e999}', "shape"),
        (b'\xff\xfe{"type":"trade"}', "json"),
        (b'{"type":"trade","msg":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json"),
        (b'{"recv_ms":1}', "json"),
        (b'{"recv_ms":1,"event":[]}', "shape"),
    ],
)
def test_what_cannot_be_read_is_malformed(payload: bytes, category: str) -> None:
    """And nothing else is raised."""
    with pytest.raises(Malformed) as caught:
        read(payload)
    assert caught.value.category == category


def test_whose_message_it_is_is_known_though_the_rest_is_wrong() -> None:
    """Or it is not."""
    assert ticker_of(read(b'{"type":"t","msg":{"market_ticker":"T","price_dollars":[]}}')) == "T"
    assert ticker_of(read(b'{"type":"t","msg":{"market_ticker":7}}')) == ""
    assert ticker_of(read(b'{"type":"t"}')) == ""
