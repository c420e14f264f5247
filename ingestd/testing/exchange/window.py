"""What the exchange still knows of its past: the frames of its last statements, and its last images of everything."""

from typing import Final

IMAGES_KEPT: Final = 8
"""Images of everything kept so that one cut in the middle can be sent again."""
SLACK: Final = 1024
"""Statements kept beyond the window before they are let go together."""


class Window:
    """The last ``size`` statements, as frames, by their numbers."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._frames: list[list[bytes]] = []
        self._before = 0
        self._images: dict[int, list[bytes]] = {}

    def append(self, frames: list[bytes]) -> None:
        """Keep the next statement."""
        held = self._frames
        held.append(frames)
        if len(held) > self._size + SLACK:
            self._before += SLACK
            del held[:SLACK]

    def holds(self, n: int) -> bool:
        """Whether all statements after number ``n`` are still there."""
        return n >= self._before

    def after(self, n: int, at_most: int) -> list[list[bytes]]:
        """The statements after number ``n``, which must be there."""
        start = n - self._before
        return self._frames[start : start + at_most]

    def reaches(self, n: int) -> bool:
        """Whether all statements after number ``n`` are promised to a client that comes back."""
        return max(self._before, self.last - self._size) <= n <= self.last

    @property
    def last(self) -> int:
        """Number of the last statement."""
        return self._before + len(self._frames)

    def keep_image(self, n: int, frames: list[bytes]) -> None:
        """Keep an image that was made on request."""
        self._images[n] = frames
        while len(self._images) > IMAGES_KEPT:
            del self._images[next(iter(self._images))]

    def image(self, n: int) -> list[bytes] | None:
        """The image of everything as of ``n``, where it is still kept."""
        return self._images.get(n)

    def drop(self) -> None:
        """Forget everything."""
        self._before = self.last
        self._frames.clear()
        self._images.clear()
