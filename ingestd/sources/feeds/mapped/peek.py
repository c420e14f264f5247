"""What a transport must see of a document before it is decoded: acknowledgements, tokens, the way to the next page."""

from collections.abc import Callable

from ingestd.errors import Malformed
from ingestd.sources.feeds.mapped.paths import Path, Unmapped


class Peek:
    """Looks into payloads; what cannot be read, or holds no such thing, shows nothing."""

    def __init__(self, read: Callable[[bytes], object]) -> None:
        self._read = read

    def at(self, payload: bytes, path: Path) -> object:
        """What an expression finds in a payload (None: nothing)."""
        try:
            return path.find({"doc": self._read(payload), "meta": {}})
        except (Malformed, Unmapped):
            return None

    def holds(self, payload: bytes, path: Path | None) -> bool:
        """Whether an expression is true of a payload."""
        return path is not None and bool(self.at(payload, path))
