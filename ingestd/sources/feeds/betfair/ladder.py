"""The ladders of one runner, and the best of them.

Rules (stream API specification): a size is the new total and 0 removes; an empty array empties a ladder, except the display ladders,
where it says that something moved beyond the levels asked for.
"""

from typing import Final

from ingestd.model import QuoteResult, Selection, Status
from ingestd.sources.feeds.betfair.wire import LevelChanges, MarketChange, PriceChanges, RunnerChange
from ingestd.sources.feeds.betfair.words import BACK, LAY, TRADED

UNDECIDED, OFFERS, FULL, DISPLAY = range(4)
"""Which ladder says what is best: batb/batl, atb/atl, bdatb/bdatl, in the order of preference."""
LINE_ODDS: Final = 2.0
"""The odds of every bet in a line market."""

Best = tuple[float, float | None] | None


class Runner:
    """All that is known of one runner at one handicap, and which of its sides were told."""

    __slots__ = (
        "atb",
        "atl",
        "batb",
        "batl",
        "bdatb",
        "bdatl",
        "hc",
        "id",
        "listed",
        "ltp",
        "name",
        "own",
        "result",
        "selections",
        "spb",
        "spl",
        "told",
        "trd",
    )

    def __init__(self, selection_id: int, hc: float) -> None:
        self.id = selection_id
        self.hc = hc
        self.name = ""
        self.own: Status = "open"
        self.result: QuoteResult = ""
        self.ltp = 0.0
        self.selections: list[Selection | None] = [None, None, None]
        self.told = 0
        """Sides that were ever emitted, as bits."""
        self.listed = 0
        """Sides on offer (or settled), as bits."""
        self.atb: dict[float, float] = {}
        self.atl: dict[float, float] = {}
        self.trd: dict[float, float] = {}
        self.spb: dict[float, float] = {}
        self.spl: dict[float, float] = {}
        self.batb: dict[int, tuple[float, float]] = {}
        self.batl: dict[int, tuple[float, float]] = {}
        self.bdatb: dict[int, tuple[float, float]] = {}
        self.bdatl: dict[int, tuple[float, float]] = {}

    def apply(self, change: RunnerChange) -> None:
        """Take what changed."""
        if change.ltp is not None:
            self.ltp = change.ltp
        if change.atb is not None:
            _by_price(self.atb, change.atb)
        if change.atl is not None:
            _by_price(self.atl, change.atl)
        if change.batb is not None:
            _by_level(self.batb, change.batb)
        if change.batl is not None:
            _by_level(self.batl, change.batl)
        self._apply_rest(change)

    def _apply_rest(self, change: RunnerChange) -> None:
        if change.trd is not None:
            _by_price(self.trd, change.trd)
        if change.bdatb:
            _by_level(self.bdatb, change.bdatb)
        if change.bdatl:
            _by_level(self.bdatl, change.bdatl)
        if change.spb is not None:
            _by_price(self.spb, change.spb)
        if change.spl is not None:
            _by_price(self.spl, change.spl)

    def best(self, side: int, kind: int) -> Best:
        """Price and size of a side, None where it is empty. A last traded price has no size; 0 is Betfair's "never traded"."""
        if side == TRADED:
            return (self.ltp, None) if self.ltp else None
        if kind == FULL:
            return _highest(self.atb) if side == BACK else _lowest(self.atl)
        if kind == OFFERS:
            return (self.batb if side == BACK else self.batl).get(0)
        return (self.bdatb if side == BACK else self.bdatl).get(0)

    def clear(self) -> None:
        """Forget every price; identity, name and status stay."""
        self.ltp = 0.0
        self.listed = 0
        for ladder in (self.atb, self.atl, self.trd, self.spb, self.spl):
            ladder.clear()
        for levels in (self.batb, self.batl, self.bdatb, self.bdatl):
            levels.clear()


def _highest(ladder: dict[float, float]) -> Best:
    if not ladder:
        return None
    price = max(ladder)
    return price, ladder[price]


def _lowest(ladder: dict[float, float]) -> Best:
    if not ladder:
        return None
    price = min(ladder)
    return price, ladder[price]


def _by_price(ladder: dict[float, float], changes: PriceChanges) -> None:
    if not changes:
        ladder.clear()
    for price, size in changes:
        if size:
            ladder[price] = size
        else:
            ladder.pop(price, None)


def _by_level(ladder: dict[int, tuple[float, float]], changes: LevelChanges) -> None:
    if not changes:
        ladder.clear()
    for level, price, size in changes:
        if size:
            ladder[level] = price, size
        else:
            ladder.pop(level, None)


def touched(change: RunnerChange, kind: int) -> tuple[int, ...]:
    """The sides a change speaks of, seen through the ladder that says what is best."""
    if kind == FULL:
        back, lay = change.atb is not None, change.atl is not None
    elif kind == OFFERS:
        back, lay = change.batb is not None, change.batl is not None
    else:
        back, lay = bool(change.bdatb), bool(change.bdatl)
    return _TOUCHED[back + 2 * lay + 4 * (change.ltp is not None)]


_TOUCHED: Final = tuple(tuple(side for side in (BACK, LAY, TRADED) if bits >> side & 1) for bits in range(8))


def kind_of(change: MarketChange) -> int:
    """The most preferred ladder that a market change holds; UNDECIDED while there is none."""
    found = [_kind_of_runner(runner) for runner in change.rc or ()]
    return min((kind for kind in found if kind), default=UNDECIDED)


def _kind_of_runner(change: RunnerChange) -> int:
    if change.batb is not None or change.batl is not None:
        return OFFERS
    if change.atb is not None or change.atl is not None:
        return FULL
    return DISPLAY if change.bdatb is not None or change.bdatl is not None else UNDECIDED
