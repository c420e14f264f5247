"""The signed handshake, how the web service can hinder it, and the times of recordings."""

from collections.abc import AsyncIterator

import pytest

from ingestd.errors import ConfigError, Disconnected, IngestdError, Refused, Throttled
from ingestd.interfaces import Feed
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.kalshi.feed import FEED, build, record_time
from ingestd.testing.context import feed_context
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.kalshi_world import NORTH, SERIES


@pytest.fixture
async def emulator() -> AsyncIterator[KalshiEmulator]:
    """Kalshi on a free port."""
    async with KalshiEmulator() as server:
        yield server


def feed(emulator: KalshiEmulator, **options: object) -> Feed:
    """A source on the emulator."""
    return FEED.build(FEED.options.model_validate({**emulator.options(), **options}), feed_context("k"))


async def connected(source: Feed) -> None:
    """Open a session and leave it."""
    async with source.connect(""):
        pass


async def test_the_handshake_is_signed(emulator: KalshiEmulator) -> None:
    """And the emulator, which has the public key, finds it right."""
    await connected(feed(emulator))
    assert (emulator.gate.admitted, emulator.gate.refused) == (1, [])


@pytest.mark.parametrize("skew", [-60_000, 60_000])
async def test_a_clock_that_is_wrong_is_refused(emulator: KalshiEmulator, skew: int) -> None:
    """As a wrong key is, and so the source is parked."""
    emulator.gate.skew = skew
    with pytest.raises(Refused, match="401"):
        await connected(feed(emulator))
    assert emulator.gate.refused == ["timestamp"]


async def test_a_wrong_key_is_refused(emulator: KalshiEmulator) -> None:
    """Nothing of the key is said."""
    with pytest.raises(Refused) as caught:
        await connected(feed(emulator, key_id="somebody-else"))
    assert "somebody-else" not in str(caught.value)
    assert emulator.gate.refused == ["unknown_key"]


@pytest.mark.parametrize("pem", ["nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"])
async def test_a_key_that_is_none(emulator: KalshiEmulator, pem: str) -> None:
    """Is said before anything starts, without the key."""
    with pytest.raises(ConfigError, match="private_key") as caught:
        feed(emulator, private_key=pem)
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "by_series", "by_name"),
    [(500, Disconnected, None), (429, Throttled, None), (403, Refused, Refused)],
)
async def test_a_web_service_that_fails(
    emulator: KalshiEmulator, status: int, by_series: type[IngestdError], by_name: type[IngestdError] | None
) -> None:
    """Hinders only a source that does not know its markets without it."""
    emulator.rest.http_status = status
    with pytest.raises(by_series):
        await connected(feed(emulator, series_tickers=[SERIES]))
    named = feed(emulator, series_tickers=[], tickers=[NORTH])
    if by_name is None:
        await connected(named)
    else:
        with pytest.raises(by_name):
            await connected(named)


async def test_what_the_feed_says_of_itself(emulator: KalshiEmulator) -> None:
    """Three heartbeats without an answer are silence; an image may be asked for."""
    source = feed(emulator, heartbeat_seconds=10)
    assert (source.silence_limit, source.time_rule, source.renewable) == (30, "ordered", True)
    assert source.decoder().counts["messages"] == 0


def test_foreign_options() -> None:
    """Are a mistake of ours."""
    options = BetfairOptions.model_validate({"app_key": "a", "session_token": "t", "market_ids": ["1.2"]})
    with pytest.raises(TypeError):
        build(options, feed_context("k"))


@pytest.mark.parametrize(
    ("payload", "at"),
    [
        (b'{"recv_ms":1786401938338,"event":{}}', 1_786_401_938_338_000),
        (b'{"fetched_at_ms":1787293863088,"response":{}}', 1_787_293_863_088_000),
        (b'{"type":"orderbook_delta","msg":{"ts_ms":1700000000123}}', 1_700_000_000_123_000),
        (b'{"type":"orderbook_snapshot","msg":{}}', None),
        (b'{"markets":[]}', None),
        (b"[]", None),
        (b"<html>", None),
        (b'{"msg":7}', None),
    ],
)
def test_when_a_record_was_made(payload: bytes, at: int | None) -> None:
    """By whoever recorded it, else by Kalshi; else nobody knows."""
    assert record_time(payload) == at
