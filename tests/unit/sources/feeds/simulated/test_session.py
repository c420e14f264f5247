"""Sessions over a real socket with a real exchange."""

from typing import cast

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from ingestd.errors import Disconnected, Refused
from ingestd.interfaces import Session
from ingestd.model import WHOLE, Frame, Scope
from ingestd.sources.feeds.simulated.options import SimulatedOptions
from ingestd.sources.feeds.simulated.session import SimulatedFeed
from ingestd.testing.context import feed_context
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.server import Exchange

OPTIONS = Options(seed=3, events=2, life=80, rate=0, t0=1_790_000_000_000_000, limit=300, heartbeat=0.05, segment=20, whole=1000)


def feed(url: str) -> SimulatedFeed:
    """A feed of that exchange."""
    return SimulatedFeed(SimulatedOptions(url=url), feed_context("sim"))


async def until(session: Session, last: int) -> list[Frame]:
    """Everything up to statement ``last`` (the heartbeat that names it)."""
    frames: list[Frame] = []
    while not frames or b'"op":"heartbeat","n":%d}' % last not in frames[-1].payload:
        frames += await session.read()
    return frames


def numbers(frames: list[Frame]) -> list[int]:
    """Numbers of the statements among frames."""
    said = [msgspec.json.decode(frame.payload, type=dict[str, object]) for frame in frames if frame.kind == "data"]
    return [cast("int", message["n"]) for message in said if message["op"] not in ("heartbeat", "image")]


async def test_a_fresh_session_begins_an_epoch_with_an_image_and_misses_nothing() -> None:
    """``opened`` first, then the image in parts, then every statement; tokens name the last whole one."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, feed(url).connect("") as session:
        frames = await until(session, 300)
    opened, *rest = frames
    parts = [frame for frame in rest if b'"op":"image"' in frame.payload]
    assert (opened.kind, opened.epoch, opened.token, opened.meta) == ("opened", True, f"{exchange.run}:0!", {})
    assert [frame.epoch for frame in parts] == [True, *[False] * (len(parts) - 1)]
    assert [frame.token for frame in parts] == [*[f"{exchange.run}:0!"] * (len(parts) - 1), f"{exchange.run}:0"]
    assert len(parts) > 2
    assert numbers(frames) == list(range(1, 301))
    assert frames[-1].token == f"{exchange.run}:300"


async def test_a_session_resumed_inside_the_window_replays_what_was_missed() -> None:
    """Not one statement is lost or said twice, and no epoch begins."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url:
        async with feed(url).connect("") as session:
            first = await until(session, 300)
        exchange.limit = 500
        cut = next(frame for frame in first if frame.token == f"{exchange.run}:123")
        async with feed(url).connect(cut.token) as session:
            second = await until(session, 500)
    assert (second[0].epoch, second[0].meta, second[0].token) == (False, {"resumed": "replay"}, cut.token)
    assert numbers(second) == list(range(124, 501))
    assert not any(frame.epoch for frame in second)


async def test_a_session_resumed_outside_the_window_is_a_fresh_one() -> None:
    """What the exchange no longer holds cannot be replayed: an image, and an epoch."""
    exchange = Exchange(msgspec.structs.replace(OPTIONS, window=50))
    async with exchange.listening() as url:
        async with feed(url).connect("") as session:
            await until(session, 300)
        async with feed(url).connect(f"{exchange.run}:249") as session:
            outside = await until(session, 300)
        async with feed(url).connect(f"{exchange.run}:250") as session:
            inside = await until(session, 300)
        async with feed(url).connect("another run:250") as session:
            foreign = await until(session, 300)
    assert [frames[0].epoch for frames in (outside, inside, foreign)] == [True, False, True]
    assert numbers(inside) == list(range(251, 301))
    assert outside[0].token == f"{exchange.run}:300!"


async def test_an_image_cut_in_the_middle_is_sent_again() -> None:
    """A token from within an image resumes with that same image, so that its statements keep their base."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url:
        async with feed(url).connect("") as session:
            first = await until(session, 300)
        async with feed(url).connect(first[1].token) as session:
            second = await until(session, 300)
    assert first[1].token.endswith(":0!")
    assert second[0].meta == {"resumed": "replay"}
    assert [frame.payload for frame in second[1:]][:300] == [frame.payload for frame in first[1:]][:300]
    assert second[1].epoch


async def test_a_token_never_goes_back() -> None:
    """A message said twice, or late, does not make a resumed session hear again what it has."""
    exchange = Exchange(msgspec.structs.replace(OPTIONS, disorder={"duplicate": 0.3, "swap": 0.3}))
    async with exchange.listening() as url, feed(url).connect("") as session:
        frames = await until(session, 300)
    assert numbers(frames) != sorted(numbers(frames))
    tokens = [int(frame.token.partition(":")[2].rstrip("!")) for frame in frames]
    assert tokens == sorted(tokens)


async def test_images_are_sent_when_asked_for() -> None:
    """Of a market, of everything, of an event (the narrowest that the exchange knows around it)."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, feed(url).connect("") as session:
        await until(session, 300)
        market = exchange.script.image().markets[0].id
        await session.renew(Scope("market", market))
        one = await until(session, 300)
        await session.renew(WHOLE)
        everything = await until(session, 300)
        await session.renew(Scope("event", "E1"))
        event = await until(session, 300)
    assert b'"op":"market","n":300' in one[0].payload
    assert b'"asked":true' in one[0].payload
    assert everything[0].epoch
    assert event[0].epoch
    assert exchange.images == [(0, ""), (300, market), (300, ""), (300, "")]


async def test_unreadable_frames_pass_with_the_token_before_them() -> None:
    """The session judges nothing: what it cannot read is a frame all the same."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, feed(url).connect("") as session:
        await until(session, 300)
        await exchange._obey("garbage", 0)
        frames = await session.read()
    assert (frames[0].payload, frames[0].token) == (b'{"op":"delta","n":', f"{exchange.run}:300")


async def test_a_frame_too_large_is_one_oversize_frame_and_the_end() -> None:
    """The frame is named before the link is given up."""

    async def flood(link: ServerConnection) -> None:
        await link.recv()
        await link.send('{"op":"welcome","n":7,"run":"r","resumed":false}')
        await link.send("x" * (17 << 20))
        await link.wait_closed()

    async with serve(flood, "127.0.0.1", 0, close_timeout=0.2) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with feed(url).connect("") as session:
            assert [frame.kind for frame in await session.read()] == ["opened"]
            frames = await session.read()
            with pytest.raises(Disconnected, match="oversize"):
                await session.read()
    assert (frames[0].payload, frames[0].token, list(frames[0].meta)) == (b"", "r:7!", ["oversize"])


async def test_no_welcome_no_session() -> None:
    """A server that says something else, or nothing, is left."""

    async def nonsense(link: ServerConnection) -> None:
        await link.send("hello?")
        await link.wait_closed()

    async def silence(link: ServerConnection) -> None:
        await link.wait_closed()

    for handler, reason in ((nonsense, "protocol"), (silence, "timeout")):
        async with serve(handler, "127.0.0.1", 0, close_timeout=0.2) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            slow = SimulatedFeed(
                SimulatedOptions(url=url, connect_timeout=0.2),
                feed_context("sim"),
            )
            with pytest.raises(Disconnected, match=reason):
                async with slow.connect(""):
                    pass


async def test_without_a_url_the_source_is_refused() -> None:
    """A person must say where, or let ``run`` start the exchange."""
    with pytest.raises(Refused, match="no_url"):
        async with feed("").connect(""):
            pass


async def test_a_cut_is_disconnected() -> None:
    """The exchange drops the link without a word: after what came before, Disconnected."""
    exchange = Exchange(OPTIONS)
    async with exchange.listening() as url, feed(url).connect("") as session:
        await until(session, 300)
        exchange.cut()
        with pytest.raises(Disconnected):
            await until(session, 999)
