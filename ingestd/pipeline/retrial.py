"""A source's frames once more, for what is in quarantine: only the prices of frames on trial are told anew. Pure and synchronous."""

from collections.abc import Iterable, Iterator, Mapping

from ingestd.batch import Batch, Change, HeldRow, Refusal, RejectRow, SelectionRow, Warm
from ingestd.interfaces import Feed
from ingestd.model import OUTCOMES, Decoded, Fixture, Frame, MarketStatus, Outcome, Quote, Reject, Scope, Update
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.docket import Docket
from ingestd.pipeline.held import Moment
from ingestd.pipeline.judge import Standards
from ingestd.pipeline.lane import Lane
from ingestd.retelling import Retelling, Standing


class Retrial(Lane):
    """A lane whose frames a live run (or a load) has taken in before.

    Its book sees every frame; what it writes is the history of the prices that frames on trial tell of, from there on, until each was told
    again, price and all, by a frame that was taken before as well: behind that, the run before and this one think alike, as they do of what
    neither holds any more. Where the decoder refused something, what followed in that epoch is told anew as well. Coverage and flags stay
    as they are: what was known then, and was on show.
    """

    def __init__(  # noqa: PLR0913 - as a lane
        self, docket: Docket, begin: int, source: str, feed_name: str, feed: Feed, *, warm: Warm, replay: bool, standards: Standards
    ) -> None:
        """``begin``: position of its first frame; the rest as for a lane."""
        super().__init__(source, feed_name, feed, Catalogue(), warm=warm, live=False, replay=replay, standards=standards)
        self._docket = docket
        self._touched: dict[int, int] = dict.fromkeys(docket.refused_selections(begin), 0)
        """Prices that are told anew, and since when (received, UTC µs)."""
        self._awaited: set[int | Scope] = set(self._touched)
        """Those of them, and markets and events, that were not told again."""
        self._retold: set[int | Scope] = set()
        """Likewise, what the frame at hand tells again."""
        self._selections = {row.selection.id: row.selection for row in warm.held}
        self._stood: dict[int, HeldRow | Change] = {row.selection.id: row for row in warm.held}
        self._shaken = False
        """Whether the run before had lost its base, and read what follows otherwise or not at all, until an epoch begins."""
        self._open = False
        """Whether its session goes on behind the last frame taken in."""
        self.position = 0
        """Of the last frame taken in."""

    def enough(self) -> bool:
        """Whether all that was refused was heard, and every price, market and event concerned was told again."""
        return bool(self.position) and not self._shaken and self._docket.over(self.position) and not self._waits()

    def apply(self, frame: Frame, decoded: Iterable[Decoded], offset: int, batch: Batch) -> None:
        """Take a frame in, and put into the batch what is to be told anew."""
        if self.enough():
            return
        if batch.retelling is None:
            batch.retelling = Retelling(since=dict.fromkeys(self._touched, offset))
        batch.retelling.until = offset
        items = list(decoded)
        self._retold.clear()
        rejects, changes = len(batch.rejects), len(batch.changes)
        before = {name: self.counters[name] for name in OUTCOMES}
        super().apply(frame, items, offset, batch)
        refused = {row.quarantine_id: row for row in batch.rejects[rejects:] if row.state == "open"}
        told = batch.changes[changes:]
        self._stood.update((change.selection_id, change) for change in told if change.current)
        outcomes: dict[str, int] = {name: self.counters[name] - count for name, count in before.items()}
        self._weigh(frame, items, {change.selection_id for change in told}, refused, outcomes, batch.retelling)
        batch.changes[changes:] = [change for change in told if change.selection_id in self._touched]
        del batch.rejects[rejects:]
        batch.flags.clear()
        self._docket.told(batch)
        self._open = frame.kind != "closed"
        self.position = frame.offset

    def committed(self, refused: Iterable[Refusal]) -> None:
        """The store will not have these rows today either."""
        refusals = tuple(refused)
        super().committed(refusals)
        self._docket.sent_back(refusals)

    def close(self, batch: Batch) -> None:
        """Prices as they stand by now, and what became of each record; its history says nothing twice."""
        batch.settle |= set(self._touched)
        self._describe(batch)
        under_way = self.applied_epoch if self._shaken and self._open else 0
        batch.retelling = Retelling(standings=list(self._standings()), verdicts=self._docket.decided(under_way))

    def report(self, batch: Batch) -> None:
        """What was known when stays as it was recorded."""

    def _weigh(
        self,
        frame: Frame,
        items: Iterable[Decoded],
        named: set[int],
        refused: Mapping[int, RejectRow],
        outcomes: Mapping[str, int],
        retelling: Retelling,
    ) -> None:
        """What is to be told anew because of a frame, and what it tells again; ``named``: selections that it changed."""
        quotes = [item.selection for item in items if isinstance(item, Quote)]
        self._selections.update((selection.id, selection) for selection in quotes)
        named |= {selection.id for selection in quotes}
        self._shaken &= not frame.epoch
        trials = self._docket.called(self.source, frame)
        taken = bool(trials) and self._docket.hear(trials, frame, refused, outcomes, named)
        self._shaken |= taken and any(trial.record.stage == "decode" for trial in trials)
        anew = taken or self._shaken
        for key in named:
            if anew or Scope("market", self._selections[key].source_market_id) in self._awaited:
                self._awaited.add(key)
                self._touched.setdefault(key, frame.received_at)
                retelling.since.setdefault(key, retelling.until)
        if anew:
            self._awaited.update(_around(items))
        elif not trials and not refused:
            self._awaited -= self._retold

    def _booked(self, update: Update, moment: Moment, batch: Batch) -> Outcome | Reject:
        """As ever; what counts, and says how something stands from now on, tells that again."""
        outcome = super()._booked(update, moment, batch)
        if outcome != "stale" and not isinstance(outcome, Reject):
            self._retold.update(_around([update]))
            if isinstance(update, Quote) and update.price is not None:
                self._retold.add(update.selection.id)
        return outcome

    def _waits(self) -> bool:
        """Whether something that is still held was not told again; what is held no more is let go of here."""
        while self._awaited:
            key = next(iter(self._awaited))
            if self.book.held(key) if isinstance(key, int) else key.kind == "event" or any(self.book.members(key)):
                return True
            self._awaited.remove(key)
        return False

    def _describe(self, batch: Batch) -> None:
        """How each selection is described by now: what the run before made of it, without what was refused, may bear a later time.

        In a stamped feed each telling bears its own, and the latest has it anyway.
        """
        if self._feed.time_rule == "stamped":
            return
        at = self.last_received_at
        for held in filter(None, map(self.book.held, self._touched)):
            bookmaker = self.catalogue.bookmaker(held.selection, batch)
            batch.selections[held.selection.id] = SelectionRow(held.selection, bookmaker, at, at)

    def _standings(self) -> Iterator[Standing]:
        for key, since in self._touched.items():
            stood = self._stood.get(key)
            if stood is not None:
                yield Standing(
                    selection_id=key,
                    since=since,
                    until=self.last_received_at,
                    price=stood.price,
                    line=stood.line,
                    size=stood.size,
                    own_status=stood.own_status,
                    result=stood.result,
                    changed_at=stood.changed_at,
                    seq=stood.seq,
                    basis=stood.time_basis if isinstance(stood, Change) else None,
                    received_at=stood.received_at if isinstance(stood, Change) else None,
                )


def _around(items: Iterable[Decoded]) -> Iterator[Scope]:
    """The events and markets that are told of."""
    for item in items:
        if isinstance(item, Fixture):
            yield Scope("event", item.source_event_id)
        elif isinstance(item, MarketStatus):
            yield Scope("market", item.source_market_id)
