"""What a book holds: selections and markets as they stand."""

from collections.abc import Iterable

from msgspec import Struct, field

from ingestd.batch import Change, HeldRow, MarketRow
from ingestd.markets import Market as Known
from ingestd.model import NO_PRICE, ON_OFFER, STATUS_RANK, BookmakerKind, Quote, QuoteResult, Scope, Selection, Status, TimeBasis

Terms = tuple[float | None, float | None, float | None]
"""Price, line and size."""
Offer = tuple[float, float | None] | None
"""What is on offer: price and line; None: nothing."""


class Held(Struct, gc=True):
    """A selection as it stands: what was last said of it, and when that was. ``changed_at`` -1: nothing was written of it yet.

    ``judged``: what was on offer when its market was last judged.
    """

    selection: Selection
    market: "Market"
    price: float | None = None
    line: float | None = None
    size: float | None = None
    own_status: Status = "withdrawn"
    status: Status = "withdrawn"
    result: QuoteResult = ""
    changed_at: int = -1
    seq: int = 0
    stamp: int | None = None
    judged: Offer = None

    def offer(self) -> Offer:
        """What is on offer."""
        return (self.price, self.line) if self.status == "open" and self.price is not None else None

    def after(self, quote: Quote) -> Terms:
        """Price, line and size after a quote: what it says, else what was last said."""
        if quote.price is None:
            return self.price, self.line, self.size
        return None if quote.price == NO_PRICE else quote.price, quote.line, quote.size


class Part(Struct, gc=True):
    """Selections that belong together: outcomes of one market of the vocabulary, one period, one participant."""

    known: Known
    members: list[Held]


class Group(Struct, gc=True):
    """What one bookmaker offers to back in a market at a source, and is judged together; mostly of one part."""

    bookmaker_id: int
    kind: BookmakerKind
    parts: list[Part]


class Market(Struct, gc=True):
    """A market of the source: its state, the selections that it covers, and how they are judged (None: not known by now)."""

    row: MarketRow
    members: dict[int, Held] = field(default_factory=dict)
    groups: list[Group] | None = None


class Gathered:
    """The held selections by the scopes that no market finds: their event, and the query that lists them."""

    def __init__(self) -> None:
        self._members: dict[Scope, dict[int, Held]] = {}

    def members(self, scope: Scope) -> Iterable[Held]:
        """Whatever is held of an event or of a query."""
        return self._members.get(scope, {}).values()

    def add(self, held: Held) -> None:
        """It is held from now on."""
        for scope in _around(held.selection):
            self._members.setdefault(scope, {})[held.selection.id] = held

    def remove(self, held: Held) -> None:
        """It is no longer held."""
        for scope in _around(held.selection):
            members = self._members[scope]
            del members[held.selection.id]
            if not members:
                del self._members[scope]


class Moment(Struct, frozen=True, gc=False):
    """When and where something was said: wall clock of the frame, and its offset in the store."""

    received_at: int
    offset: int


def worse(own: Status, market: Status) -> Status:
    """The status shown: the worse of a selection's own and its market's."""
    return own if STATUS_RANK[own] >= STATUS_RANK[market] else market


def says_nothing(held: Held | None, quote: Quote) -> bool:
    """A quote without a price: of what never had one nothing is known, and only what is on offer can be suspended."""
    if quote.price is not None:
        return False
    return held is None or (quote.status == "suspended" and held.own_status not in ON_OFFER)


def gone_at(held: Held, start: int | None, stamp: int) -> int:
    """When, in a stamped feed, something was withdrawn that is missing at ``stamp``; its event begins at ``start``.

    No later than that, where nothing was said of it since: so what is told afterwards of the last price before, and of its settlement,
    keeps its place.
    """
    return start if start is not None and held.changed_at <= start < stamp else stamp


def told(held: Held, basis: TimeBasis, moment: Moment, *, history: bool) -> Change:
    """How a selection stands now, as a row."""
    return Change(
        selection_id=held.selection.id,
        changed_at=held.changed_at,
        seq=held.seq,
        price=held.price,
        line=held.line,
        size=held.size,
        own_status=held.own_status,
        status=held.status,
        result=held.result,
        time_basis=basis,
        received_at=moment.received_at,
        offset=moment.offset,
        history=history,
    )


def late(quote: Quote, stamp: int, moment: Moment) -> Change:
    """A statement older than what is held: it completes the history and changes nothing else."""
    return Change(
        selection_id=quote.selection.id,
        changed_at=stamp,
        seq=0,
        price=None if quote.price == NO_PRICE else quote.price,
        line=quote.line,
        size=quote.size,
        own_status=quote.status,
        status=quote.status,
        result=quote.result,
        time_basis=quote.time_basis,
        received_at=moment.received_at,
        offset=moment.offset,
        current=False,
    )


def stored(row: HeldRow, market: Market) -> Held:
    """A selection as the store holds it; a frame once taken in was judged."""
    held = Held(
        selection=row.selection,
        market=market,
        price=row.price,
        line=row.line,
        size=row.size,
        own_status=row.own_status,
        status=worse(row.own_status, market.row.status),
        result=row.result,
        changed_at=row.changed_at,
        seq=row.seq,
        stamp=row.changed_at,
    )
    held.judged = held.offer()
    return held


def _around(selection: Selection) -> tuple[Scope, ...]:
    event = Scope("event", selection.source_event_id)
    return (event, selection.scope) if selection.scope.kind == "query" else (event,)
