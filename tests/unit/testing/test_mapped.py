"""The provider that nobody has code for, seen by a client that knows nothing of mappings."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ingestd.testing.emulator import Key, Stand
from ingestd.testing.faults import GARBAGE
from ingestd.testing.mapped import KEY, MappedEmulator, listening


def url_of(emulator: MappedEmulator) -> str:
    """Where it listens."""
    return emulator.url


async def opened(emulator: MappedEmulator, key: str = KEY) -> ClientConnection:
    """A client that logged in and subscribed."""
    link = await connect(url_of(emulator), compression=None, proxy=None)
    await link.send(msgspec.json.encode({"op": "login", "key": key}), text=True)
    await link.send(b'{"op":"subscribe"}', text=True)
    return link


async def told(link: ClientConnection, count: int) -> list[bytes]:
    """So many messages, beats left out."""
    found: list[bytes] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            message = await link.recv(decode=False)
            if message != b'{"op":"beat"}':
                found.append(message)
    return found


def states(messages: list[bytes]) -> dict[Key, Stand]:
    """How everything stands by the last message about each market."""
    found: dict[Key, Stand] = {}
    for message in messages:
        said = msgspec.json.decode(message)
        for outcome in said.get("outcomes", ()):
            status = {"O": "open", "S": "suspended", "C": "settled"}[said["state"]]
            for side in ("back", "lay"):
                key = Key(said["id"], outcome["id"], side)
                if outcome[side] is None:
                    found.pop(key, None)
                else:
                    found[key] = Stand(outcome[side], status)
    return found


async def test_the_script(tmp_path: Path) -> None:
    """An undisturbed client is sent as many messages as it says, and they amount to the truth."""
    async with listening(tmp_path) as emulator:
        link = await opened(emulator)
        playing = asyncio.create_task(emulator.play())
        messages = await told(link, emulator.boundaries)
        await playing
        await link.close()
        truth = emulator.truth()
    assert states(messages) == {key: stand for key, stand in truth.items() if stand.status != "withdrawn"}
    assert {stand.status for stand in truth.values()} == {"open", "withdrawn", "settled"}
    assert messages[0] == b'{"op":"welcome"}'


async def test_a_client_that_comes_late_is_told_everything(tmp_path: Path) -> None:
    """What was settled as well."""
    async with listening(tmp_path) as emulator:
        first = await opened(emulator)
        await emulator.play()
        await first.close()
        second = await opened(emulator)
        messages = await told(second, 5)
        await second.close()
        truth = emulator.truth()
    assert states(messages) == {key: stand for key, stand in truth.items() if stand.status != "withdrawn"}


async def test_a_wrong_key(tmp_path: Path) -> None:
    """Is refused."""
    async with listening(tmp_path) as emulator:
        link = await opened(emulator, key="other")
        assert (await told(link, 1)) == [b'{"op":"refused"}']
        await link.close()


async def test_faults(tmp_path: Path) -> None:
    """At the message they are armed for."""
    async with listening(tmp_path) as emulator:
        emulator.arm(1, "garbage")
        emulator.arm(2, "duplicate")
        emulator.arm(4, "reset")
        link = await opened(emulator)
        _, broken, second, again, third = await told(link, 5)
        assert broken == GARBAGE
        assert second == again != third
        with pytest.raises(ConnectionClosed):
            await told(link, 1)


async def test_nobody_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends in TimeoutError."""
    monkeypatch.setattr("ingestd.testing.mapped.WITHIN", 0.05)
    async with listening(tmp_path) as emulator:
        with pytest.raises(TimeoutError):
            await emulator.play()
