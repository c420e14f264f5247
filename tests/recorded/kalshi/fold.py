"""Kalshi's recordings folded another way: exact fractions, the whole book looked through at every line, no word of the feed's."""

import bz2
import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from msgspec import Struct

Key = tuple[str, str]
Terms = tuple[float | None, float | None, str]
Row = tuple[int, int, float | None, float | None, str]


class State(Struct):
    """One line: how every selection stands after it, and the two times that may stamp a change. Times in UTC µs."""

    prices: dict[Key, Terms]
    received_at: int
    made_at: int | None


class Fold:
    """One market's file, line by line."""

    def __init__(self, path: Path) -> None:
        self.bids: dict[str, dict[Decimal, Decimal]] = {"yes": {}, "no": {}}
        self._lines = bz2.decompress(path.read_bytes()).splitlines()
        self._last: tuple[Fraction, float] | None = None

    def states(self) -> Iterator[State]:
        """After each line. Of two lines of one millisecond, the second was received a microsecond later."""
        received_at = 0
        for line in self._lines:
            record = json.loads(line)
            received_at = max(record["recv_ms"] * 1000, received_at + 1)
            message = record["event"]["msg"]
            self._take(record["event"]["type"], message)
            made_at = message["ts_ms"] * 1000 if "ts_ms" in message else None
            yield State(self._prices(), received_at, made_at)

    def _take(self, kind: str, message: dict[str, object]) -> None:
        if kind == "orderbook_snapshot":
            for side in self.bids:
                levels = message.get(f"{side}_dollars_fp", [])
                assert isinstance(levels, list)
                self.bids[side] = {Decimal(price): Decimal(size) for price, size in levels}
        elif kind == "orderbook_delta":
            book, price = self.bids[str(message["side"])], Decimal(str(message["price_dollars"]))
            book[price] = book.get(price, Decimal(0)) + Decimal(str(message["delta_fp"]))
            assert book[price] >= 0
            if not book[price]:
                del book[price]
        else:
            self._last = (Fraction(str(message["yes_price_dollars"])), float(str(message["count_fp"])))

    def _prices(self) -> dict[Key, Terms]:
        """Odds of what can be asked for; only what is on offer."""
        found: dict[Key, Terms] = {}
        if self.bids["no"]:
            best = max(self.bids["no"])
            found["yes", "back"] = (float(1 / (1 - Fraction(best))), float(self.bids["no"][best]), "open")
        if self.bids["yes"]:
            best = max(self.bids["yes"])
            size = float(self.bids["yes"][best])
            found["yes", "lay"] = (float(1 / Fraction(best)), size, "open")
            found["no", "back"] = (float(1 / (1 - Fraction(best))), size, "open")
        if self._last is not None:
            found["yes", "traded"] = (float(1 / self._last[0]), self._last[1], "open")
        return found


def history(path: Path) -> dict[Key, list[Row]]:
    """Every change of every selection: changed_at, seq, price, size, status, as the tables keep them."""
    rows: dict[Key, list[Row]] = {}
    for state in Fold(path).states():
        stamp = state.received_at if state.made_at is None else state.made_at
        for key in state.prices.keys() | rows.keys():
            before = rows.get(key, [])
            terms = state.prices.get(key) or (*before[-1][2:4], "withdrawn")
            if before and terms == before[-1][2:]:
                continue
            if not before or stamp > before[-1][0]:
                rows.setdefault(key, []).append((stamp, 0, *terms))
            else:
                before.append((before[-1][0], before[-1][1] + 1, *terms))
    return rows
