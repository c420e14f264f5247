"""A provider and a plan in a few lines, on time that leaps."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest

from ingestd.errors import Disconnected, Finished, IngestdError, Throttled
from ingestd.model import SECOND, Frame
from ingestd.sources.http import Answer, Http, Request
from ingestd.sources.transports.polling import Poll, Poller, PollingSession
from ingestd.testing.clock import VirtualClock

Said = IngestdError | str | Answer
"""An error, the body of a good answer, or the whole of one."""


def answer(body: str = "", status: int = 200, **headers: str) -> Answer:
    """What came; header names with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body=body.encode(), url="https://provider.example/")


class World:
    """A plan (``interfaces`` of polling), a provider that answers as told, and what was asked when."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.intervals = {"a": 10.0}
        self.says: dict[str, Callable[[Request], Said]] = {}
        """By query; else ``ok``."""
        self.pages: dict[str, int] = {}
        """Pages of a query, where there are several."""
        self.asked: list[tuple[float, str, int]] = []
        """When, which query, which page."""
        self.requests: list[Request] = []
        self.learned: list[str] = []
        self.probed = "probe"
        self.allowance: Callable[[str], float] = lambda job: 0.0
        self.taken: list[tuple[str, float]] = []
        self.poller = self.reborn()
        self.frames: list[Frame] = []

    def reborn(self) -> Poller:
        """A new process."""
        self.poller = Poller("s", self, self.client, self, self.clock, Random(1))
        return self.poller

    # The provider.

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Http]:
        yield self  # type: ignore[misc]

    async def ask(self, request: Request) -> Answer:
        key, _, page = request.url.rpartition("/")[2].partition("@")
        self.asked.append((round(self.clock.monotonic(), 3), key, int(page or 1)))
        self.requests.append(request)
        said = self.says[key](request) if key in self.says else "ok"
        await self.clock.sleep(0.001)
        if isinstance(said, Disconnected):
            raise said
        return answer(said) if isinstance(said, str) else answer(status=600, error=str(said)) if isinstance(said, IngestdError) else said

    # The plan.

    def poll(self, key: str, page: int = 1) -> Poll:
        return Poll(key=key, request=Request(url=f"https://provider.example/{key}@{page}"), cost=2.0)

    def polls(self, now: int) -> Sequence[Poll]:
        return [self.poll(key) for key in self.intervals]

    def interval(self, poll: Poll, now: int) -> float:
        return self.intervals[poll.key]

    def probe(self, now: int) -> Poll:
        return self.poll(self.probed)

    def judge(self, poll: Poll, answer: Answer, http: Http) -> IngestdError | None:
        text = answer.headers.get("error", "")
        if text.startswith("throttled"):
            return Throttled(float(text.split()[2]))
        return Finished(text) if answer.status == 600 else Disconnected("unavailable") if answer.status >= 500 else None

    def learn(self, poll: Poll, answer: Answer, now: int) -> None:
        self.learned.append(poll.key)

    def next_page(self, poll: Poll, answer: Answer) -> Request | None:
        page = self.asked[-1][2]
        return self.poll(poll.key, page + 1).request if page < self.pages.get(poll.key, 1) else None

    # The budget.

    def take(self, job: str, cost: float) -> float:
        wait = self.allowance(job)
        if wait <= 0:
            self.taken.append((job, cost))
        return wait

    # The collector.

    @property
    def token(self) -> str:
        """The last one, as if everything were durable."""
        return next((frame.token for frame in reversed(self.frames) if frame.token), "")

    @property
    def data(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.kind == "data"]

    def at(self, frame: Frame) -> float:
        return round((frame.received_at - 1_700_000_000 * SECOND) / SECOND)

    async def listen(self, seconds: float, resume: str = "", then: Callable[[PollingSession], object] | None = None) -> None:
        """One session for so long; ``then`` is done at its half. Raises what ends it before."""
        async with self.poller.connect(resume) as session, asyncio.TaskGroup() as group:
            reading = group.create_task(self._read(session))
            for half in (True, False):
                timer = group.create_task(self.clock.sleep(seconds / 2))
                await asyncio.wait((reading, timer), return_when=asyncio.FIRST_COMPLETED)
                timer.cancel()
                if half and then:
                    await then(session)  # type: ignore[misc]
            reading.cancel()

    async def _read(self, session: PollingSession) -> None:
        while True:
            self.frames += await session.read()


@pytest.fixture
def world() -> World:
    """One query, ``a``, every ten seconds."""
    return World()
