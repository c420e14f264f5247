"""A field of a mapping, compiled: finds, translates, converts, and does so once for each element of the level that it depends on."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Final, Generic, NoReturn, Protocol, TypeVar

from ingestd.sources.feeds.mapped.formats import text
from ingestd.sources.feeds.mapped.paths import Path, Unmapped, shown

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_STAMPS: Final = count(1)
SKIP: Final = "skip"
REJECT: Final = "reject"
KEEP: Final = "keep"


class Left(Exception):
    """The mapping says that this element is to be left out."""


class Place:
    """Where in a document a walk stands: the elements at hand by level, and the way to them."""

    __slots__ = ("levels", "stamps", "trail")

    def __init__(self, doc: object, meta: Mapping[str, str], depth: int) -> None:
        self.levels: dict[str, object] = {"doc": doc, "meta": meta}
        self.stamps = [next(_STAMPS)] * (depth + 1)
        """By depth; another one for each element, so that what is known of it is never taken for another's."""
        self.trail: list[tuple[str, int | None]] = []

    def enter(self, depth: int, name: str, element: object) -> None:
        """Stand at an element of a level."""
        self.levels[name] = element
        self.stamps[depth] = next(_STAMPS)

    @property
    def path(self) -> str:
        """``events[3].markets[0]``; an index counts what its ``each`` found, and one object has none."""
        steps = (label if index is None else f"{label}[{index}]" for label, index in self.trail)
        return ".".join(step for step in steps if step)


class Cell(Protocol[T_co]):
    """A field's value at a place. Raises Unmapped (it cannot be had), Left (the element is to be left out)."""

    def __call__(self, place: Place) -> T_co:
        """The value there."""


class Fixed(Generic[T]):
    """The same everywhere."""

    def __init__(self, value: T) -> None:
        self._value = value

    def __call__(self, place: Place) -> T:
        """The value."""
        return self._value

    def get(self) -> T:
        """The value, wherever that is."""
        return self._value


class Never:
    """Stands where a mapping has a problem, so that the others are told as well; it is never asked."""

    def __call__(self, place: Place) -> NoReturn:
        """A bug."""
        self.get()

    def get(self) -> NoReturn:
        """A bug."""
        raise RuntimeError("a mapping with problems was used")


class Found(Generic[T]):
    """What an expression finds, converted; ``absent`` says what it is where nothing is found."""

    __slots__ = ("_absent", "_convert", "_depth", "_failed", "_label", "_path", "_stamp", "_value")
    _value: T

    def __init__(self, label: str, path: Path, depth: int, convert: Callable[[object], T], absent: Callable[[], T]) -> None:
        self._label = label
        self._path = path
        self._depth = depth
        self._convert = convert
        self._absent = absent
        self._stamp = 0
        self._failed: Unmapped | Left | None = None

    def __call__(self, place: Place) -> T:
        """The value, or why there is none."""
        stamp = place.stamps[self._depth]
        if stamp != self._stamp:
            self._failed = None
            try:
                self._value = self._look(place)
            except Unmapped as error:
                self._failed = Unmapped(error.category, f"{self._label}: {error.reason}")
            except Left as left:
                self._failed = left
            self._stamp = stamp
        if self._failed is not None:
            raise self._failed.with_traceback(None)
        return self._value

    def _look(self, place: Place) -> T:
        found = self._path.find(place.levels)
        return self._absent() if found is None else self._convert(found)


def required(path: Path) -> Callable[[], NoReturn]:
    """What is said where something must be found."""

    def fail() -> NoReturn:
        raise Unmapped("missing", f"nothing at {path.text}")

    return fail


def left_out() -> NoReturn:
    """What is said where an element without this is of no use."""
    raise Left


def filled(convert: Callable[[object], T], absent: Callable[[], T]) -> Callable[[object], T]:
    """As ``convert``, but a blank text counts as nothing."""
    return lambda value: absent() if isinstance(value, str) and not value.strip() else convert(value)


def translated(words: Mapping[str, str], other: str, convert: Callable[[object], T]) -> Callable[[object], T]:
    """Words through a table first; ``other`` is what the rest means (``reject``, ``skip``, ``keep`` it, or a word of ours)."""

    def look_up(value: object) -> T:
        word = words.get(text(value), other)
        if word == REJECT:
            raise Unmapped("word", f"{shown(value)} is not in the table")
        if word == SKIP:
            raise Left
        return convert(value if word == KEEP else word)

    return look_up


def among(allowed: frozenset[str]) -> Callable[[object], str]:
    """A word of ours."""

    def check(value: object) -> str:
        word = text(value)
        if word not in allowed:
            raise Unmapped("word", f"{shown(value)} is none of {', '.join(sorted(allowed))}; translate it by a table")
        return word

    return check
