"""Answers taken apart, times and prices read."""

import pytest

from ingestd.errors import Malformed
from ingestd.sources.feeds.the_odds_api.wire import Event, american, bare_price, decimal, decoded, microseconds, page


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        (b"<html>", "html"),
        (b"", "format"),
        (b"[{", "format"),
        (b"[NaN]", "format"),
        (b"[" * 100_000, "format"),
        (b'{"message": "\\ud800"}', "format"),
        (b'{"message": "no", "error_code": "INVALID_KEY"}', "error"),
        (b'{"success": false, "data": []}', "error"),
        (b'{"other": 1}', "shape"),
    ],
)
def test_what_is_no_answer(payload: bytes, category: str) -> None:
    """Is malformed, by a word that says how."""
    with pytest.raises(Malformed) as caught:
        page(payload)
    assert caught.value.category == category


def test_wrappers() -> None:
    """A list, an event, a snapshot of either, an answer of v3, an event that is gone."""
    assert [len(page(payload).elements) for payload in (b"[1,2]", b'{"id":"a"}', b'{"data":[1,2,3]}', b'{"success":true,"data":[]}')] == [2, 1, 3, 0]
    snapshot = page(b'{"timestamp":"2025-03-01T12:00:00Z","data":{"id":"a"}}')
    assert (snapshot.single, snapshot.path, snapshot.stated_at) == (True, "data", 1_740_830_400_000_000)
    assert page(b'{"message":"x","error_code":"EVENT_NOT_FOUND"}').gone


def test_times() -> None:
    """ISO or Unix seconds; what cannot be is none."""
    assert microseconds("2025-03-01T12:00:00Z") == microseconds(1_740_830_400) == microseconds("2025-03-01T12:00:00") == 1_740_830_400_000_000
    assert [microseconds(stamp) for stamp in (None, "soon", "", 1e305)] == [None] * 4


def test_prices() -> None:
    """Decimal from 1 on; American outside -100 to 100."""
    assert [decimal(price, is_american=False) for price in (1.01, 1, 0.99, 0, -110, 10**400)] == [1.01, 1.0, None, None, None, None]
    assert [decimal(price, is_american=True) for price in (250, 100, -100, -200, 99, -99, 0)] == [3.5, 2.0, 2.0, 1.5, None, None, None]


@pytest.mark.parametrize(
    ("prices", "is_american"), [([-110, 100], True), ([101, 251], True), ([-110, 1.9], False), ([13, 251], False), ([150.0], False), ([], False)]
)
def test_american_is_told_by_all_prices(prices: list[float], is_american: bool) -> None:
    """One that cannot be American decides."""
    assert american(prices) == is_american


def test_elements() -> None:
    """As they are, or what is wrong with them."""
    assert isinstance(decoded(b'{"id":"a","sport_key":"b"}', Event), Event)
    assert isinstance(decoded(b'{"id":1}', Event), str)
    assert [type(bare_price(page(raw).elements[0])) for raw in (b"[1]", b"[1.5]", b'["1"]')] == [int, float, str]
