"""A webhook, its collector and a real journal: when a sender is told 200, the frame is on disk (I1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random

import aiohttp
import pytest

from ingestd.clock import SystemClock
from ingestd.interfaces import Decoder, Session
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import TimeRule
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import Intake
from ingestd.sources.transports.webhook import Receiver, WebhookOptions, WebhookSession, receiver


class Telemetry:
    """Listens to nobody."""

    def fact(self, action: str, /, **labels: str | float) -> None: ...
    def add(self, name: str, value: float = 1, /, **labels: str) -> None: ...


class Hook:
    """A feed that is a webhook and nothing else, unsigned."""

    time_rule: TimeRule = "ordered"
    silence_limit = 60.0
    renewable = False

    def __init__(self, folder: Path) -> None:
        self.receiver = Receiver("hook", WebhookOptions(port=0), folder, SystemClock())
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        return self._connect(resume)

    @asynccontextmanager
    async def _connect(self, resume: str) -> AsyncIterator[WebhookSession]:
        async with self.receiver.connect(resume) as session:
            self.port.set_result(session.port)
            yield session

    def decoder(self) -> Decoder:
        raise RuntimeError


class World:
    """A journal whose disk may be full, and what collects into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.free = 1 << 40
        self.patience = 5.0
        self.hook: Hook

    @asynccontextmanager
    async def running(self, memory: str = "memory") -> AsyncIterator[LocalJournal]:
        """Everything at work; ``memory`` names the folder of ids."""
        clock, telemetry = SystemClock(), Telemetry()
        journal = await LocalJournal.open(self.folder / "journal", clock=clock, limits=JournalLimits(), free=lambda _: self.free)
        self.hook = Hook(self.folder / memory)
        intake = Intake(journal, clock, telemetry)
        collector = Collector("hook", self.hook, intake, journal, clock, telemetry, Random(1))
        async with asyncio.TaskGroup() as group:
            appending, collecting = group.create_task(intake.run()), group.create_task(collector.run())
            await self.hook.port
            yield journal
            await collector.close()
            await asyncio.wait([collecting])
            await intake.close(self.patience)
            await appending
        await journal.close()

    async def post(self, name: str) -> tuple[int, str]:
        """What a sender is told."""
        url = f"http://127.0.0.1:{self.hook.port.result()}/"
        async with aiohttp.ClientSession() as http, http.post(url, data=name.encode(), headers={"webhook-id": name}) as answer:
            return answer.status, await answer.text()


async def bodies(journal: LocalJournal) -> list[bytes]:
    """The data that are on disk now."""
    found: list[bytes] = []
    async for block in journal.read(0):
        found += [frame.payload for frame in block.frames if frame.kind == "data"]
        if block.last >= journal.last():
            break
    return found


async def test_a_receipt_means_on_disk(tmp_path: Path) -> None:
    """Read back at the moment of each answer."""
    world = World(tmp_path)
    async with world.running() as journal:
        for name in ("a", "b", "c"):
            assert await world.post(name) == (200, "")
            assert (await bodies(journal))[-1] == name.encode()


async def test_a_full_journal_sends_away_until_it_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was sent meanwhile is one frame each, receipted when it is."""
    monkeypatch.setattr(receiver, "ACKNOWLEDGE_WITHIN", 0.3)
    world = World(tmp_path)
    async with world.running() as journal:
        assert await world.post("a") == (200, "")
        world.free = 0
        assert await world.post("b") == (503, "not_durable")
        assert await bodies(journal) == [b"a"]
        world.free = 1 << 40
        async with asyncio.timeout(10):
            while (await world.post("b"))[0] != 200:
                await asyncio.sleep(0.05)
        assert await bodies(journal) == [b"a", b"b"]


async def test_the_journal_alone_knows_what_the_memory_missed(tmp_path: Path) -> None:
    """As after a crash between the two: the last ids come back by the token."""
    world = World(tmp_path)
    async with world.running():
        assert await world.post("a") == (200, "")
    async with world.running(memory="lost") as journal:
        assert await world.post("a") == (200, "duplicate")
        assert await bodies(journal) == [b"a"]


async def test_what_was_dropped_at_the_end_is_taken_when_it_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was read, never durable, never acknowledged: the sender brings it to the next process."""
    monkeypatch.setattr(receiver, "ACKNOWLEDGE_WITHIN", 0.1)
    world = World(tmp_path)
    world.patience = 0.0
    async with world.running():
        assert await world.post("a") == (200, "")
        world.free = 0
        assert await world.post("b") == (503, "not_durable")
    world.free = 1 << 40
    async with world.running() as journal:
        assert await world.post("b") == (200, "")
        assert await bodies(journal) == [b"a", b"b"]
