"""From a mapping's fields to cells: every name is known, every word is one of ours, and what is wrong is told with its path."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar, get_args

from msgspec import Struct

from ingestd.model import NO_PRICE
from ingestd.settings.problems import nearest
from ingestd.sources.feeds.mapped import formats
from ingestd.sources.feeds.mapped.cells import KEEP, REJECT, SKIP, Cell, Fixed, Found, Never, among, filled, left_out, required, translated
from ingestd.sources.feeds.mapped.fields import STANDARD_TIMES, Number, Price, Text, Time, Value, Words, zone_of
from ingestd.sources.feeds.mapped.paths import Path, Unmapped

T = TypeVar("T")
Loc = tuple[int | str, ...]
ROOTS: Final = ("doc", "meta")
"""Levels that are always there: the whole document, and what its transport says of it."""


class Problem(Struct, frozen=True):
    """Something wrong with a mapping: where, what, and what to do."""

    loc: Loc
    problem: str
    hint: str

    @property
    def around(self) -> Loc:
        """What holds the place."""
        return self.loc[:-1]

    @property
    def key(self) -> str:
        """The last step to the place."""
        last = self.loc[-1]
        return last if isinstance(last, str) else f"[{last}]"


class Given(Struct, frozen=True):
    """A field, and where it stands; ``field`` None: it is not given."""

    field: Value | None
    loc: Loc


class Fitter:
    """Makes cells; collects problems."""

    def __init__(self, tables: Mapping[str, Words]) -> None:
        self.problems: list[Problem] = []
        self._tables = tables

    def path(self, expression: str, loc: Loc, names: Sequence[str]) -> tuple[Path, int]:
        """An expression, and the depth of the innermost level that it depends on; ``names`` are the levels around, outermost first."""
        path = Path(expression)
        for root in sorted(path.roots - {*ROOTS, *names}):
            hint = f"an expression begins with a level: {nearest(root, (*ROOTS, *names))}"
            self.problems.append(Problem(loc, f"knows no level {root!r}", hint))
        return path, max((names.index(root) + 1 for root in path.roots if root in names), default=0)

    def text(self, given: Given, names: Sequence[str], fallback: str | None = "") -> Cell[str]:
        """A text; ``fallback`` None: it must be there."""
        canonical = isinstance(given.field, Text) and given.field.format == "number"
        return self._cell(given, names, formats.canonical if canonical else formats.text, _giving(fallback), formats.text)

    def word(self, given: Given, names: Sequence[str], literal: object, fallback: str | None) -> Cell[str]:
        """A word of ours, one of those that the ``Literal`` lists."""
        allowed = frozenset(get_args(literal))
        self._ours(given, allowed)
        return self._cell(given, names, among(allowed), _giving(fallback))

    def number(self, given: Given, names: Sequence[str]) -> Cell[float | None]:
        """A number that may be missing."""
        form = given.field.format if isinstance(given.field, Number) else "plain"
        return self._optional(given, names, formats.NUMBERS[form])

    def price(self, given: Given, names: Sequence[str]) -> Cell[float | None]:
        """A price: None repeats the last one."""
        field = given.field
        convert = partial(formats.price, form=field.format if isinstance(field, Price) else "decimal")
        if field is not None and field.missing == "none":
            return self._cell(given, names, filled(convert, _no_price), _no_price)
        if field is not None and field.missing == "last":
            return self._optional(given, names, convert)
        return self._cell(given, names, convert, None)

    def time(self, given: Given, names: Sequence[str]) -> Cell[int | None]:
        """A time that may be missing, UTC µs."""
        return self._optional(given, names, _time(given.field if isinstance(given.field, Time) else Time(const="")))

    def _optional(self, given: Given, names: Sequence[str], convert: Callable[[object], T]) -> Cell[T | None]:
        return self._cell(given, names, filled(convert, _nothing), _nothing)

    def _cell(
        self,
        given: Given,
        names: Sequence[str],
        convert: Callable[[object], T],
        absent: Callable[[], T] | None,
        own: Callable[[object], T] | None = None,
    ) -> Cell[T]:
        """``absent`` says what it is where nothing is found, or nothing is given; None: that is wrong. ``own`` converts constants."""
        field, loc = given.field, given.loc
        if field is None:
            if absent is None:
                self.problems.append(Problem(loc, "is given nowhere", "write it here, or in shared of a level around"))
            return Fixed(absent()) if absent else Never()
        own = own or convert
        if field.get is None:
            return self._constant(field.const, (*loc, "const"), own)
        path, depth = self.path(field.get, (*loc, "get"), names)
        if field.default is not None:
            absent = self._constant(field.default, (*loc, "default"), own).get
        elif field.missing == SKIP:
            absent = left_out
        return Found(str(loc[-1]), path, depth, self._translating(field, loc, convert), absent or required(path))

    def _constant(self, value: object, loc: Loc, convert: Callable[[object], T]) -> "Fixed[T] | Never":
        try:
            return Fixed(convert(value))
        except Unmapped as error:
            self.problems.append(Problem(loc, f"will not do: {error.reason}", "write it as the provider would, or as it is called here"))
            return Never()

    def _translating(self, field: Value, loc: Loc, convert: Callable[[object], T]) -> Callable[[object], T]:
        if field.table is None:
            return convert
        words = self._tables.get(field.table, {}) if isinstance(field.table, str) else field.table
        if isinstance(field.table, str) and field.table not in self._tables:
            hint = nearest(field.table, self._tables) if self._tables else "write tables: above walk"
            self.problems.append(Problem((*loc, "table"), f"there is no table {field.table!r}", hint))
        return translated(words, field.other, convert)

    def _ours(self, given: Given, allowed: frozenset[str]) -> None:
        """Every word that a table gives must be one of ours."""
        field = given.field
        if field is None or field.table is None:
            return
        table = self._tables.get(field.table, {}) if isinstance(field.table, str) else field.table
        for word in sorted({*table.values(), field.other} - allowed - {REJECT, SKIP, KEEP}):
            self.problems.append(Problem((*given.loc, "table"), f"{word!r} is none of our words", nearest(word, allowed)))


def _giving(fallback: str | None) -> Callable[[], str] | None:
    return None if fallback is None else lambda: fallback


def _nothing() -> None:
    return None


def _no_price() -> float:
    return NO_PRICE


def _time(field: Time) -> Callable[[object], int]:
    zone = zone_of(field.zone)
    if field.format == "iso":
        return partial(formats.iso, zone=zone)
    if field.format in STANDARD_TIMES:
        return partial(formats.since_epoch, unit=field.format)
    return partial(formats.pattern, form=field.format, zone=zone)
