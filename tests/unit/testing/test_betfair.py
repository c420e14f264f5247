"""What the emulator can be told to do wrong, and what it remembers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestd.testing.betfair import BetfairEmulator
from ingestd.testing.betfair_terms import Delivery


class Raw:
    """A subscribed client that looks at bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def line(self) -> bytes:
        """The next line."""
        return await asyncio.wait_for(self.reader.readline(), 5)


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[BetfairEmulator]:
    """Betfair on a free port."""
    async with BetfairEmulator(tmp_path, pts_from=1_700_000_000_000) as server:
        yield server


@pytest.fixture
async def raw(emulator: BetfairEmulator) -> AsyncIterator[Raw]:
    """Subscribed, after its image."""
    import ssl  # noqa: PLC0415 - of this fixture alone

    tls = ssl.create_default_context(cafile=emulator.ca_file)
    found = Raw(*await asyncio.open_connection(emulator.host, emulator.port, ssl=tls, limit=1 << 22))
    found.writer.write(b'{"op":"authentication","id":1,"appKey":"app-key-1","session":"session-given"}\r\n')
    found.writer.write(
        b'{"op":"marketSubscription","id":2,"marketFilter":{},"marketDataFilter":{"fields":["EX_MARKET_DEF"]},"heartbeatMs":500}\r\n'
    )
    for _ in range(4):
        await found.line()
    yield found
    found.writer.transport.abort()


async def test_times_follow_the_script(emulator: BetfairEmulator, tmp_path: Path) -> None:
    """With a start given, the same steps have the same times."""
    await emulator.step(5)
    async with BetfairEmulator(tmp_path, pts_from=1_700_000_000_000) as again:
        await again.step(5)
        assert again.world.steps == emulator.world.steps


async def test_a_cut_may_leave_half_a_line(emulator: BetfairEmulator, raw: Raw) -> None:
    """And nothing after it."""
    emulator.cut(half=b'{"op":"mcm","id"')
    assert await asyncio.wait_for(raw.reader.read(), 5) == b'{"op":"mcm","id"'


async def test_a_stall_is_silence(emulator: BetfairEmulator, raw: Raw) -> None:
    """No heartbeat either; the connection stays open."""
    emulator.stall()
    await emulator.publish(emulator.world.suspend("1.200000000"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(raw.reader.read(1), 0.7)
    assert [delivery.kind for delivery in emulator.deliveries] == ["image"]


async def test_what_is_held_back_is_merged(emulator: BetfairEmulator, raw: Raw) -> None:
    """One message, and the steps it stands for."""
    emulator.hold()
    await emulator.publish(
        emulator.world.suspend("1.200000000"), emulator.world.reopen("1.200000000"), emulator.world.suspend("1.200000000")
    )
    await emulator.release()
    assert b'"con":true' in await raw.line()
    assert emulator.deliveries[-1].steps == (5, 6, 7)


async def test_writes_may_be_split(emulator: BetfairEmulator, raw: Raw) -> None:
    """Even between CR and LF; the line is the same."""
    emulator.split_writes = True
    await emulator.garbage(b"hello")
    assert await raw.line() == b"hello\r\n"


async def test_latency_and_images_at_any_time(emulator: BetfairEmulator, raw: Raw) -> None:
    """503 says nothing; an image has a new beginning."""
    await emulator.latency()
    assert await raw.line() == b'{"op":"mcm","id":2,"status":503}\r\n'
    await emulator.reimage()
    assert b'"ct":"SUB_IMAGE"' in await raw.line()
    assert [len(request) for request in (emulator.requests("marketSubscription"), emulator.requests("heartbeat"))] == [1, 0]


async def test_failures_are_served_once(emulator: BetfairEmulator) -> None:
    """To the kind of request they are for."""
    emulator.fail_next("heartbeat", "TIMEOUT")
    assert [emulator.next_failure(one) for one in ("authentication", "heartbeat", "heartbeat")] == [None, "TIMEOUT", None]


async def test_what_a_cut_swallowed_was_not_received(emulator: BetfairEmulator) -> None:
    """A client's next clock says what it has."""

    def delivery(kind: str, seq: int, after: int | None = None) -> Delivery:
        return Delivery("c", kind, 0, seq, (), fingerprint="f", after=after)

    emulator.deliveries = [
        delivery("image", 1),
        delivery("step", 2),
        delivery("step", 3),
        delivery("resume", 5, 2),
        delivery("refused", 9, 5),
        delivery("image", 9),
    ]
    assert [(one.kind, one.seq) for one in emulator.received()] == [("image", 1), ("step", 2), ("resume", 5), ("image", 9)]
