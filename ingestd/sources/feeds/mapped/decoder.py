"""Documents to updates, by a compiled mapping. Pure; what cannot be mapped is rejected with its path, and its neighbours go on."""

from collections.abc import Callable, Iterable, Mapping

from ingestd.errors import Malformed
from ingestd.model import WHOLE, Decoded, Frame, Gap, Scope, Skipped
from ingestd.sources.feeds.mapped.cells import Left, Place
from ingestd.sources.feeds.mapped.makers import Offers
from ingestd.sources.feeds.mapped.paths import Unmapped
from ingestd.sources.feeds.mapped.program import Program
from ingestd.sources.feeds.mapped.walk import Image, Walk


class MappedDecoder:
    """Keeps, within an epoch, what the pages of a walk listed so far and what was offered (where that is withdrawn by name)."""

    def __init__(self, program: Program, read: Callable[[bytes], object]) -> None:
        self.counts: Mapping[str, int] = {"documents": 0}
        self._documents = 0
        self._program = program
        self._read = read
        self._offers = Offers() if program.withdraws else None
        self._image: Image | None = None

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What a document says. Raises Malformed for one that cannot be read."""
        if frame.kind != "data":
            return ()
        document = self._read(frame.payload)
        self._documents += 1
        self.counts = {"documents": self._documents}
        place = Place(document, frame.meta, self._program.depth)
        image = self._begin(place, frame)
        walk = Walk(place, [] if image is None else [image], self._offers, ragged=self._program.ragged)
        walk.run(self._program.steps)
        if image is not None and "more" not in frame.meta:
            self._image = None
            walk.out.extend(image.close())
        walk.open()
        if not walk.out and not walk.elements:
            walk.out.append(Skipped("filtered", "unmapped"))
        return walk.out

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """A document is missing: its query's, where it was polled, else anybody's."""
        if self._image is not None:
            self._image.sure = False
        key = frame.meta.get("key", "") if frame is not None else ""
        yield Gap(Scope("query", key) if key else WHOLE, reason)

    def _begin(self, place: Place, frame: Frame) -> Image | None:
        """The image that the document is, or goes on with."""
        if self._program.image is None:
            return None
        if self._image is None:
            self._image = Image(WHOLE if self._program.image == "source" else Scope("query", self._query(place, frame)), self._at(place))
        return self._image

    def _query(self, place: Place, frame: Frame) -> str:
        if "key" in frame.meta:
            return frame.meta["key"]
        try:
            return self._program.query(place)
        except (Unmapped, Left) as error:
            raise Malformed("query", f"which query answered it cannot be told: {error}") from error

    def _at(self, place: Place) -> int | None:
        try:
            return self._program.image_at(place)
        except (Unmapped, Left):
            return None


def record_time(program: Program, read: Callable[[bytes], object], payload: bytes) -> int | None:
    """When a document was made, UTC µs, where it says so."""
    try:
        return program.recorded_at(Place(read(payload), {}, program.depth))
    except (Malformed, Unmapped, Left):
        return None
