"""The session: tokens, and bounds on what waits; the rest of it is tried in ``test_feed``."""

import asyncio
import json
from collections.abc import Callable

import pytest

from ingestd.errors import Disconnected
from ingestd.model import WHOLE
from ingestd.sources import inbox
from ingestd.sources.feeds.betfair import session as module
from ingestd.sources.feeds.betfair.decoder import BetfairDecoder
from ingestd.sources.feeds.betfair.feed import BetfairFeed
from ingestd.sources.feeds.betfair.options import BetfairOptions
from ingestd.sources.feeds.betfair.session import BetfairSession, Token, read_token, subscription_hash
from ingestd.sources.transports import lines
from ingestd.testing.betfair import BetfairEmulator
from ingestd.testing.betfair_link import Link
from ingestd.testing.betfair_rest import PASSWORD, USERNAME
from ingestd.testing.listener import Listener

MakeFeed = Callable[[dict[str, object]], BetfairFeed]
Ear = Listener[BetfairDecoder]


def options(**more: object) -> BetfairOptions:
    """Of two connections."""
    known = {"app_key": "key", "session_token": "token", "market_ids": ("1.1", "1.2"), "markets_per_connection": 1}
    return BetfairOptions.model_validate(known | more)


def token(text: str, **more: object) -> str:
    """A token of that subscription."""
    return json.dumps({"s": subscription_hash(options(**more)), "c": json.loads(text)})


def test_a_token_is_good_for_its_own_subscription_only() -> None:
    """Same markets, same fields, same number of connections; anything else begins afresh."""
    clocks = '[["i","1"],["j","2"]]'
    assert read_token(token(clocks), options()) == [("i", "1"), ("j", "2")]
    for other in (
        {"market_ids": ("1.1", "1.3")},
        {"ladder_levels": 2},
        {"fields": ("EX_LTP",)},
        {"conflate_ms": 5},
        {"heartbeat_ms": 1000},
    ):
        assert read_token(token(clocks, **other), options()) is None
    for text in ("", "garbage", "[]", '{"s":"","c":[]}', token('[["i","1"]]'), token("[5]")):
        assert read_token(text, options()) is None


def test_a_token_holds_no_secret() -> None:
    """Credentials may change without the subscription becoming another."""
    assert subscription_hash(options(app_key="other", session_token="other")) == subscription_hash(options())
    assert Token.__struct_encode_fields__ == ("s", "c")


async def test_frames_that_nobody_reads_do_not_fill_the_memory(
    emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a bound nothing more is taken off the wire; once read, it goes on, and nothing is lost."""
    monkeypatch.setattr(inbox, "MOST_WAITING", 20_000)
    monkeypatch.setattr(lines, "_CHUNK", 4096)
    async with make_feed({}).connect("") as session:
        moving = asyncio.create_task(emulator.step(2000))
        await asyncio.sleep(0.2)
        assert isinstance(session, BetfairSession)
        waiting = session._inbox.waiting
        await listener.until(session, lambda ear: moving.done() and ear.heard(emulator.world.steps[-1].pt * 1000))
    assert 20_000 < waiting < 80_000
    assert sum(json.loads(frame.payload).get("ct") is None for frame in listener.frames[1:]) == 2000


async def test_a_line_too_long_is_marked(
    emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its beginning is handed on with its size (the CR counts), and the stream goes on."""
    monkeypatch.setattr(lines.connect, "__kwdefaults__", {"max_line": 100_000})
    async with make_feed({}).connect("") as session:
        await emulator.garbage(b"x" * 200_000)
        await emulator.step(1)
        await listener.until(session, lambda ear: ear.heard(emulator.world.steps[-1].pt * 1000))
    assert [(frame.meta["oversize"], len(frame.payload)) for frame in listener.frames if "oversize" in frame.meta] == [
        ("200001", lines.KEPT)
    ]


async def no_image(link: Link) -> None:
    """What a server does that has lost it."""


async def test_an_image_has_a_deadline(
    emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewed subscription that is never answered by one ends the session, heartbeats or not."""
    monkeypatch.setattr(module, "IMAGE_WITHIN", 0.2)
    async with make_feed({}).connect("") as session:
        await listener.until(session, lambda ear: ear.token != "")
        monkeypatch.setattr(Link, "image", no_image)
        await session.renew(WHOLE)
        with pytest.raises(Disconnected, match="no_image"):
            await listener.until(session, lambda _: False)


async def test_an_expired_session_in_mid_stream_is_disconnected(emulator: BetfairEmulator, make_feed: MakeFeed, listener: Ear) -> None:
    """The next connection logs in again, though the last login was good once."""
    wanted: dict[str, object] = {"session_token": None, "username": USERNAME, "password": PASSWORD, "cert_file": emulator.client_file}
    feed = make_feed(wanted)
    async with feed.connect("") as session:
        await emulator.garbage(b'{"op":"status","statusCode":"FAILURE","errorCode":"INVALID_SESSION_INFORMATION","connectionClosed":true}')
        with pytest.raises(Disconnected, match="session_expired"):
            await listener.until(session, lambda _: False)
    async with feed.connect(""):
        assert emulator.rest.logins == 2
