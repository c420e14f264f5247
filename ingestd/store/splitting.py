"""Finding the culprit: halves of a refused lot are tried again until what is refused stands alone."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Split(Generic[T]):
    """Iterate over what to try next; tell ``refuse`` of what did not go in. Afterwards ``culprits`` says what is left out, and why.

    Every attempt must stand or fall as a whole (a savepoint). k culprits among n units cost about k log n attempts.
    """

    def __init__(self, units: Sequence[T]) -> None:
        self._waiting = [units] if units else []
        self.culprits: list[tuple[T, str]] = []

    def __iter__(self) -> Iterator[Sequence[T]]:
        while self._waiting:
            yield self._waiting.pop()

    def refuse(self, lot: Sequence[T], error: str) -> None:
        """The database would not take the lot: its halves are next, or, if it is one unit, that is a culprit."""
        if len(lot) == 1:
            self.culprits.append((lot[0], error))
        else:
            middle = len(lot) // 2
            self._waiting += [lot[middle:], lot[:middle]]
