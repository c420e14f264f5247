"""An ear for sessions: reads them as the collector would and decodes as the loader would, for the tests of any feed."""

import asyncio
from collections.abc import Callable
from typing import Generic, Self, TypeVar

from ingestd.interfaces import Decoder, Session
from ingestd.model import Decoded, Frame

D = TypeVar("D", bound=Decoder)


class Listener(Generic[D]):
    """Frames and updates of one source, over one session after another; ``time_of`` tells the provider's time of a payload, in µs."""

    def __init__(self, decoder: D, time_of: Callable[[bytes], int | None], patience: float = 5.0) -> None:
        self.decoder = decoder
        self.frames: list[Frame] = []
        self.updates: list[Decoded] = []
        self._time_of = time_of
        self._patience = patience

    @property
    def token(self) -> str:
        """The last one, as if everything were durable."""
        return self.frames[-1].token if self.frames else ""

    async def until(self, session: Session, enough: Callable[[Self], bool]) -> None:
        """Read until ``enough``; raises TimeoutError when that takes too long, and whatever ends the session."""
        async with asyncio.timeout(self._patience):
            while not enough(self):
                await self.hear(session)

    async def hear(self, session: Session) -> None:
        """Read once."""
        for frame in await session.read():
            self.frames.append(frame)
            if "oversize" not in frame.meta:
                self.updates.extend(self.decoder(frame))

    def heard(self, at: int) -> bool:
        """Whether something of this time (µs) or later has come."""
        return any((self._time_of(frame.payload) or 0) >= at for frame in self.frames if frame.kind == "data")
