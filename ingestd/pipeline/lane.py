"""One source in one run: its reader, its book, its coverage, its counts. Pure and synchronous."""

from collections.abc import Iterable
from typing import Final

from ingestd.batch import Batch, Refusal, SourceRow, Warm
from ingestd.interfaces import Feed, Stage
from ingestd.model import (
    OUTCOMES,
    SECOND,
    WHOLE,
    Complete,
    Decoded,
    Fixture,
    Frame,
    Gap,
    MarketStatus,
    Outcome,
    Quote,
    Reject,
    Scope,
    Skipped,
    SourceStatus,
    TimeRule,
    Update,
)
from ingestd.pipeline.book import Book
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.coverage import Coverage
from ingestd.pipeline.held import Moment
from ingestd.pipeline.judge import Judge, Standards
from ingestd.pipeline.reader import BUGS, Reader, refused_bug
from ingestd.pipeline.rejects import rejected, repeated
from ingestd.pipeline.stages import stages
from ingestd.pipeline.stages.validate.markets import Bounds
from ingestd.pipeline.standing import CollectorView

SWEEP: Final = 60 * SECOND
"""How often the book lets go of what is over, in µs of the frames' own time."""
FORGET_AFTER: Final = 7 * 86_400 * SECOND
"""A selection leaves the book this long after its event's start."""
DUPLICATE: Final = "duplicate."
"""Before the cause, in the counters."""
USUAL: Final = Standards(
    bounds={"book": Bounds(0.98, 1.4, 3.0), "exchange": Bounds(0.95, 2.0, 10.0), "prediction": Bounds(0.95, 2.0, 10.0)},
    start_passed=86_400 * SECOND,
)
"""What the settings say where nobody says otherwise."""
CLOSED_KEPT: Final = 3_600 * SECOND
"""How long one that was closed stays in it: in this time its closing can be taken back."""


class Lane:
    """Takes frames of one source in order, twice: its ``reader`` decodes them (ahead), ``apply`` takes them into the batch at hand."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        source: str,
        feed_name: str,
        feed: Feed,
        catalogue: Catalogue,
        *,
        warm: Warm | None = None,
        live: bool,
        replay: bool = False,
        standards: Standards = USUAL,
        audit_duplicates: bool = False,
    ) -> None:
        """``replay``: the frames are those of a live run; its sessions count, and what is open at the end stays so."""
        self.source = source
        self.feed_name = feed_name
        self._feed = feed
        self._sessions = live or replay
        self.catalogue = catalogue
        self._stages: tuple[Stage, ...] = stages()
        self.book = Book(source, catalogue, feed.time_rule)
        self.coverage = Coverage(source, warm.coverage if warm else None)
        self._judge = Judge(source, catalogue, standards, warm.flags if warm else ())
        self._audit = audit_duplicates
        self.counters: dict[str, int] = dict.fromkeys(("frames", "data", "received", *OUTCOMES, "rows"), 0)
        self.applied_epoch = 0
        """Where the epoch begins that the book is in; the reader may be ahead of it."""
        self._bugs, self._failing = 0, False
        self._written: set[int] = set()
        self.last_received_at = self.last_changed_at = 0
        if warm:
            self._warm(warm)
        self._dropped_before = self.counters.get("dropped", 0)
        self.reader = Reader(feed, self.counters.get("ordinal", 0))
        self.settled = self.counters.copy()
        """The counts up to the last commit: whoever looks from outside sees these, which never go back."""

    def _warm(self, warm: Warm) -> None:
        self.catalogue.start(warm.links, warm.results)
        self.book.warm(warm.held, warm.markets)
        if warm.source:
            self.counters.update(warm.source.counters)
            self.book.unknown.update({name: warm.source.counters.get(name, 0) for name in self.book.unknown})
            self.last_received_at = warm.source.last_received_at
            self.last_changed_at = warm.source.last_changed_at
            self.coverage.frame(self.last_received_at)

    @property
    def native(self) -> dict[str, int]:
        """The provider's own units that the decoder has seen."""
        return self.reader.native

    def failed(self) -> bool:
        """Whether bugs went on for so long that the source is to be parked; said once."""
        failing = self._failing or self.reader.failing
        self._failing = self.reader.failing = False
        return failing

    def adopt(self, feed: Feed, standards: Standards, *, audit_duplicates: bool, retold: bool) -> None:
        """Go on with this feed and judge by these standards; ``retold``: its decoder is another, and begins empty."""
        self._feed = feed
        self._judge.adopt(standards)
        self._audit = audit_duplicates
        if retold:
            self.reader = Reader(feed, self.counters.get("ordinal", 0))

    def begin(self, epoch: int) -> None:
        """Reader and book stand in the epoch that begins at this position of the journal (0: nobody knows where it began)."""
        self.applied_epoch = epoch
        self.reader.begin(epoch)

    def apply(self, frame: Frame, decoded: Iterable[Decoded], offset: int, batch: Batch) -> None:
        """Take a frame's updates in: stages, book, coverage, one outcome each."""
        at = frame.received_at
        minutes = self.last_received_at // SWEEP
        if not self.last_received_at:
            self.coverage.frame(at)
        self.last_received_at = max(self.last_received_at, at)
        if frame.epoch:
            self.applied_epoch = frame.offset
        self._session(frame)
        counters = self.counters
        counters["frames"] += 1
        counters["data"] += frame.kind == "data"
        counters["ordinal"] = frame.ordinal
        before = len(batch.changes)
        self._take(frame, decoded, offset, batch)
        if "whole" in frame.meta:
            self.coverage.walked(at)
        if self.last_received_at // SWEEP > minutes:
            moment = Moment(at, offset) if self._sessions else None
            self.book.forget(at - FORGET_AFTER, at - closed_kept(self._feed.time_rule), moment)
            self.catalogue.forget(self.source, at - 2 * FORGET_AFTER)
        if len(batch.changes) > before:
            counters["rows"] += len(batch.changes) - before
            self.last_changed_at = at
            if not self._sessions:
                self._written.update(change.selection_id for change in batch.changes[before:])
        self.coverage.frame(at)
        if self.book.touched:
            self._judge.judge(self.book.touched.values(), self.last_received_at, batch)
            self.book.touched.clear()

    def committed(self, refused: Iterable[Refusal]) -> None:
        """The store would not have these rows of a batch: be as before, and count what had counted as changed as quarantined."""
        for refusal in refused:
            if refusal.table in ("selections", "odds", "odds_history"):
                changed = self.book.take_back(int(refusal.key[0]))
                self.counters["changed"] -= changed
                self.counters["quarantined"] += changed
            elif refusal.table == "markets" and refusal.key[0] == self.source:
                self.book.take_back_market(str(refusal.key[1]))
            elif refusal.table == "market_flags":
                self._judge.take_back(refusal)
            else:
                self.catalogue.take_back(refusal)
        if self.settled["frames"] != self.counters["frames"]:
            self.settled = self.counters.copy()

    def close(self, batch: Batch) -> None:
        """The end of a finite run."""
        if not self._sessions:
            self._judge.finish(self.last_received_at, batch)
            self.coverage.finished()
            batch.settle |= self._written
        self.report(batch)

    def report(self, batch: Batch) -> None:
        """Put what is known of the source's completeness into the batch."""
        batch.coverage.update(self.coverage.rows())

    def row(self, view: CollectorView, silence_limit: int) -> SourceRow:
        """The source as it stands; live only once its image is complete."""
        state: SourceStatus = "recovering" if view.state == "live" and not self.coverage.whole else view.state
        dropped = self._dropped_before + view.dropped
        read = max(self._dropped_before + view.read, self.counters["frames"] + dropped)
        return SourceRow(
            source=self.source,
            feed=self.feed_name,
            state=state,
            since=view.since,
            reason=view.reason,
            last_received_at=self.last_received_at,
            last_changed_at=self.last_changed_at,
            alive_at=self.last_received_at,
            silence_limit=silence_limit,
            counters={**self.counters, **self.book.unknown, "read": read, "dropped": dropped},
        )

    def _session(self, frame: Frame) -> None:
        if frame.kind == "opened" and self._sessions:
            self.coverage.opened(frame.received_at, frame.meta.get("resumed", ""))
        elif frame.kind == "closed" and self._sessions:
            heard = frame.meta.get("heard")
            self.coverage.closed(frame.meta.get("reason", "closed"), int(heard) if heard else None)
        elif "paused" in frame.meta:
            self.coverage.paused(int(frame.meta["from"]), frame.received_at, frame.meta["paused"])
        elif "failed" in frame.meta:
            self.coverage.gap(Scope("query", frame.meta["failed"]), frame.meta["reason"])

    def _take(self, frame: Frame, decoded: Iterable[Decoded], offset: int, batch: Batch) -> None:
        counters = self.counters
        moment = Moment(frame.received_at, offset)
        bug = False
        outcome: Outcome
        for index, item in enumerate(decoded):
            if isinstance(item, Skipped):
                outcome, count = item.outcome, item.count
            else:
                verdict = item if isinstance(item, Reject) else self._staged(item, moment, batch)
                outcome, count = ("quarantined", 1) if isinstance(verdict, Reject) else (verdict, 1)
                if isinstance(verdict, Reject):
                    bug |= verdict.category == "bug" and verdict.stage != "decode"
                    self._refuse(item, verdict, frame, index, batch, moment)
            counters["received"] += count
            counters[outcome] += count
            if outcome == "duplicate":
                self._duplicate(item, count, frame, index, offset, batch)
        if bug:
            self.coverage.gap(WHOLE, "bug")
        if frame.kind != "alive":
            self._bugs = self._bugs + 1 if bug else 0
            self._failing |= self._bugs >= BUGS

    def _refuse(self, item: Decoded, reject: Reject, frame: Frame, index: int, batch: Batch, moment: Moment) -> None:
        batch.rejects.append(rejected(self.source, reject, frame, index, moment.offset))
        if isinstance(item, Quote):
            self.book.doubt(item, moment)

    def _staged(self, item: Update, moment: Moment, batch: Batch) -> Outcome | Reject:
        stage: Stage | None = None
        try:
            for stage in self._stages:
                verdict = stage(item, moment.received_at)
                if verdict is item:
                    continue
                if isinstance(verdict, Skipped):
                    return verdict.outcome
                if isinstance(verdict, Reject):
                    return verdict
                item = verdict
            stage = None
            return self._booked(item, moment, batch)
        except Exception as error:  # noqa: BLE001 - a bug in a stage is contained (I5): this update alone is quarantined
            return refused_bug(str(getattr(stage, "__name__", type(stage).__name__)).lower() if stage else "book", error)

    def _booked(self, update: Update, moment: Moment, batch: Batch) -> Outcome | Reject:  # noqa: PLR0911 - one line per kind
        if isinstance(update, Quote):
            return self.book.quote(update, moment)
        if isinstance(update, MarketStatus):
            return self.book.market_status(update, moment)
        if isinstance(update, Complete):
            return self._complete(update, moment)
        if isinstance(update, Gap):
            self.coverage.gap(update.scope, update.reason)
            return "changed"
        if isinstance(update, Fixture):
            return self.catalogue.fixture(self.source, update, moment.received_at, self._feed.time_rule, batch)
        return self.catalogue.result(self.source, update, moment.received_at, self._feed.time_rule, batch)

    def _complete(self, update: Complete, moment: Moment) -> Outcome:
        """Whatever the scope held beyond what it lists is withdrawn; a scope that suddenly lists nothing must be seen twice (I8)."""
        if not update.listed and self.book.missing(update) and not self.coverage.suspected(update.scope):
            self.coverage.suspect(update.scope)
            return "filtered"
        outcome = self.book.withdraw(update, moment)
        self.coverage.complete(update.scope, moment.received_at)
        return outcome

    def _duplicate(self, item: Decoded, count: int, frame: Frame, index: int, offset: int, batch: Batch) -> None:
        """Count it by its cause: what the decoder says, else the kind of update that was said before. Keep it, if that is wanted."""
        cause = item.reason if isinstance(item, Skipped) else type(item).__name__.lower()
        self.counters[DUPLICATE + cause] = self.counters.get(DUPLICATE + cause, 0) + count
        if self._audit:
            batch.rejects.append(repeated(self.source, cause, item, frame, index, offset))


def closed_kept(rule: TimeRule) -> int:
    """How long a closed selection is held, µs: in a stamped feed, as long as an old statement may come late and must not bring it back."""
    return FORGET_AFTER if rule == "stamped" else CLOSED_KEPT
