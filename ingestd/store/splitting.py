"""Finding the culprit: halves of a refused lot are tried again until what is refused stands alone."""

from collections.abc import Generator, Sequence
from typing import TypeVar

T = TypeVar("T")


def split(units: Sequence[T]) -> Generator[Sequence[T], str, list[tuple[T, str]]]:
    """Yields what to try next; is sent ``""`` where it went in, else what the database said. Returns the culprits.

    Every attempt must stand or fall as a whole (a savepoint). k culprits among n units cost about k log n attempts.
    """
    culprits = []
    waiting = [units] if units else []
    while waiting:
        lot = waiting.pop()
        error = yield lot
        if not error:
            continue
        if len(lot) == 1:
            culprits.append((lot[0], error))
        else:
            middle = len(lot) // 2
            waiting += [lot[middle:], lot[:middle]]
    return culprits
