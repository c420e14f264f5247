"""What becomes of an answer that is none."""


import pytest

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.sources.feeds.the_odds_api.faults import code_of, judged
from ingestd.sources.http import Answer, opened
from ingestd.testing.clock import VirtualClock


def said(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer."""
    return Answer(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body, url="http://x/v4")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"message":"m","error_code":"INVALID_KEY"}', "INVALID_KEY"),
        (b"error INVALID_EVENT_IDS here", "INVALID_EVENT_IDS"),
        (b"error INVALID_MARKET_COMBO", "INVALID_MARKET_COMBO"),
        (b'{"message":"Usage quota has been reached."}', "OUT_OF_USAGE_CREDITS"),
        (b"<html>", ""),
        (b"\xff[", ""),
    ],
)
def test_codes(body: bytes, code: str) -> None:
    """As they stand, else the longest that the text holds."""
    assert code_of(said(401, body)) == code


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (401, "INVALID_KEY", Refused, "invalid_key"),
        (401, "OUT_OF_USAGE_CREDITS", Throttled, "quota"),
        (422, "INVALID_REGION", Refused, "invalid_region"),
        (422, "SOMETHING_NEW", Refused, "something_new"),
        (403, "", Refused, "unauthorised"),
        (429, "EXCEEDED_FREQ_LIMIT", Throttled, "http_429"),
        (502, "", Disconnected, "unavailable"),
    ],
)
async def test_reactions(status: int, code: str, kind: type[Exception], reason: str) -> None:
    """Wait, try again, or a person must act."""
    async with opened(VirtualClock()) as http:
        error = judged(said(status, f'{{"error_code":"{code}"}}'.encode()), http, 1_000.0)
    assert isinstance(error, kind)
    assert isinstance(error, Refused | Throttled | Disconnected)
    assert error.reason == reason
    if isinstance(error, Throttled):
        assert error.seconds == (1_000.0 if reason == "quota" else 5.0)
    if code == "INVALID_REGION":
        assert isinstance(error, Refused)
        assert "regions" in error.hint


async def test_seconds_not_milliseconds() -> None:
    """Whatever the header says."""
    async with opened(VirtualClock()) as http:
        errors = [judged(said(429, retry_after=after), http, 0.0) for after in ("0", "30")]
    assert [error.seconds for error in errors if isinstance(error, Throttled)] == [1.0, 30.0]
