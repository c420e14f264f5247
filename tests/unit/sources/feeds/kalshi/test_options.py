"""What a Kalshi source must be told."""

import pytest
from pydantic import ValidationError

from ingestd.sources.feeds.kalshi.options import KalshiOptions

ENOUGH = {"key_id": "id", "private_key": "pem", "tickers": ["T"]}


def test_a_key_and_a_market_are_enough() -> None:
    """The order books are listened to, and the key is shown to nobody."""
    options = KalshiOptions.model_validate(ENOUGH)
    assert options.channels == ("orderbook_delta", "trade", "market_lifecycle_v2")
    assert "pem" not in repr(options)
    assert KalshiOptions.model_validate({**ENOUGH, "refresh_seconds": "2min"}).refresh_seconds == 120


@pytest.mark.parametrize(
    ("change", "key", "hint"),
    [
        ({"key_id": ""}, "key_id", "create an API key"),
        ({"private_key": ""}, "private_key", "private_key_file"),
        ({"tickers": []}, "", "series_tickers"),
        ({"channels": ["trade"]}, "channels", "orderbook_delta"),
    ],
)
def test_what_is_missing_is_said_with_a_hint(change: dict[str, object], key: str, hint: str) -> None:
    """Where it is, and what to write."""
    with pytest.raises(ValidationError) as caught:
        KalshiOptions.model_validate(ENOUGH | change)
    (problem,) = caught.value.errors()
    assert (problem["ctx"]["key"], hint in problem["ctx"]["hint"]) == (key, True)


@pytest.mark.parametrize("change", [{"refresh_seconds": 0}, {"heartbeat_seconds": -1}, {"channels": ["fill"]}, {"colour": "red"}])
def test_nonsense_is_refused(change: dict[str, object]) -> None:
    """Pauses of nothing, channels that are private, words that mean nothing."""
    with pytest.raises(ValidationError):
        KalshiOptions.model_validate(ENOUGH | change)
