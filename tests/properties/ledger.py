"""The plain reference: what is true of every price a provider ever named, kept in dictionaries; it shares no code with what it judges."""

from collections.abc import Iterable
from math import isclose
from typing import Final

from msgspec import Struct, field

WORSE: Final = ("open", "suspended", "withdrawn", "settled", "void")
"""From best to worst."""
OFFERED: Final = ("open", "suspended")
OVER: Final = ("settled", "void")

Key = tuple[str, ...]
"""The provider's own words for a selection, in the order in which they make its identity."""


class Shown(Struct, frozen=True):
    """A price as people see it."""

    price: float | None
    line: float | None
    size: float | None
    status: str
    result: str

    def same(self, other: "Shown | None") -> bool:
        """Equal but for the last digits of what was computed."""
        if other is None or (self.status, self.result) != (other.status, other.result):
            return False
        ours, theirs = (self.price, self.line, self.size), (other.price, other.line, other.size)
        return all(one is two or (one is not None and two is not None and isclose(one, two)) for one, two in zip(ours, theirs, strict=True))


class Row(Struct):
    """A selection: what was last said of it, by whom it is covered, and since when (UTC µs) it is as it is."""

    market: str
    price: float | None = None
    line: float | None = None
    size: float | None = None
    own: str = "withdrawn"
    result: str = ""
    at: int = -1


class Ledger(Struct):
    """What is true now. ``empty``: scopes whose last listing listed nothing and was not believed yet."""

    rows: dict[Key, Row] = field(default_factory=dict)
    markets: dict[str, str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)

    def price(
        self,
        key: Key,
        market: str,
        at: int,
        price: float | None,
        *,
        line: float | None = None,
        size: float | None = None,
        own: str = "open",
    ) -> None:
        """It has this price now, or none (None)."""
        row = self.rows.setdefault(key, Row(market))
        said = (market, price, line, size, own, "")
        if said != (row.market, row.price, row.line, row.size, row.own, row.result):
            row.market, row.price, row.line, row.size, row.own, row.result = said
            row.at = max(row.at, at)

    def state(self, key: Key, at: int, own: str, result: str = "") -> None:
        """It keeps its price and has another state; of what never had a price nothing is known, and only what is on offer is suspended."""
        row = self.rows.get(key)
        if row is None or (own == "suspended" and row.own not in OFFERED):
            return
        if (own, result) != (row.own, row.result):
            row.own, row.result, row.at = own, result, max(row.at, at)

    def market(self, market: str, at: int, status: str) -> None:
        """The state of a market, which covers all in it."""
        before = {key: self._status(row) for key, row in self.rows.items() if row.market == market}
        self.markets[market] = status
        for key, shown in before.items():
            row = self.rows[key]
            if self._status(row) != shown:
                row.at = max(row.at, at)

    def listing(self, scope: str, members: Iterable[Key], listed: set[Key], at: int) -> None:
        """All there is of a scope: what it held beyond that is gone; that there is nothing at all is believed the second time."""
        gone = [key for key in members if key in self.rows and key not in listed and self.rows[key].own in OFFERED]
        if not listed and scope not in self.empty and any(self._status(self.rows[key]) not in OVER for key in gone):
            self.empty.add(scope)
            return
        self.empty.discard(scope)
        for key in gone:
            shown = self._status(self.rows[key])
            self.rows[key].own = "withdrawn"
            if self._status(self.rows[key]) != shown:
                self.rows[key].at = max(self.rows[key].at, at)

    def shown(self) -> dict[Key, Shown]:
        """Everything, as people see it."""
        return {key: Shown(row.price, row.line, row.size, self._status(row), row.result) for key, row in self.rows.items()}

    def _status(self, row: Row) -> str:
        return max(row.own, self.markets.get(row.market, "open"), key=WORSE.index)
