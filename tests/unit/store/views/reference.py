"""What the views must answer, in plain Python over rows as the tables hold them; and a world of random rows to ask about."""

import random
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

from ingestd.batch import Change, CoverageRow
from ingestd.model import Selection
from ingestd.testing.batches import T0

SCOPES: Final = ("market", "event", "source")
STATUSES: Final = ("open", "open", "open", "suspended", "withdrawn")
STATES: Final = ("complete", "complete", "gap", "down")
SPAN: Final = 60
"""µs that a random world lasts."""


class Said(NamedTuple):
    """A row of history, and when it was committed."""

    change: Change
    committed_at: int

    @property
    def place(self) -> tuple[int, int]:
        """In the order of its selection."""
        return self.change.changed_at, self.change.seq


class Offer(NamedTuple):
    """A live price: of which outcome, from whom."""

    outcome_key: str
    bookmaker: str
    kind: str
    source: str
    precedence: int
    price: float
    selection_id: int


def latest(rows: Iterable[Said], at: int, known: int) -> dict[int, Said]:
    """By selection, the row that held at a time, of those that had been committed by another."""
    found: dict[int, Said] = {}
    for row in sorted(rows, key=lambda row: row.place):
        if row.change.changed_at <= at and row.committed_at <= known:
            found[row.change.selection_id] = row
    return found


def edge(rows: Iterable[Said], before: int | None = None) -> dict[int, Said]:
    """By selection, its first open price; or the last one before a time."""
    found: dict[int, Said] = {}
    for row in sorted(rows, key=lambda row: row.place, reverse=before is None):
        if row.change.status == "open" and row.change.price is not None and (before is None or row.change.changed_at < before):
            found[row.change.selection_id] = row
    return found


def state_at(intervals: Sequence[CoverageRow], of: Selection, at: int) -> str:
    """Of the narrowest scope with an interval around a time, the latest interval: complete ones hold up to what was last seen."""
    ids = {"market": of.source_market_id, "event": of.source_event_id, "source": ""}
    for kind in SCOPES:
        around = [one for one in intervals if (one.scope_kind, one.scope_id) == (kind, ids[kind]) and holds(one, at)]
        if around:
            return max(around, key=lambda one: one.began_at).state
    return "unknown"


def holds(interval: CoverageRow, at: int) -> bool:
    """Whether an interval is around a time."""
    if interval.state == "complete":
        return interval.began_at <= at <= interval.seen_until
    return interval.began_at <= at and (at < interval.seen_until or interval.ended_at is None)


def believed(offers: Iterable[Offer]) -> dict[tuple[str, str], tuple[str, float, int, float]]:
    """By outcome and bookmaker: source and price of the highest precedence, how many sources tell of it, and their spread."""
    groups: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        groups.setdefault((offer.outcome_key, offer.bookmaker), []).append(offer)
    found = {}
    for key, group in groups.items():
        first = min(group, key=lambda one: (one.precedence, one.source))
        prices = [one.price for one in group]
        found[key] = (first.source, first.price, len({one.source for one in group}), max(prices) / min(prices) - 1)
    return found


def best(offers: Sequence[Offer]) -> dict[str, tuple[float, int]]:
    """By outcome: the best price to back, and how many bookmakers offer one."""
    return {key: (max(prices), len(prices)) for key, prices in _prices(offers).items()}


def consensus(offers: Sequence[Offer]) -> dict[str, tuple[int, float, float]]:
    """By outcome: bookmakers, mean and median of what their prices imply."""
    implied = {key: [1 / price for price in prices] for key, prices in _prices(offers).items()}
    return {key: (len(values), sum(values) / len(values), median(values)) for key, values in implied.items()}


def _prices(offers: Sequence[Offer]) -> dict[str, list[float]]:
    """Prices to back, by outcome: of each bookmaker the one to believe."""
    counted = {(one.outcome_key, one.bookmaker) for one in offers if one.kind != "aggregate" and one.outcome_key.split("|")[5] == "back"}
    found: dict[str, list[float]] = {}
    for key, (_, price, _, _) in believed(offers).items():
        if key in counted:
            found.setdefault(key[0], []).append(price)
    return found


def random_intervals(draw: random.Random, source: str, scopes: Mapping[str, str]) -> list[CoverageRow]:
    """Stretches of each scope, with holes between them; the last one may be open."""
    found = []
    for kind, which in scopes.items():
        at = T0 - 5 + draw.randrange(20)
        while at < T0 + SPAN:
            ended = at + draw.randrange(0, 20)
            still = ended > T0 + SPAN - 10
            found.append(CoverageRow(source, kind, which, at, None if still else ended, ended, draw.choice(STATES)))  # type: ignore[arg-type] # words of the model
            at = ended + draw.choice((0, 0, 0, 1, 7)) + (ended == at)
            if still:
                break
    return found
