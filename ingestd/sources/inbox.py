"""What several jobs of one session bring, read as one stream of frames: bounded in bytes, a failure told behind all that came before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from ingestd.errors import Disconnected
from ingestd.model import Frame

T = TypeVar("T")

SECOND_LOOK: Final = 0.1
"""Seconds to look again before a link counts as silent."""
MOST_WAITING: Final = 8 << 20
"""Bytes of frames that may wait to be read; whoever waits for ``room`` then takes nothing off the wire."""


class Inbox:
    """One per session. Its jobs ``put`` frames, whoever reads the session ``take``s them."""

    def __init__(self) -> None:
        self.waiting = 0
        """Bytes of frames that nobody has taken yet."""
        self._ready: list[Frame] = []
        self._alive = False
        self._failure: Exception | None = None
        self._filled = asyncio.Event()
        self._room = asyncio.Event()

    def put(self, frame: Frame) -> None:
        """One more."""
        self._ready.append(frame)
        self.waiting += frame.weight
        self._filled.set()

    def alive(self) -> None:
        """The provider was heard, though no frame need come of it."""
        self._alive = True
        self._filled.set()

    async def take(self) -> list[Frame]:
        """All that came, in the order of arrival; none where there was only a sign of life. Raises what ended a job, once all is taken."""
        while not (self._ready or self._alive):
            if self._failure is not None:
                raise self._failure
            self._filled.clear()
            await self._filled.wait()
        frames, self._ready = self._ready, []
        self.waiting = 0
        self._alive = False
        self._room.set()
        return frames

    async def room(self) -> None:
        """Wait until what is here was taken, if it is a lot."""
        while self.waiting > MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    @asynccontextmanager
    async def working(self, *jobs: Coroutine[None, None, None]) -> AsyncIterator[None]:
        """Run the jobs for as long as this is entered."""
        tasks = [self.start(job) for job in jobs]
        try:
            yield
        finally:
            await stopped(tasks)

    def start(self, job: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run a job. It never ends well by itself: its error goes to the reader, whatever it is."""
        task = asyncio.get_running_loop().create_task(job, name="job")
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if self._failure is None and isinstance(error, Exception):
            self._failure = error
        self._filled.set()


async def heard_within(silence: float, read: Callable[[], Awaitable[T]], link: str) -> T:
    """What one link of several brings: whether it is silent must not be told by what the others say. Raises Disconnected."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    # after a pause of our own the timer fires before what has come is read: hence a second, short look
    for patience in (silence, SECOND_LOOK):
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await read()
    raise Disconnected("silent", f"{link} said nothing for {silence:g} s", loop.time() - began)


async def stopped(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel jobs, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
