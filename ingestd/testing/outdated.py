"""A feed as it was before something was mended: it refuses what it would take today, so that a retry has something to do."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import xxhash
from msgspec import structs

from ingestd.errors import Malformed
from ingestd.interfaces import Decoder, Feed
from ingestd.model import Decoded, Frame, Quote, Reject
from ingestd.sources.kind import FeedContext, FeedKind, FeedOptions

Fault = Literal["price", "message", "crash"]
"""Some prices are refused, one by one; or some messages as a whole; or some messages meet a bug."""
FAULTS: Final[tuple[Fault, ...]] = ("price", "message", "crash")


class Outdated:
    """A decoder that refuses one in some, by content: whoever reads the same again refuses the same."""

    def __init__(self, inner: Decoder, fault: Fault, one_in: int) -> None:
        self._inner = inner
        self._fault = fault
        self._one_in = one_in
        self.counts: Mapping[str, int] = inner.counts

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What it makes of a frame. Raises Malformed, and what nobody thought of."""
        if self._fault != "price" and frame.kind == "data" and not frame.epoch and self._chosen(frame.payload):
            if self._fault == "crash":
                raise ZeroDivisionError("not thought of yet")
            raise Malformed("shape", "not known yet")
        decoded = [self._priced(index, item) for index, item in enumerate(self._inner(frame))]
        self.counts = self._inner.counts
        return decoded

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """As ever."""
        return self._inner.broken(reason, frame)

    def _priced(self, index: int, item: Decoded) -> Decoded:
        if self._fault == "price" and isinstance(item, Quote) and item.price is not None and self._chosen(repr(item.price).encode()):
            return Reject(stage="decode", category="price", reason="not known yet", path=f"price[{index}]")
        return item

    def _chosen(self, said: bytes) -> bool:
        return xxhash.xxh3_64_intdigest(said) % self._one_in == 0


class _OutdatedFeed:
    def __init__(self, inner: Feed, fault: Fault, one_in: int) -> None:
        self._inner = inner
        self._fault: Fault = fault
        self._one_in = one_in
        self.time_rule, self.silence_limit, self.renewable = inner.time_rule, inner.silence_limit, inner.renewable
        self.connect = inner.connect

    def decoder(self) -> Decoder:
        return Outdated(self._inner.decoder(), self._fault, self._one_in)


def outdated(kind: FeedKind, fault: Fault, one_in: int = 5) -> FeedKind:
    """The same feed with such a decoder, live and in a replay."""

    def build(options: FeedOptions, context: FeedContext) -> Feed:
        return _OutdatedFeed(kind.build(options, context), fault, one_in)

    return structs.replace(kind, build=build)
