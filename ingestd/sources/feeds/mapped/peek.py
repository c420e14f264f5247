"""What a transport must see of a document before it is decoded: acknowledgements, tokens, the way to the next page, the end of an image."""

from collections.abc import Callable

from ingestd.errors import Malformed
from ingestd.sources.feeds.mapped.paths import Path, Unmapped, holds


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
        return path is not None and holds(self.at(payload, path))

    def readable(self, payload: bytes) -> bool:
        """Whether it is a document."""
        try:
            self._read(payload)
        except Malformed:
            return False
        return True


class Whole:
    """Marks the document after which a session has told everything: the one of which ``complete`` is true; without it, the first.

    Where one before it could not be read, everything was not told, and nothing is marked until everything is asked for ``again``.
    """

    def __init__(self, peek: Peek, complete: str | None, *, resumed: bool) -> None:
        self._peek = peek
        self._complete = None if complete is None else Path(complete)
        self._over = resumed

    def meta(self, payload: bytes) -> dict[str, str]:
        """What is to be said of a document."""
        if self._over:
            return {}
        if not self._peek.readable(payload):
            self._over = True
            return {}
        if self._complete is not None and not self._peek.holds(payload, self._complete):
            return {}
        self._over = True
        return {"whole": "1"}

    def again(self) -> None:
        """Everything is told anew from here on."""
        self._over = False
