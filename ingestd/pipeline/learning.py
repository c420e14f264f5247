"""What the loader asks the store before it decides: which events the fixtures at hand can be, and what others decided meanwhile."""

from collections.abc import Iterable
from typing import Final

from ingestd.interfaces import Clock
from ingestd.model import Decoded, Fixture
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.writer import Writer

ASK_EVERY: Final = 1.0
"""Seconds after which the store is asked for what others decided, though no fixture came."""


class Learner:
    """Keeps a catalogue level with the store: links that it knows are stored links, also where another process or a person made them."""

    def __init__(self, catalogue: Catalogue, writer: Writer, clock: Clock) -> None:
        self._catalogue = catalogue
        self._writer = writer
        self._clock = clock
        self._asked = 0.0

    async def learn(self, coming: Iterable[tuple[str, Iterable[Decoded]]]) -> None:
        """Be level with the store as far as these updates, each lot with its source, need it."""
        fixtures = [(source, item) for source, decoded in coming for item in decoded if type(item) is Fixture]
        now = self._clock.monotonic()
        if fixtures or now - self._asked > ASK_EVERY:
            wanted = self._catalogue.wanted(fixtures)
            self._catalogue.learn(await self._writer.known(wanted), wanted)
            self._asked = now
