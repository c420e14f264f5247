"""What changes about the lanes of a run that goes on: each change at one place of the journal, once all before it is in the store."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from ingestd.model import Frame


class Turn(Struct, eq=False):
    """``act`` is due when everything up to ``place`` is in the store (a position, once it is known). ``source`` "": no lane's."""

    source: str
    place: asyncio.Future[int]
    act: Callable[[], Awaitable[None]]


class Turns:
    """Turns in the order in which they were planned. Frames of a source behind the place of one wait until it is carried out."""

    def __init__(self) -> None:
        self._waiting: list[Turn] = []
        self._carried_out = asyncio.Event()

    def plan(self, source: str, place: asyncio.Future[int], act: Callable[[], Awaitable[None]]) -> None:
        """To be carried out by the run, whether it has begun yet or not."""
        self._waiting.append(Turn(source, place, act))

    def due(self, position: int) -> list[Turn]:
        """Those that everything up to ``position`` being in the store makes due."""
        return [turn for turn in self._waiting if _lies_before(turn, position + 1)]

    def hold_up(self, frame: Frame) -> bool:
        """Whether a turn has to come before this frame."""
        return bool(self._waiting) and any(turn.source == frame.source and _lies_before(turn, frame.offset) for turn in self._waiting)

    async def carry_out(self, turn: Turn) -> None:
        """Now."""
        await turn.act()
        self._waiting.remove(turn)
        self._carried_out.set()

    async def another(self) -> None:
        """Wait until one more is carried out."""
        self._carried_out.clear()
        await self._carried_out.wait()


def _lies_before(turn: Turn, position: int) -> bool:
    return turn.place.done() and turn.place.result() < position
