"""A sender that signs as Standard Webhooks says, by code of its own, and a collector's part in a few lines."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from ingestd.model import Frame
from ingestd.sources.transports.webhook import Receiver, WebhookOptions, WebhookSession

NOW = 1_700_000_000
KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class StillClock:
    """A time that a test sets; waiting takes as long as it takes."""

    def __init__(self) -> None:
        self.seconds = float(NOW)

    def now(self) -> int:
        return round(self.seconds * 1_000_000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def signed(body: bytes, name: str = "msg_1", at: int | str = NOW, key: bytes = KEY) -> dict[str, str]:
    """Headers of a delivery."""
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": "v1," + base64.b64encode(digest).decode()}


class Bench:
    """A receiver, what became of its frames, and how durable they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = StillClock()
        self.options: dict[str, object] = {"port": 0, "path": "/odds", "secrets": (SECRET,)}
        self.receiver = self.reborn()
        self.frames: list[Frame] = []
        self.read = asyncio.Event()
        self.read.set()
        """While clear, nobody reads."""
        self.room = asyncio.Event()
        self.room.set()
        """While clear, nothing becomes durable."""
        self.url = ""

    def reborn(self) -> Receiver:
        """A receiver that knows nothing but what is on disk."""
        self.receiver = Receiver("hook", WebhookOptions.model_validate(self.options), self.folder, self.clock)
        return self.receiver

    @property
    def bodies(self) -> list[bytes]:
        return [frame.payload for frame in self.frames if frame.kind == "data"]

    @asynccontextmanager
    async def open(self, resume: str = "") -> AsyncIterator[WebhookSession]:
        """A session that is read."""
        async with self.receiver.connect(resume) as session:
            self.url = f"http://127.0.0.1:{session.port}/odds"
            reading = asyncio.create_task(self._collect(session))
            try:
                yield session
            finally:
                reading.cancel()
                await asyncio.wait([reading])

    async def _collect(self, session: WebhookSession) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await self.read.wait()
                frames = await session.read()
                self.frames += frames
                group.create_task(self._append(session, frames))

    async def _append(self, session: WebhookSession, frames: Sequence[Frame]) -> None:
        await self.room.wait()
        session.durable(frames)

    async def post(self, body: bytes = b"{}", headers: dict[str, str] | None = None, path: str = "", method: str = "POST") -> "Said":
        """What is answered; signed, unless ``headers`` are given."""
        headers = signed(body) if headers is None else headers
        async with aiohttp.ClientSession() as http, http.request(method, self.url + path, data=body, headers=headers) as answer:
            return Said(answer.status, await answer.text(), dict(answer.headers))


class Said:
    """An answer."""

    def __init__(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.status = status
        self.text = text
        self.headers = headers


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A receiver not yet listening."""
    return Bench(tmp_path / "state")
