"""One source in one run: its reader, its book, its coverage, its counts. Pure and synchronous."""

from collections.abc import Iterable
from typing import Final

import xxhash
from msgspec import Struct

from ingestd.batch import Batch, Refusal, RejectRow, SourceRow, Warm
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
    Update,
    hash64,
)
from ingestd.pipeline.book import Book
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.coverage import Coverage
from ingestd.pipeline.held import Moment
from ingestd.pipeline.reader import BUGS, Reader, refused_bug
from ingestd.pipeline.stages import stages

SWEEP: Final = 60 * SECOND
"""How often the book lets go of what is over, in µs of the frames' own time."""
FORGET_AFTER: Final = 7 * 86_400 * SECOND
"""A selection leaves the book this long after its event's start."""
LONGEST_ERROR: Final = 2_000


class CollectorView(Struct, frozen=True, kw_only=True):
    """What the collector of a source says of itself: frames ``read`` into this journal, among them those ``dropped`` by this process."""

    state: SourceStatus
    since: int
    reason: str = ""
    read: int = 0
    dropped: int = 0


class Lane:
    """Takes frames of one source in order, twice: its ``reader`` decodes them (ahead), ``apply`` takes them into the batch at hand."""

    def __init__(self, source: str, feed_name: str, feed: Feed, catalogue: Catalogue, *, warm: Warm | None = None, live: bool) -> None:
        self.source = source
        self.feed_name = feed_name
        self._feed = feed
        self._live = live
        self.catalogue = catalogue
        self._stages: tuple[Stage, ...] = stages()
        self.book = Book(source, catalogue, feed.time_rule)
        self.coverage = Coverage(source, warm.coverage if warm else None)
        self.counters: dict[str, int] = dict.fromkeys(("frames", "data", "received", *OUTCOMES, "rows"), 0)
        self.applied_epoch = 0
        """Where the epoch begins that the book is in; the reader may be ahead of it."""
        self._bugs = 0
        self._failing = False
        self._written: set[int] = set()
        self.last_received_at = 0
        self.last_changed_at = 0
        if warm:
            self._warm(warm)
        self._dropped_before = self.counters.get("dropped", 0)
        self.reader = Reader(feed, self.counters.get("ordinal", 0))

    def _warm(self, warm: Warm) -> None:
        self.catalogue.start(warm.links, warm.results)
        self.book.warm(warm.held, warm.markets)
        if warm.source:
            self.counters.update(warm.source.counters)
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
        if len(batch.changes) > before:
            counters["rows"] += len(batch.changes) - before
            self.last_changed_at = at
            if not self._live:
                self._written.update(change.selection_id for change in batch.changes[before:])
        self.coverage.frame(at)
        if self.last_received_at // SWEEP > minutes:
            self.book.forget(self.last_received_at - FORGET_AFTER)
            self.catalogue.forget(self.source, self.last_received_at - 2 * FORGET_AFTER)

    def take_back(self, refused: Iterable[Refusal]) -> None:
        """The store would not have these rows: be as before, and count what had counted as changed as quarantined."""
        for refusal in refused:
            if refusal.table in ("selections", "odds", "odds_history"):
                changed = self.book.take_back(int(refusal.key[0]))
                self.counters["changed"] -= changed
                self.counters["quarantined"] += changed
            elif refusal.table == "markets" and refusal.key[0] == self.source:
                self.book.take_back_market(str(refusal.key[1]))
            else:
                self.catalogue.take_back(refusal)

    def close(self, batch: Batch) -> None:
        """The end of a finite run."""
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
            counters={**self.counters, "read": read, "dropped": dropped},
        )

    def _session(self, frame: Frame) -> None:
        if frame.kind == "opened" and self._live:
            self.coverage.opened(frame.received_at, frame.meta.get("resumed", ""))
        elif frame.kind == "closed" and self._live:
            self.coverage.closed(frame.meta.get("reason", "closed"))
        elif "paused" in frame.meta:
            self.coverage.paused(int(frame.meta["from"]), frame.received_at, frame.meta["paused"])
        elif "failed" in frame.meta:
            self.coverage.gap(Scope("query", frame.meta["failed"]), frame.meta["reason"])

    def _take(self, frame: Frame, decoded: Iterable[Decoded], offset: int, batch: Batch) -> None:
        counters = self.counters
        moment = Moment(frame.received_at, offset)
        bug = False
        for index, item in enumerate(decoded):
            if isinstance(item, Skipped):
                counters["received"] += item.count
                counters[item.outcome] += item.count
                continue
            counters["received"] += 1
            verdict = item if isinstance(item, Reject) else self._staged(item, moment, batch)
            if isinstance(verdict, Reject):
                bug |= verdict.category == "bug" and verdict.stage != "decode"
                self._quarantine(verdict, frame, index, offset, batch)
                counters["quarantined"] += 1
            else:
                counters[verdict] += 1
        if bug:
            self.coverage.gap(WHOLE, "bug")
        if frame.kind != "alive":
            self._bugs = self._bugs + 1 if bug else 0
            self._failing |= self._bugs >= BUGS

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
            return refused_bug(_name(stage), error)

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

    def _quarantine(self, reject: Reject, frame: Frame, index: int, offset: int, batch: Batch) -> None:
        path = _storable(reject.path or (f"#{index}" if reject.stage != "decode" else ""))
        batch.rejects.append(
            RejectRow(
                quarantine_id=hash64("quarantine", self.source, _digest(frame.payload), path),
                source=self.source,
                stage=reject.stage,
                category=reject.category,
                severity=reject.severity,
                reason=_storable(reject.reason),
                offset=offset,
                path=path,
                update=_storable(reject.update),
                error=_storable(reject.error),
                seen_at=frame.received_at,
            )
        )


def _name(stage: Stage | None) -> str:
    return str(getattr(stage, "__name__", type(stage).__name__)).lower() if stage else "book"


def _storable(text: str) -> str:
    """Text that every database takes: what is wrong with an update is often its text."""
    return text[:LONGEST_ERROR].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _digest(payload: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(payload)
