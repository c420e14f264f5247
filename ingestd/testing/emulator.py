"""What every emulator of a provider can do, so that one suite tries all feeds."""

from collections.abc import Mapping
from typing import Literal
from typing import Protocol as Seam

from msgspec import Struct
from pydantic import JsonValue

from ingestd.testing.deeds import Deeds
from ingestd.testing.spans import Protocol

Fault = Literal["reset", "stall", "duplicate", "reorder", "garbage"]
"""What may happen at a message boundary (a message, a line, an answer to a request, an event of a stream).

reset: the connection breaks instead of the message. stall: the message, and all after it on this connection, does not come though the
connection stays. duplicate: it comes twice. reorder: it changes places with the one after it. garbage: bytes that are no message come
instead of it.
"""
FAULTS: tuple[Fault, ...] = ("reset", "stall", "duplicate", "reorder", "garbage")


class Key(Struct, frozen=True, order=True):
    """A selection in words that tables show: ``selections`` has these columns, ``bookmakers`` the name.

    ``line`` only where it is identity, ``bookmaker`` only where a market has several: what is left out is not compared.
    """

    source_market_id: str
    outcome: str
    side: str = "back"
    line: float | None = None
    bookmaker: str = ""


class Stand(Struct, frozen=True):
    """How a price stands: price (None: there is none to show) and shown status. The price of what is not open is not compared."""

    price: float | None
    status: str


class Emulator(Seam):
    """A provider on loopback that plays one short, seeded script over real sockets. It shares no code with the feed it tries."""

    boundaries: int
    """How many messages an undisturbed client is sent from its first connection to the end of the script; signs of life do not count."""

    def options(self) -> Mapping[str, JsonValue]:
        """The options of a source that reaches it, patience included: silence is noticed within a second, pauses are short."""

    @property
    def protocol(self) -> Protocol:
        """By what rules ``testing.knowledge`` judges which coverage its day must leave."""

    @property
    def deeds(self) -> Deeds:
        """What it did so far, and what each message said."""

    def arm(self, boundary: int, fault: Fault) -> None:
        """Once, let this happen to the ``boundary``-th message (from 0) that is sent to anybody."""

    async def play(self) -> None:
        """Play the script to its end; returns once a connected client has been sent how everything stands at the end.

        It waits for the first client; after that the script goes on, whoever listens. Raises TimeoutError if no client comes.
        """

    def truth(self) -> Mapping[Key, Stand]:
        """How everything stands that was ever offered."""
