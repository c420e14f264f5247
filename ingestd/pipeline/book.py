"""The open selections of one run of one source: drops what did not change, orders what did, finds what was withdrawn.

Pure and synchronous. Everything it decides goes into the batch at hand; what the store then refuses is taken back.
"""

from collections.abc import Iterable
from copy import copy

from msgspec.structs import replace

from ingestd.batch import Batch, HeldRow, MarketRow, SelectionRow
from ingestd.markets import unknown
from ingestd.model import (
    CLOSED,
    ON_OFFER,
    Complete,
    MarketStatus,
    Outcome,
    Quote,
    Reject,
    Scope,
    Selection,
    Status,
    TimeBasis,
    TimeRule,
)
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.held import Gathered, Held, Market, Moment, Terms, gone_at, late, says_nothing, stored, told, worse
from ingestd.pipeline.stages.validate import describe_problem, refused, sound_time


class Book:
    """One run's view of one source."""

    def __init__(self, source: str, catalogue: Catalogue, rule: TimeRule) -> None:
        self._source = source
        self._catalogue = catalogue
        self._rule = rule
        self.unknown = {"unknown_market": 0, "unknown_period": 0, "unknown_outcome": 0}
        """Selections met so far of which such a word, as it was last told, is none of the vocabulary."""
        self._held: dict[int, Held] = {}
        self._markets: dict[str, Market] = {}
        self._gathered = Gathered()
        self._batch: Batch
        self._before: dict[int, tuple[Held | None, int]] = {}
        self._markets_before: dict[str, MarketRow | None] = {}
        self.touched: dict[str, Market] = {}
        """Markets in which a price was written or let go of since somebody cleared this."""

    def __len__(self) -> int:
        return len(self._held)

    def held(self, selection_id: int) -> Held | None:
        """A selection as it stands."""
        return self._held.get(selection_id)

    def warm(self, held: Iterable[HeldRow], markets: Iterable[MarketRow]) -> None:
        """Start from what the store holds, as of the checkpoint."""
        for known in markets:
            self._markets[known.source_market_id] = Market(row=known)
        for row in held:
            self._hold(stored(row, self._markets[row.selection.source_market_id]))

    def begin(self, batch: Batch) -> None:
        """From now on decide into this batch; what was decided before is committed."""
        self._batch = batch
        self._before.clear()
        self._markets_before.clear()

    def quote(self, quote: Quote, moment: Moment) -> Outcome | Reject:
        """A price: changed, unchanged, said before, late, or of a selection that cannot be named."""
        held = self._held.get(quote.selection.id)
        if says_nothing(held, quote):
            return "unchanged"
        stamp = moment.received_at if quote.changed_at is None else quote.changed_at
        if held is not None and self._rule == "stamped" and stamp < held.changed_at:
            if not (quote.nominal and moment.received_at < (self._starts_at(held) or 0)):
                self._batch.changes.append(late(quote, stamp, moment))
                self._batch.settle.add(held.selection.id)
                return "stale"
            # a nominal stamp says when it was first offered; that it still is, or again, is news of now
            quote, stamp = replace(quote, changed_at=None, nominal=False), moment.received_at
        fresh = False
        if held is None or held.selection is not quote.selection:
            described = self._describe(held, quote, moment)
            if isinstance(described, Reject):
                return described
            held = described
            fresh = held.changed_at < 0 or held.status != worse(held.own_status, held.market.row.status)
        terms = held.after(quote)
        # what stood at one nominal moment says nothing of the next: the same is told anew
        same = terms == (held.price, held.line, held.size) and quote.result == held.result
        same = same and not (quote.nominal and stamp > held.changed_at)
        outcome: Outcome = "changed"
        if same and quote.status == held.own_status and not fresh:
            outcome = "duplicate" if quote.changed_at is not None and quote.changed_at == held.stamp else "unchanged"
        else:
            self._change(held, quote, terms, stamp, moment, same=same)
        held.stamp = quote.changed_at
        return outcome

    def market_status(self, update: MarketStatus, moment: Moment) -> Outcome:
        """The state of a market, and with it the shown status of all its selections."""
        stamp = moment.received_at if update.changed_at is None else update.changed_at
        market = self._market(update.source_market_id, update.source_event_id, update.market, update.period)
        row = market.row
        if self._rule == "stamped" and row.changed_at and stamp < row.changed_at:
            return "stale"
        said = (update.source_event_id, update.market, update.period, update.status)
        if row.changed_at and said == (row.source_event_id, row.market, row.period, row.status):
            return "duplicate" if stamp == row.changed_at else "unchanged"
        self._catalogue.mention(self._source, update.source_event_id, self._batch)
        seq = row.seq + 1 if row.changed_at and stamp <= row.changed_at else 0
        self._markets_before.setdefault(row.source_market_id, row)
        market.row = MarketRow(
            *(self._source, row.source_market_id, update.source_event_id, update.market, update.period, update.status),
            max(stamp, row.changed_at),
            seq,
        )
        self._batch.markets[self._source, row.source_market_id] = market.row
        basis: TimeBasis = "received" if update.changed_at is None else "provider"
        for held in market.members.values():
            shown = worse(held.own_status, update.status)
            if shown != held.status:
                self._remember(held, 0)
                self._write(held, shown, stamp, moment, basis)
        return "changed"

    def doubt(self, quote: Quote, moment: Moment) -> None:
        """A quote that was refused, whatever it said: the price that stood before it may stand no more, and nobody may take it for open."""
        held = self._held.get(quote.selection.id)
        stamp = quote.changed_at if sound_time(quote.changed_at) else None
        if held is None or held.own_status != "open" or (self._rule == "stamped" and (stamp is None or stamp < held.changed_at)):
            return
        basis: TimeBasis = "received" if stamp is None else quote.time_basis
        self._turn(held, "suspended", moment.received_at if stamp is None else stamp, moment, basis)

    def members(self, scope: Scope) -> Iterable[Held]:
        """Whatever is held of a scope."""
        if scope.kind == "source":
            return self._held.values()
        if scope.kind == "market":
            return self._markets[scope.id].members.values() if scope.id in self._markets else ()
        return self._gathered.members(scope)

    def missing(self, update: Complete) -> list[Held]:
        """The selections of the scope that were there to be seen, and that the provider no longer lists."""
        return [held for held in self._unlisted(update) if held.status not in CLOSED]

    def withdraw(self, update: Complete, moment: Moment) -> Outcome:
        """Withdraw whatever the scope held beyond what is listed; of what a closed market covers, too: it may open again without that."""
        stamp = moment.received_at if update.changed_at is None else update.changed_at
        basis: TimeBasis = "received" if update.changed_at is None else "provider"
        outcome: Outcome = "unchanged"
        for held in self._unlisted(update):
            at = gone_at(held, self._starts_at(held), stamp) if self._rule == "stamped" else stamp
            if self._rule == "stamped" and at < held.changed_at:
                continue
            self._turn(held, "withdrawn", at, moment, basis)
            outcome = "changed"
        return outcome

    def take_back(self, selection_id: int) -> int:
        """The store refused this selection's rows: be as before the batch. Returns how many updates had counted as changed."""
        taken = self._before.pop(selection_id, None)
        if taken is None:
            return 0
        before, changed = taken
        held = self._held.get(selection_id)
        if held is not None:
            self._let_go(held)
            self._count_words(held.selection, -1)
            if before is not None:
                self._hold(before)
                self._count_words(before.selection, 1)
        return changed

    def take_back_market(self, market_id: str) -> None:
        """The store refused the market's row: be as before the batch, or, if it was new, meet it and all in it anew."""
        if market_id not in self._markets_before:
            return
        row = self._markets_before.pop(market_id)
        market = self._markets[market_id]
        if row is not None:
            market.row = row
            return
        del self._markets[market_id]
        for held in list(market.members.values()):
            self._let_go(held)
            self._count_words(held.selection, -1)

    def forget(self, before: int, closed_before: int, moment: Moment | None) -> None:
        """Let go of what has been closed since ``closed_before``, and of what is over: begun before ``before``, and unchanged since then.

        What is over and still on offer is withdrawn at ``moment``: once it is let go of, nobody would notice that it is no longer listed.
        None for a recording: that it goes on at another time says nothing of what it told.
        That a market closed is remembered longer: what is offered there again was closed by mistake.
        """
        for held in list(self._held.values()):
            start = self._starts_at(held)
            over = start is not None and max(start, held.changed_at) < before
            if over and moment is not None and held.own_status in ON_OFFER and held.status not in CLOSED:
                self._turn(held, "withdrawn", moment.received_at, moment, "received")
            elif over or (held.own_status in CLOSED and held.changed_at < closed_before):
                self._let_go(held)
        for market_id, market in list(self._markets.items()):
            if not market.members and market.row.status in CLOSED and market.row.changed_at < before:
                del self._markets[market_id]

    def _unlisted(self, update: Complete) -> list[Held]:
        return [held for held in self.members(update.scope) if held.selection.id not in update.listed and held.own_status in ON_OFFER]

    def _starts_at(self, held: Held) -> int | None:
        return self._catalogue.starts_at(self._source, held.selection.source_event_id)

    def _hold(self, held: Held) -> None:
        self._held[held.selection.id] = held.market.members[held.selection.id] = held
        held.market.groups = None
        self._gathered.add(held)

    def _let_go(self, held: Held) -> None:
        del self._held[held.selection.id], held.market.members[held.selection.id]
        held.market.groups = None
        self.touched[held.market.row.source_market_id] = held.market
        self._gathered.remove(held)

    def _market(self, market_id: str, source_event_id: str, market: str, period: str) -> Market:
        found = self._markets.get(market_id)
        if found is None:
            self._catalogue.mention(self._source, source_event_id, self._batch)
            row = MarketRow(self._source, market_id, source_event_id, market, period, "open", 0, 0)
            self._batch.markets[self._source, market_id] = row
            self._markets_before[market_id] = None
            found = self._markets[market_id] = Market(row=row)
        return found

    def _describe(self, held: Held | None, quote: Quote, moment: Moment) -> Held | Reject:
        """A selection met for the first time, or told anew."""
        selection = quote.selection
        if held is not None and (held.selection == selection or self._catalogue.same(held.selection, selection)):
            held.selection = selection
            return held
        problem = describe_problem(selection)
        if problem is not None:
            return refused(problem, quote)
        self._catalogue.mention(self._source, selection.source_event_id, self._batch)
        market = self._market(selection.source_market_id, selection.source_event_id, selection.market, selection.period)
        # how it is described changes with the frame, not with the price: two queries list it with one stamp, and the later one has it
        at = moment.received_at if self._rule == "ordered" or quote.changed_at is None else quote.changed_at
        bookmaker = self._catalogue.bookmaker(selection, self._batch)
        self._batch.selections[selection.id] = SelectionRow(selection, bookmaker, moment.received_at, at)
        if held is None:
            self._before[selection.id] = (None, 0)
            held = Held(selection, market)
        else:
            self._remember(held, 0)
            self._let_go(held)
            self._count_words(held.selection, -1)
            held.selection, held.market = selection, market
        self._hold(held)
        self._count_words(selection, 1)
        return held

    def _count_words(self, selection: Selection, step: int) -> None:
        for kind in unknown(selection.market, selection.period, selection.outcome):
            self.unknown[f"unknown_{kind}"] += step

    def _remember(self, held: Held, updates: int) -> None:
        key = held.selection.id
        before, counted = self._before.get(key) or (copy(held), 0)
        self._before[key] = (before, counted + updates)

    def _turn(self, held: Held, own: Status, stamp: int, moment: Moment, basis: TimeBasis) -> None:
        """Its own status alone; no update of its own counts for it."""
        self._remember(held, 0)
        held.own_status = own
        shown = worse(own, held.market.row.status)
        self._write(held, shown, stamp, moment, basis, history=shown != held.status)

    def _change(self, held: Held, quote: Quote, terms: Terms, stamp: int, moment: Moment, *, same: bool) -> None:
        self._remember(held, 1)
        covers = held.market.row
        if covers.status in CLOSED and quote.status not in CLOSED and self._rule == "ordered":
            # on offer again: of two statements the store keeps the later one, and the book may have let go of what was closed
            stamp = max(stamp, covers.changed_at + 1)
        # a market that closed later did not cover yet what a file says of before
        shown = quote.status if self._rule == "stamped" and stamp < covers.changed_at else worse(quote.status, covers.status)
        visible = not same or shown != held.status or held.changed_at < 0
        held.price, held.line, held.size = terms
        held.own_status, held.result = quote.status, quote.result
        self._write(held, shown, stamp, moment, quote.time_basis, history=visible)

    def _write(self, held: Held, shown: Status, stamp: int, moment: Moment, basis: TimeBasis, *, history: bool = True) -> None:
        if stamp > held.changed_at:
            held.changed_at, held.seq = stamp, 0
        elif basis != "nominal" or stamp < held.changed_at:
            held.seq += 1
        held.status = shown
        self.touched[held.market.row.source_market_id] = held.market
        self._batch.changes.append(told(held, basis, moment, history=history))
