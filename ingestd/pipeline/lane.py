"""One source in one run: its decoder, its book, its coverage, its counts. Pure and synchronous."""

from collections.abc import Iterable
from typing import Final

import xxhash
from msgspec import Struct

from ingestd.batch import Batch, Refusal, RejectRow, SourceRow, Warm
from ingestd.errors import Malformed
from ingestd.interfaces import Decoder, Feed, Stage
from ingestd.model import (
    OUTCOMES,
    SECOND,
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
from ingestd.pipeline.book import Book, Moment
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.coverage import Coverage
from ingestd.pipeline.stages import stages

SWEEP: Final = 60 * SECOND
"""How often the book lets go of what is over, in µs of the frames' own time."""
FORGET_AFTER: Final = 7 * 86_400 * SECOND
"""A selection leaves the book this long after its event's start."""
LONGEST_ERROR: Final = 2_000


class CollectorView(Struct, frozen=True, kw_only=True):
    """What the collector of a source says of itself."""

    state: SourceStatus
    since: int
    reason: str = ""
    read: int = 0
    dropped: int = 0


class Lane:
    """Takes frames of one source in order, twice: ``decode`` (ahead, from bytes) and ``apply`` (into the batch at hand)."""

    def __init__(self, source: str, feed_name: str, feed: Feed, catalogue: Catalogue, *, warm: Warm | None = None, live: bool) -> None:
        self.source = source
        self.feed_name = feed_name
        self._feed = feed
        self._live = live
        self._catalogue = catalogue
        self._stages: tuple[Stage, ...] = stages(source, catalogue)
        self._decoder: Decoder = feed.decoder()
        self.book = Book(source, catalogue, feed.time_rule)
        self.coverage = Coverage(source, warm.coverage if warm else None)
        self.counters: dict[str, int] = dict.fromkeys(("frames", "received", *OUTCOMES, "rows"), 0)
        self.epoch = 0
        """Where the decoder's epoch begins: ahead of what is applied."""
        self.applied_epoch = 0
        self._ordinal = 0
        self.bugs = 0
        self.last_received_at = 0
        self.last_changed_at = 0
        self._swept_at = 0
        if warm:
            catalogue.learn(warm.links, warm.results)
            self.book.warm(warm.held, warm.markets)
            if warm.source:
                self.counters.update(warm.source.counters)
                self._ordinal = self.counters.get("ordinal", 0)
                self.last_received_at = warm.source.last_received_at
                self.last_changed_at = warm.source.last_changed_at

    @property
    def native(self) -> dict[str, int]:
        """The provider's own units that the decoder has seen."""
        return dict(self._decoder.counts)

    def decode(self, frame: Frame) -> list[Decoded]:
        """What a frame says. One that cannot be decoded is one Reject; missing ones before it, and itself, entail gaps."""
        expected, self._ordinal = self._ordinal + 1, frame.ordinal
        missing = self._broken("journal_lost") if frame.ordinal != expected else []
        return [*missing, *self.rebuild(frame)]

    def rebuild(self, frame: Frame) -> list[Decoded]:
        """``decode`` without a look at what came before: for frames already loaded, whose state the decoder needs again."""
        if frame.epoch:
            self._decoder = self._feed.decoder()
            self.epoch = frame.offset
        if frame.kind == "alive":
            return []
        unreadable = frame.meta.get("oversize") or frame.meta.get("unreadable")
        if unreadable:
            return self.without("oversize" if "oversize" in frame.meta else "unreadable", f"payload not readable whole: {unreadable}")
        try:
            decoded = list(self._decoder(frame))
        except Malformed as error:
            return [_reject("decode", error.category, error.reason, path=error.path), *self._broken("malformed")]
        except Exception as error:  # noqa: BLE001 - a bug in a decoder is contained (I5): quarantined, alerted, and the source goes on
            self.bugs += 1
            return [_reject("decode", "bug", f"{type(error).__name__}: {error}", critical=True), *self._broken("bug")]
        self.bugs = 0
        return decoded

    def without(self, category: str, reason: str) -> list[Decoded]:
        """A frame that nobody may decode: quarantined as it is."""
        return [_reject("decode", category, reason), *self._broken(category)]

    def apply(self, frame: Frame, decoded: Iterable[Decoded], offset: int, batch: Batch) -> None:
        """Take a frame's updates in: stages, book, coverage, one outcome each."""
        at = frame.received_at
        if not self.last_received_at:
            self.coverage.frame(at)
        self.last_received_at = max(self.last_received_at, at)
        if frame.epoch:
            self.applied_epoch = frame.offset
        self._session(frame)
        counters = self.counters
        counters["frames"] += 1
        counters["ordinal"] = frame.ordinal
        moment = Moment(at, offset)
        before = len(batch.changes)
        for index, item in enumerate(decoded):
            kind = type(item)
            if kind is Skipped:
                counters["received"] += item.count  # type: ignore[union-attr]
                counters[item.outcome] += item.count  # type: ignore[union-attr]
                continue
            counters["received"] += 1
            verdict = item if kind is Reject else self._staged(item, moment, batch)  # type: ignore[arg-type]
            if isinstance(verdict, Reject):
                self._quarantine(verdict, frame, index, offset, batch)
                counters["quarantined"] += 1
            else:
                counters[verdict] += 1
        if len(batch.changes) > before:
            counters["rows"] += len(batch.changes) - before
            self.last_changed_at = at
        self.coverage.frame(at)
        if at >= self._swept_at + SWEEP:
            self._swept_at = at
            self.book.forget(at - FORGET_AFTER)
            self._catalogue.forget(self.source, at - 2 * FORGET_AFTER)

    def take_back(self, refused: Iterable[Refusal]) -> None:
        """The store would not have these rows: be as before, and count what had counted as changed as quarantined."""
        for refusal in refused:
            if refusal.table in ("selections", "odds", "odds_history"):
                changed = self.book.take_back(int(refusal.key[0]))
                self.counters["changed"] -= changed
                self.counters["quarantined"] += changed
            elif refusal.table == "markets" and refusal.key[0] == self.source:
                self.book.take_back_market(str(refusal.key[1]))

    def close(self, batch: Batch) -> None:
        """The end of a finite run."""
        self.coverage.finished()
        batch.settle |= self.book.touched
        self.report(batch)

    def report(self, batch: Batch) -> None:
        """Put what is known of the source's completeness into the batch."""
        batch.coverage.update(self.coverage.rows())

    def row(self, view: CollectorView, silence_limit: int) -> SourceRow:
        """The source as it stands; live only once its image is complete."""
        state: SourceStatus = "recovering" if view.state == "live" and not self.coverage.whole else view.state
        journalled = self.counters["frames"]
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
            counters={**self.counters, "read": max(view.read, journalled + view.dropped), "dropped": view.dropped},
        )

    def _session(self, frame: Frame) -> None:
        if frame.kind == "opened" and self._live:
            self.coverage.opened(frame.received_at, frame.meta.get("resumed", ""))
        elif frame.kind == "closed" and self._live:
            self.coverage.closed(frame.meta.get("reason", "closed"))
        elif "paused" in frame.meta:
            self.coverage.paused(int(frame.meta["from"]), frame.received_at, frame.meta["paused"])

    def _staged(self, item: Update, moment: Moment, batch: Batch) -> Outcome | Reject:
        update: Update = item
        name = ""
        try:
            for stage in self._stages:
                name = getattr(stage, "__name__", type(stage).__name__).lower()
                verdict = stage(update, moment.received_at)
                if isinstance(verdict, Reject):
                    return verdict
                if isinstance(verdict, Skipped):
                    return verdict.outcome
                update = verdict
            name = "book"
            return self._booked(update, moment, batch)
        except Exception as error:  # noqa: BLE001 - a bug in a stage is contained (I5): this update alone is quarantined
            return _reject(name, "bug", f"{type(error).__name__}: {error}", critical=True)

    def _booked(self, update: Update, moment: Moment, batch: Batch) -> Outcome | Reject:
        if type(update) is Quote:
            return self.book.quote(update, moment)
        if type(update) is MarketStatus:
            return self.book.market_status(update, moment)
        if type(update) is Complete:
            return self._complete(update, moment)
        if type(update) is Gap:
            self.coverage.gap(update.scope, update.reason)
            return "changed"
        if type(update) is Fixture:
            return self._catalogue.fixture(self.source, update, moment.received_at, self._feed.time_rule, batch)
        return self._catalogue.result(self.source, update, moment.received_at, self._feed.time_rule, batch)

    def _complete(self, update: Complete, moment: Moment) -> Outcome:
        """Whatever the scope held beyond what it lists is withdrawn; a scope that suddenly lists nothing must be seen twice (I8)."""
        if not update.listed and self.book.missing(update) and not self.coverage.suspected(update.scope):
            self.coverage.suspect(update.scope)
            return "filtered"
        outcome = self.book.withdraw(update, moment)
        self.coverage.complete(update.scope, moment.received_at)
        return outcome

    def _broken(self, reason: str) -> list[Decoded]:
        try:
            return list(self._decoder.broken(reason))
        except Exception as error:  # noqa: BLE001 - contained like any other bug in a decoder
            self._decoder = self._feed.decoder()
            return [_reject("decode", "bug", f"{type(error).__name__}: {error}", critical=True), Gap(Scope("source"), "bug")]

    def _quarantine(self, reject: Reject, frame: Frame, index: int, offset: int, batch: Batch) -> None:
        path = reject.path or (f"#{index}" if reject.stage != "decode" else "")
        batch.rejects.append(
            RejectRow(
                quarantine_id=hash64("quarantine", self.source, _digest(frame.payload), path),
                source=self.source,
                stage=reject.stage,
                category=reject.category,
                severity=reject.severity,
                reason=reject.reason[:LONGEST_ERROR],
                offset=offset,
                path=path,
                update=reject.update,
                error=reject.error[:LONGEST_ERROR],
                seen_at=frame.received_at,
            )
        )


def _reject(stage: str, category: str, reason: str, *, path: str = "", critical: bool = False) -> Reject:
    return Reject(stage=stage, category=category, reason=reason, path=path, severity="critical" if critical else "error")


def _digest(payload: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(payload)
