"""How much came within a window that slides, in a few numbers, and never too little."""

from typing import Annotated, Final

from msgspec import Meta, Struct, field

from ingestd.model import SECOND

PARTS: Final = 60
"""Parts of a window. The oldest counts whole until it has left: a window seems longer by one part at most, never shorter."""


class Tally(Struct):
    """Amounts by part of a window of ``span`` seconds; at most ``PARTS`` + 1 of them are kept. Times in UTC µs."""

    span: Annotated[float, Meta(gt=0)]
    parts: dict[int, float] = field(default_factory=dict)

    def add(self, at: int, amount: float) -> None:
        """So much, now; what has left the window is forgotten."""
        here = at // self._width
        self.parts = {part: held for part, held in self.parts.items() if part >= here - PARTS}
        self.parts[here] = self.parts.get(here, 0.0) + amount

    def total(self, at: int) -> float:
        """What came within any window of this span that ends now, at least."""
        oldest = at // self._width - PARTS
        return sum(held for part, held in self.parts.items() if part >= oldest)

    def until(self, at: int, most: float) -> float:
        """Seconds until at most ``most`` of it is left in the window."""
        held = self.total(at)
        for part in sorted(part for part in self.parts if part >= at // self._width - PARTS):
            if held <= most:
                break
            held -= self.parts[part]
            gone_at = (part + PARTS + 1) * self._width
            if held <= most:
                return (gone_at - at) / SECOND
        return 0.0

    def step_back(self, at: int) -> None:
        """The clock says an earlier time than it did: whatever came later than that came just now."""
        here = at // self._width
        ahead = [part for part in self.parts if part > here]
        if ahead:
            self.parts[here] = self.parts.get(here, 0.0) + sum(self.parts.pop(part) for part in ahead)

    @property
    def _width(self) -> int:
        return max(1, -(-round(self.span * SECOND) // PARTS))
