"""What an emulator did to its clients, and when: the other side of the coverage that a daemon records."""

import time
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeVar

from msgspec import Struct

T = TypeVar("T")

Did = Literal["met", "sent", "alive", "garbage", "kept", "reset", "stall", "left"]
"""met: a client connected; where connections have no number, it has left any before. left: the connection is gone.
sent: a message went out whole. alive: so did a sign of life, or the client gave one.
garbage: bytes that are no message went out instead of it. kept: it waits for the one after it. reset, stall: nothing more comes of this
connection."""
HANDSHAKE: Final = "handshake"
"""Says of a message: without it, this connection comes to nothing."""
OPENED: Final = "opened"
"""Says of a message: from here on the client has a session that begins from nothing."""
REPLAY: Final = "opened, replay"
"""A session that is told everything since the last one."""
CHANGE: Final = "change"
"""Says what changed in its scope, and is of no use to whoever has no image of it."""
LISTING: Final = "listing"
"""Says of a message: it answers what there is, beside any stream."""
CONFLATED: Final = "opened, conflated"
"""A session that is told how things stand now."""
BEGIN, END, ONE = "image begins", "image ends", "image"
"""Says of a message: an image of everything begins, ends, or is this alone."""


class Says(Struct, frozen=True):
    """What a message is to its client. ``scope``: ``kind id`` of what it is about, where it says; else of everything.

    ``count``: what numbers it (``""``: nothing does); ``number``: its number, or its time, there. ``quiet``: it repeats the last number.
    """

    what: str = ""
    scope: str = ""
    count: str = ""
    number: int = 0
    quiet: bool = False
    empty: bool = False
    """An image that lists nothing."""
    link: int = 0
    """Which connection it goes over, where a client has several; 0: none of them."""
    body: bytes = b""
    """What it says, where the rules of its protocol ask for that; of a sign of life, what the client asked for."""
    loses: str = ""
    """It says that something of everything is missing, and why."""


NOTHING: Final = Says()


def now() -> int:
    """UTC µs."""
    return time.time_ns() // 1_000


class Deed(Struct, frozen=True):
    """One thing done, at UTC µs."""

    at: int
    did: Did
    says: Says = NOTHING


class Deeds:
    """All of them, in order."""

    def __init__(self) -> None:
        self.done: list[Deed] = []

    def note(self, did: Did, says: Says = NOTHING, at: int | None = None) -> None:
        """It is done: now, or then."""
        self.done.append(Deed(now() if at is None else at, did, says))


def parts(pieces: Sequence[T]) -> Iterator[tuple[T, str]]:
    """The pieces of an image of everything, each with what it is."""
    for place, piece in enumerate(pieces):
        first, last = place == 0, place == len(pieces) - 1
        yield piece, ONE if first and last else BEGIN if first else END if last else ""
