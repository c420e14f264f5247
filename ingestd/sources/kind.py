"""What a feed's file declares: its options, how it is built, and how its recordings are read."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Literal, Protocol, TypeVar

from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from ingestd.interfaces import Clock, Decoder, Feed
from ingestd.sources.budget import Budget, Limit

T = TypeVar("T")


class Breaker(Protocol):
    """Guards what several jobs share: a REST host, a login."""

    async def call(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run ``action``; raises Throttled without running it while the breaker is open."""


class FeedOptions(BaseModel):
    """Base of every feed's options: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class FeedContext(Struct, frozen=True):
    """What a feed may lean on: its configured name, the time, chance, a breaker by name, and the budget of a key.

    Sources that give the same key to ``budget`` share one; the key is a secret and goes no further. ``folder`` is the source's own, for
    what must outlive the process; whoever needs it makes it.
    """

    name: str
    clock: Clock
    random: Random
    breaker: Callable[[str], Breaker]
    budget: Callable[[str, tuple[Limit, ...]], Budget]
    folder: Path


def no_time(_payload: bytes, /) -> int | None:
    """Of records whose content says nothing of when they were made."""
    return None


class FeedKind(Struct, frozen=True):
    """One line in ``FEEDS``.

    ``build(options, context)`` makes the live feed. Recordings: ``unit`` says what one frame of a file is where the file's name does not
    (``.jsonl`` lines, ``.json`` one document), ``record_time(payload)`` is the provider's own time in it (UTC µs, None if it has none),
    ``decoder(source)`` an empty decoder. ``series``: files are polls of a series, so that what one lists and the next does not is
    withdrawn; all that are loaded together are one run. Otherwise each is a run of its own. ``derived_time(payload)``: for records that
    give no time of their own, no earlier than when they were made, as far as what they tell of shows it.

    Where a source's options say how its recordings are read, ``by_options`` makes the kind that they describe; ``samples`` are payloads
    that prove them.
    """

    options: type[FeedOptions]
    build: Callable[[FeedOptions, FeedContext], Feed]
    decoder: Callable[[str], Decoder]
    unit: Literal["line", "document"]
    record_time: Callable[[bytes], int | None]
    series: bool = False
    derived_time: Callable[[bytes], int | None] = no_time
    by_options: Callable[[FeedOptions], "FeedKind"] | None = None
    samples: tuple[Path, ...] = ()

    def configured(self, options: FeedOptions) -> "FeedKind":
        """The kind as a source with these options has it."""
        return self if self.by_options is None else self.by_options(options)
