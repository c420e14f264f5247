"""What is in quarantine, once more through today's code: each source and journal in turn, a run of kind ``retry`` per source."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from ingestd.app.feeds import build_feed
from ingestd.app.finite import judged_by, kind_of, new_run
from ingestd.app.replay import Unmarked, counted_before
from ingestd.batch import Warm, journal_place, store_offset
from ingestd.errors import ConfigError, Fenced, InUse, first, ours
from ingestd.interfaces import Clock, Feed, Store
from ingestd.journal.excerpt import state_of
from ingestd.journal.passage import Archive, Passage, frame_at
from ingestd.model import Run
from ingestd.pipeline.docket import Docket, Trial
from ingestd.pipeline.lane import FORGET_AFTER
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Limits, Loader
from ingestd.pipeline.resilience import Breaker
from ingestd.pipeline.retrial import Retrial
from ingestd.pipeline.writer import Writer
from ingestd.retelling import Record
from ingestd.settings import Settings, SourceSettings, validate_feeds
from ingestd.sources import FEEDS
from ingestd.sources.accounts import BUDGETS, Accounts
from ingestd.sources.transports.files import recorded
from ingestd.store.quarantine import Journal
from ingestd.store.queries import Queries
from ingestd.telemetry import Reporter

Fate = Literal["taken", "refused", "gone", "left"]
"""``gone``: its frame, or what that needs, is no longer in the journal. ``left``: not tried."""
GONE: Final = "its frame is no longer in the journal"
NO_IMAGE: Final = "the image before its frame is no longer in the journal"
UNDER_WAY: Final = "the image after it has not come yet; try again once it has, or once the session has ended"
UNTOLD: Final = "the frames around it no longer tell of this row"


class Tried(Struct, frozen=True, kw_only=True):
    """What became of a record. ``outcomes``: of all updates of its frames; ``why`` it was not taken."""

    record: Record
    fate: Fate
    why: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)


class Retries:
    """Tries records again in a prepared store, beside the daemon whose journal it reads."""

    def __init__(self, settings: Settings, store: Store, queries: Queries, reporter: Reporter, clock: Clock) -> None:
        """Raises ConfigError."""
        self._settings = settings
        self._options = validate_feeds(settings, FEEDS)
        self._store = store
        self._queries = queries
        self._reporter = reporter
        self._clock = clock
        self._most = settings.quarantine.max_attempts
        self._budgets = Accounts(settings.journal.path / BUDGETS, clock)
        self.rows = 0
        """Rows of history that are new."""

    async def retry(self, records: Iterable[Record], *, force: bool) -> AsyncIterator[Tried]:
        """What becomes of each, source by source; ``force``: also of those that were tried often enough. Raises ConfigError."""
        journals = await self._queries.journals()
        due = []
        for record in (self._claimed(record, journals) for record in records):
            why = self._spent(record, force=force)
            if why:
                yield Tried(record=record, fate="left", why=why)
            else:
                due.append(record)
        for (source, journal_id), lot in groupby(sorted(due, key=_group), key=_group):
            for tried in await self._lot(source, journals.get(journal_id), list(lot)):
                yield tried

    def _spent(self, record: Record, *, force: bool) -> str:
        if record.state in ("replayed", "kept"):
            return "it was taken already" if record.state == "replayed" else "it is only kept for analysis"
        often = record.attempts >= self._most and not force
        return f"it was tried {record.attempts} times (quarantine.max_attempts); --force tries it again" if often else ""

    def _claimed(self, record: Record, journals: Mapping[int, Journal]) -> Record:
        """A record with its source: a row that the store would not have does not always say whose it was, but its frame does."""
        journal_id, position = journal_place(record.journal_offset)
        path = None if record.source or journal_id not in journals else place(self._settings, journals[journal_id])
        frame = None if path is None else frame_at(path, position)
        return replace(record, source=frame.source) if frame is not None else record

    async def _lot(self, source: str, journal: Journal | None, records: Sequence[Record]) -> list[Tried]:
        """Records of one source and journal."""
        if journal is None:
            return _all(records, "gone", GONE)
        path = place(self._settings, journal)
        if path is None:
            return _all(records, "gone", GONE)
        own = path == self._settings.journal.path
        try:
            feed_name, feed = self._feed(source, own=own)
        except ConfigError as error:
            return _all(records, "left", str(error))
        archive = Archive(path, source)
        begins = [(record, _begin(archive, record)) for record in records]
        docket = Docket([(record, begin) for record, begin in begins if begin], await self._queries.record_ids(source))
        missing = [record for record, begin in begins if not begin]
        if docket.trials:
            await self._try(docket, archive, journal, feed_name, feed, own=own)
        return [*(_missing(archive, record) for record in missing), *map(_judged, docket.trials)]

    async def _try(self, docket: Docket, archive: Archive, journal: Journal, feed_name: str, feed: Feed, *, own: bool) -> None:
        run = new_run("retry", archive.source, self._clock)
        position = 0
        try:
            while (begin := docket.next(position)) is not None:
                position = await self._read(run, docket, archive, begin, journal.journal_id, feed_name, feed, own=own)
        except BaseException as failure:
            cause = first(failure)
            said = self._reporter.redactor.text(f"{type(cause).__name__}: {cause}")
            await self._store.end(run, ended_at=self._clock.now(), status="failed", counts={}, error=said)
            if isinstance(cause, Fenced):
                raise InUse("another retry of this journal has begun meanwhile; what it does not try, try again") from failure
            if isinstance(failure, BaseExceptionGroup):
                raise ours(failure) from failure
            raise
        taken = sum(trial.given and trial.refusal is None for trial in docket.trials)
        counts = {"records": len(docket.trials), "replayed": taken, "rows": self.rows}
        await self._store.end(run, ended_at=self._clock.now(), status="done", counts=counts)

    async def _read(  # noqa: PLR0913 - what a run is made of
        self, run: Run, docket: Docket, archive: Archive, begin: int, journal_id: int, feed_name: str, feed: Feed, *, own: bool
    ) -> int:
        """From one epoch on, as far as needed; returns the position up to which everything was read."""
        clock, store = self._clock, self._store
        frame = archive.frame(begin)
        if frame is None:
            return archive.last
        offset = store_offset(journal_id, begin)
        past = await store.past(archive.source, offset, frame, frame.received_at - FORGET_AFTER) if own else Warm()
        warm = replace(past, source=counted_before(SourceSettings(name=archive.source, feed=feed_name), frame))
        standards = judged_by(self._settings, archive.source)["standards"]
        lane = Retrial(docket, begin, archive.source, feed_name, feed, warm=warm, replay=own, standards=standards)
        writer, limits = Writer(store, clock, self._reporter), Limits(rows=self._settings.batch.rows, pace=0.0)
        loader = Loader(
            run,
            Passage(archive, begin, lane.enough),
            journal_id,
            {archive.source: lane},
            Learner(lane.catalogue, writer, clock),
            writer,
            clock,
            self._reporter,
            Unmarked(),
            limits=limits,
            odds_after=await store.seen_until(archive.source),
        )
        await loader.run(await store.begin(run, journal_id, begin - 1))
        self.rows += loader.written["odds_history"] - loader.written["untold"]
        return max(begin, archive.last if not lane.enough() else lane.position)

    def _feed(self, source: str, *, own: bool) -> tuple[str, Feed]:
        """A source's feed and its name: as the daemon has it, or as ``load`` has it. Raises ConfigError."""
        configured = next((one for one in self._settings.sources if one.name == source), None)
        name = configured.feed if configured else source
        if own and configured:
            options = self._options[source]
            return name, build_feed(self._settings, configured, options, self._clock, self._breaker, self._budgets)
        if own or name not in FEEDS:
            raise ConfigError(f"no source {source!r} is configured; configure it as it was, and try again")
        return name, recorded(source, [], kind_of(self._settings, name, source), self._clock)

    def _breaker(self, name: str) -> Breaker:
        return Breaker(name, self._clock, self._reporter)


def place(settings: Settings, journal: Journal) -> Path | None:
    """The folder where a journal is: the daemon's own, wherever that is now, else where it was; None where it is gone."""
    for path in (settings.journal.path, Path(journal.path)):
        try:
            if state_of(path).uid == journal.uid:
                return path
        except ConfigError:
            continue
    return None


def _group(record: Record) -> tuple[str, int]:
    return record.source, journal_place(record.journal_offset)[0]


def _begin(archive: Archive, record: Record) -> int:
    """From where frames have to be read for a record; 0: not everything that is needed is there."""
    begin = archive.epoch_of(journal_place(record.journal_offset)[1])
    return min(begin, archive.epoch_at(record.first_at)) if begin and record.count > 1 else begin


def _all(records: Iterable[Record], fate: Fate, why: str) -> list[Tried]:
    return [Tried(record=record, fate=fate, why=why) for record in records]


def _missing(archive: Archive, record: Record) -> Tried:
    there = archive.frame(journal_place(record.journal_offset)[1]) is not None
    return Tried(record=record, fate="gone", why=NO_IMAGE if there else GONE)


def _judged(trial: Trial) -> Tried:
    outcomes = {name: count for name, count in trial.outcomes.items() if count}
    if trial.refusal is not None:
        said = trial.refusal
        return Tried(record=said, fate="refused", why=f"{said.stage}: {said.category}: {said.reason}", outcomes=outcomes)
    if trial.given:
        return Tried(record=trial.verdict(), fate="taken", outcomes=outcomes)
    if not trial.heard:
        return Tried(record=trial.record, fate="gone", why=GONE)
    return Tried(record=trial.record, fate="left", why=UNDER_WAY if trial.waits else UNTOLD, outcomes=outcomes)
