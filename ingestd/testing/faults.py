"""What befalls messages on their way to a client: counted over all connections, armed once, at an exact place."""

from collections.abc import Awaitable, Callable
from typing import Final

from ingestd.testing.deeds import NOTHING, Deeds, Says, now
from ingestd.testing.emulator import Fault

GARBAGE: Final = b'{"garbage": ['


class Faults:
    """The faults of one emulator. ``sent``: messages so far, to anybody; signs of life do not count."""

    def __init__(self) -> None:
        self.sent = 0
        self.deeds = Deeds()
        self._armed: dict[int, Fault] = {}

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th message, from 0."""
        self._armed[boundary] = fault

    def next(self) -> Fault | None:
        """What is to happen to the message that is sent now."""
        fault = self._armed.pop(self.sent, None)
        self.sent += 1
        return fault


class Wire:
    """One connection's way out: ``write`` puts a message on it, ``cut`` breaks it off. ``stalled``: nothing more will come of it."""

    def __init__(self, faults: Faults, write: Callable[[bytes], Awaitable[None]], cut: Callable[[], None], link: int = 0) -> None:
        self.stalled = False
        self._faults = faults
        self._write = write
        self._cut = cut
        self._kept: list[tuple[bytes, Says]] = []
        faults.deeds.note("met", Says(link=link))

    async def send(self, message: bytes, says: Says = NOTHING, *, sign_of_life: bool = False) -> None:
        """Send it, or let happen what is armed. Raises ConnectionResetError where the connection is to break here."""
        if self.stalled:
            return
        kept, self._kept = self._kept, []
        deeds = self._faults.deeds
        for piece in self._befallen(message, says, None if sign_of_life else self._faults.next()):
            # a client may have it before the write returns
            at = now()
            await self._write(piece)
            deeds.note("garbage" if piece is GARBAGE else "alive" if sign_of_life else "sent", says, at)
        for piece, said in kept:
            at = now()
            await self._write(piece)
            deeds.note("sent", said, at)

    def _befallen(self, message: bytes, says: Says, fault: Fault | None) -> list[bytes]:
        if fault in ("reset", "stall"):
            self.stalled = True
            self._faults.deeds.note(fault, says)
            if fault == "stall":
                return []
            self._cut()
            raise ConnectionResetError("as armed")
        if fault == "reorder":
            self._faults.deeds.note("kept", says)
            self._kept.append((message, says))
            return []
        return [message, message] if fault == "duplicate" else [GARBAGE if fault == "garbage" else message]
