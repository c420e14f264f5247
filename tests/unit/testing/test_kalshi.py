"""The emulated stream as a whole: who is let in, what is played, what befalls messages."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ingestd.testing import kalshi
from ingestd.testing.emulators import EMULATORS
from ingestd.testing.kalshi import KalshiEmulator
from ingestd.testing.kalshi_world import CHANNELS
from tests.unit.testing.test_kalshi_keys import signed


@pytest.fixture
async def emulator() -> AsyncIterator[KalshiEmulator]:
    """Kalshi on a free port."""
    async with KalshiEmulator() as server:
        yield server


async def listen(emulator: KalshiEmulator, heard: list[bytes | str]) -> None:
    """Subscribe to everything, and hear it until the end."""
    async with connect(emulator.url, additional_headers=signed(), proxy=None) as connection:
        for number, channel in enumerate(CHANNELS):
            params = {"channels": [channel], "market_tickers": list(emulator.world.markets)}
            await connection.send(json.dumps({"id": number, "cmd": "subscribe", "params": params}))
        with contextlib.suppress(ConnectionClosed):
            while True:
                heard.append(await connection.recv())


async def played(emulator: KalshiEmulator) -> list[bytes | str]:
    """What one client hears of the whole script."""
    heard: list[bytes | str] = []
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen(emulator, heard))
        await emulator.play()
        await asyncio.sleep(0.05)
        listening.cancel()
    return heard


async def test_strangers_are_not_let_in(emulator: KalshiEmulator) -> None:
    """With status 401."""
    with pytest.raises(InvalidStatus, match="401"):
        async with connect(emulator.url, proxy=None):
            pass
    assert emulator.gate.refused == ["unknown_key"]


async def test_as_many_messages_as_are_promised(emulator: KalshiEmulator) -> None:
    """Each subscription counts by itself."""
    heard = [json.loads(message) for message in await played(emulator)]
    assert len(heard) == emulator.boundaries == emulator.faults.sent
    for sid in (1, 2, 3):
        numbers = [message["seq"] for message in heard if message.get("sid") == sid]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_faults_befall_exact_messages(emulator: KalshiEmulator) -> None:
    """Two that change places, one that comes twice, one that is none."""
    emulator.arm(7, "reorder")
    emulator.arm(10, "duplicate")
    emulator.arm(12, "garbage")
    heard = await played(emulator)
    assert heard[10] == heard[11]
    assert heard[13] == '{"garbage": ['
    assert len(heard) == emulator.boundaries + 1


async def test_nobody_comes(emulator: KalshiEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it says so."""
    monkeypatch.setattr(kalshi, "PATIENCE", 0.05)
    with pytest.raises(TimeoutError):
        await emulator.play()


async def test_signs_of_life_are_control_frames(emulator: KalshiEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a body; the client's library answers them, and nobody sees a message."""
    monkeypatch.setattr(kalshi, "PING", 0.01)
    bodies: list[bytes] = []
    async with connect(emulator.url, additional_headers=signed(), proxy=None):
        (link,) = emulator.links
        pinged = asyncio.Event()
        ping = link.ping

        async def noted() -> None:
            await ping()
            bodies.append(b"")
            pinged.set()

        monkeypatch.setattr(link, "ping", noted)
        async with asyncio.timeout(2):
            await pinged.wait()
    assert bodies
    assert emulator.faults.sent == 0


def test_it_is_registered() -> None:
    """So that the common suite finds it."""
    assert EMULATORS["kalshi"] is KalshiEmulator
