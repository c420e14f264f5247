"""The open selections of one run of one source: drops what did not change, orders what did, finds what was withdrawn.

Pure and synchronous. Everything it decides goes into the batch at hand; what the store then refuses is taken back.
"""

from collections.abc import Iterable
from copy import copy

from msgspec import Struct, field

from ingestd.batch import Batch, Change, HeldRow, MarketRow, SelectionRow
from ingestd.model import (
    CLOSED,
    NO_PRICE,
    STATUS_RANK,
    Complete,
    MarketStatus,
    Outcome,
    Quote,
    QuoteResult,
    Reject,
    Scope,
    Selection,
    Status,
    TimeBasis,
    TimeRule,
)
from ingestd.pipeline.catalogue import Catalogue, bookmaker_id
from ingestd.pipeline.stages.validate import describe_problem


class Held(Struct, gc=True):
    """A selection as it stands: what was last said of it, and when that was."""

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


class Market(Struct, gc=True):
    """A market of the source: its state, and the selections that it covers."""

    row: MarketRow
    members: dict[int, Held] = field(default_factory=dict)


class Moment(Struct, frozen=True, gc=False):
    """When and where something was said: wall clock of the frame, and its offset in the store."""

    received_at: int
    offset: int


class Book:
    """One run's view of one source."""

    def __init__(self, source: str, catalogue: Catalogue, rule: TimeRule) -> None:
        self._source = source
        self._catalogue = catalogue
        self._rule = rule
        self._held: dict[int, Held] = {}
        self._markets: dict[str, Market] = {}
        self._batch: Batch
        self._before: dict[int, tuple[Held | None, int]] = {}
        self.touched: set[int] = set()
        """Selections that this run wrote: a finite run's history is settled by it at the end."""

    def __len__(self) -> int:
        return len(self._held)

    def warm(self, held: Iterable[HeldRow], markets: Iterable[MarketRow]) -> None:
        """Start from what the store holds, as of the checkpoint."""
        for row in markets:
            self._markets[row.source_market_id] = Market(row=row)
        for row in held:
            market = self._markets[row.selection.source_market_id]
            entry = Held(
                selection=row.selection,
                market=market,
                price=row.price,
                line=row.line,
                size=row.size,
                own_status=row.own_status,
                status=_worse(row.own_status, market.row.status),
                result=row.result,
                changed_at=row.changed_at,
                seq=row.seq,
                stamp=row.changed_at,
            )
            self._held[row.selection.id] = market.members[row.selection.id] = entry

    def begin(self, batch: Batch) -> None:
        """From now on decide into this batch; what was decided before is committed."""
        self._batch = batch
        self._before.clear()

    def quote(self, quote: Quote, moment: Moment) -> Outcome | Reject:
        """A price: changed, unchanged, said before, late, or of a selection that cannot be named."""
        held = self._held.get(quote.selection.id)
        if held is None or held.selection is not quote.selection:
            if held is None and quote.price is None:
                return "unchanged"
            described = self._describe(held, quote, moment)
            if isinstance(described, Reject):
                return described
            held = described
        stamp = moment.received_at if quote.changed_at is None else quote.changed_at
        if self._rule == "stamped" and stamp < held.changed_at:
            return self._late(held, quote, stamp, moment)
        price, line, size = _repeat(held, quote)
        own, market = quote.status, held.market.row.status
        if (
            price == held.price
            and size == held.size
            and line == held.line
            and own == held.own_status
            and quote.result == held.result
            and held.changed_at >= 0
        ):
            outcome: Outcome = "duplicate" if quote.changed_at is not None and quote.changed_at == held.stamp else "unchanged"
            held.stamp = quote.changed_at
            return outcome
        self._remember(held, 1)
        shown = own if STATUS_RANK[own] >= STATUS_RANK[market] else market
        visible = not (
            shown == held.status and price == held.price and size == held.size and line == held.line and quote.result == held.result
        )
        held.price, held.line, held.size, held.own_status, held.result = price, line, size, own, quote.result
        held.stamp = quote.changed_at
        self._write(held, shown, stamp, moment, "received" if quote.changed_at is None else "provider", history=visible or held.changed_at < 0)
        return "changed"

    def market_status(self, update: MarketStatus, moment: Moment) -> Outcome:
        """The state of a market, and with it the shown status of all its selections."""
        stamp = moment.received_at if update.changed_at is None else update.changed_at
        market = self._market(update.source_market_id, update.source_event_id, update.market, update.period)
        row = market.row
        if self._rule == "stamped" and row.changed_at and stamp < row.changed_at:
            return "stale"
        said = (update.event_id, update.market, update.period, update.status)
        if row.changed_at and said == (row.event_id, row.market, row.period, row.status):
            return "duplicate" if stamp == row.changed_at else "unchanged"
        event_id = self._catalogue.mention(self._source, update.source_event_id, self._batch)
        seq = row.seq + 1 if row.changed_at and stamp <= row.changed_at else 0
        market.row = MarketRow(
            self._source, row.source_market_id, event_id, update.market, update.period, update.status, max(stamp, row.changed_at), seq
        )
        self._batch.markets[self._source, row.source_market_id] = market.row
        basis: TimeBasis = "received" if update.changed_at is None else "provider"
        for held in market.members.values():
            shown = _worse(held.own_status, update.status)
            if shown != held.status:
                self._remember(held, 0)
                self._write(held, shown, stamp, moment, basis)
        return "changed"

    def missing(self, update: Complete) -> list[Held]:
        """The selections of the scope that the provider no longer lists and that were not closed or withdrawn before."""
        return [
            held
            for held in self._members(update.scope)
            if held.selection.id not in update.listed and held.own_status in ("open", "suspended") and held.status not in CLOSED
        ]

    def withdraw(self, update: Complete, moment: Moment) -> Outcome:
        """Withdraw whatever the scope held beyond what is listed."""
        stamp = moment.received_at if update.changed_at is None else update.changed_at
        basis: TimeBasis = "received" if update.changed_at is None else "provider"
        outcome: Outcome = "unchanged"
        for held in self.missing(update):
            if self._rule == "stamped" and stamp < held.changed_at:
                continue
            self._remember(held, 0)
            held.own_status = "withdrawn"
            self._write(held, _worse("withdrawn", held.market.row.status), stamp, moment, basis)
            outcome = "changed"
        return outcome

    def take_back(self, selection_id: int) -> int:
        """The store refused this selection's rows: be as before the batch. Returns how many updates had counted as changed."""
        before, changed = self._before.pop(selection_id, (None, 0))
        held = self._held.get(selection_id)
        if held is not None:
            if before is None or before.changed_at < 0:
                del self._held[selection_id], held.market.members[selection_id]
            else:
                self._held[selection_id] = before.market.members[selection_id] = before
        self.touched.discard(selection_id)
        return changed

    def take_back_market(self, market_id: str) -> None:
        """The store refused the market's row: meet it, and all in it, anew."""
        market = self._markets.pop(market_id, None)
        for key in market.members if market else ():
            self._held.pop(key, None)

    def forget(self, before: int) -> None:
        """Let go of closed selections, and of those whose event started before ``before``."""
        for key, held in list(self._held.items()):
            start = self._catalogue.starts_at(self._source, held.selection.source_event_id)
            if held.own_status in CLOSED or (start is not None and start < before):
                del self._held[key], held.market.members[key]
        for market_id, market in list(self._markets.items()):
            if not market.members and market.row.status in CLOSED:
                del self._markets[market_id]

    def _members(self, scope: Scope) -> Iterable[Held]:
        if scope.kind == "source":
            return self._held.values()
        if scope.kind == "event":
            return [held for held in self._held.values() if held.selection.source_event_id == scope.id]
        market = self._markets.get(scope.id)
        return market.members.values() if market else ()

    def _market(self, market_id: str, source_event_id: str, market: str, period: str) -> Market:
        found = self._markets.get(market_id)
        if found is None:
            event_id = self._catalogue.mention(self._source, source_event_id, self._batch)
            row = MarketRow(self._source, market_id, event_id, market, period, "open", 0, 0)
            self._batch.markets[self._source, market_id] = row
            found = self._markets[market_id] = Market(row=row)
        return found

    def _describe(self, held: Held | None, quote: Quote, moment: Moment) -> Held | Reject:
        """A selection met for the first time, or told anew."""
        selection = quote.selection
        if held is not None and held.selection == selection:
            held.selection = selection
            return held
        problem = describe_problem(selection)
        if problem is not None:
            return Reject(stage="validate", category=problem[0], reason=problem[1], severity="warning", path=selection.identity[:200])
        market = self._market(selection.source_market_id, selection.source_event_id, selection.market, selection.period)
        at = moment.received_at if quote.changed_at is None else quote.changed_at
        self._batch.selections[selection.id] = SelectionRow(
            selection,
            bookmaker_id(selection.bookmaker, selection.bookmaker_kind, self._batch),
            self._catalogue.mention(self._source, selection.source_event_id, self._batch),
            moment.received_at,
            at,
        )
        if held is None:
            held = self._held[selection.id] = market.members[selection.id] = Held(selection, market)
        else:
            held.selection = selection
        return held

    def _remember(self, held: Held, updates: int) -> None:
        key = held.selection.id
        before = self._before.get(key)
        if before is None:
            self._before[key] = (copy(held), updates)
        elif updates:
            self._before[key] = (before[0], before[1] + updates)

    def _write(self, held: Held, shown: Status, stamp: int, moment: Moment, basis: TimeBasis, *, history: bool = True) -> None:
        if stamp > held.changed_at:
            held.changed_at, held.seq = stamp, 0
        else:
            held.seq += 1
        held.status = shown
        key = held.selection.id
        self.touched.add(key)
        self._batch.changes.append(
            Change(
                key, held.changed_at, held.seq, held.price, held.line, held.size, held.own_status, shown, held.result,
                basis, moment.received_at, moment.offset, history,
            )  # fmt: skip
        )

    def _late(self, held: Held, quote: Quote, stamp: int, moment: Moment) -> Outcome:
        """A statement older than what is held completes the history and changes nothing else."""
        price = None if quote.price == NO_PRICE else quote.price
        change = Change(
            held.selection.id, stamp, 0, price, quote.line, quote.size, quote.status, quote.status, quote.result, "provider",
            moment.received_at, moment.offset, True, False,
        )  # fmt: skip
        self._batch.changes.append(change)
        self._batch.settle.add(held.selection.id)
        return "stale"


def _worse(own: Status, market: Status) -> Status:
    return own if STATUS_RANK[own] >= STATUS_RANK[market] else market


def _repeat(held: Held, quote: Quote) -> tuple[float | None, float | None, float | None]:
    """Price, line and size to hold: what the quote says, else what was last said."""
    if quote.price is None:
        return held.price, held.line, held.size
    return None if quote.price == NO_PRICE else quote.price, quote.line, quote.size
