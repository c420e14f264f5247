"""Finite runs, composed from settings: one recording (a file, or a series of polls), one journal, one book."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final, TypedDict

from msgspec import Struct

from ingestd.errors import ConfigError, first, ours
from ingestd.interfaces import Clock, Feed, HistoryStore
from ingestd.journal.deathmark import Deathmark
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import SECOND, BookmakerKind, Run, RunKind, hash64
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.judge import Standards
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Limits, Loader
from ingestd.pipeline.stages.validate.markets import Bounds
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings, feed_options
from ingestd.settings.model import BookBounds, SourceBounds
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedKind
from ingestd.sources.transports.files import recorded
from ingestd.telemetry import Reporter
from ingestd.telemetry.incidents import Incidents

FOR_EVER: Final = 1 << 62
"""A finite run's journal is kept whole: its frames are as old as the recording, and it is what a replay reads."""


class Loaded(Struct):
    """What a finite run did: frames, updates by outcome, rows of history written, and the provider's own units."""

    counts: dict[str, int]


class FileLoads:
    """Loads recordings, each through a journal, a decoder and a book of its own, into a prepared store."""

    def __init__(self, settings: Settings, store: HistoryStore, reporter: Reporter, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._reporter = reporter
        self._clock = clock
        self._incidents = Incidents(store.record, clock, reporter)
        reporter.listen(self._incidents.hear)

    async def load(self, feed: str, source: str, paths: Sequence[Path], at: int | None) -> Loaded:
        """One run: a file, or all those of a series, by the times of their first records.

        ``at``: µs UTC for records that do not say when they were made. Raises ConfigError for a file that cannot be opened.
        """
        run = new_run("load", source, self._clock)
        recording = recorded(source, paths, kind_of(self._settings, feed, source), self._clock, at)
        folder = run_folder(self._settings, run)
        journal = await open_journal(self._settings, folder, self._clock, retain=FOR_EVER)
        deathmark = Deathmark(folder / "deathmark")
        lane = Lane(source, feed, recording, Catalogue(), live=False, **judged_by(self._settings, source))
        try:
            written = await self._play(run, journal, folder, deathmark, lane, recording)
        except BaseException as failure:
            cause = first(failure)
            said = self._reporter.redactor.text(f"{type(cause).__name__}: {cause}")
            await self._store.end(run, ended_at=self._clock.now(), status="failed", counts={}, error=said)
            if isinstance(failure, BaseExceptionGroup):
                raise ours(failure) from failure
            raise
        finally:
            deathmark.close()
            await journal.close()
            self._reporter.tell_kept_back(everything=True)
            await self._incidents.close()
        counts = {**lane.counters, **lane.book.unknown, "frames": lane.counters["data"], "rows": written["odds_history"], **lane.native}
        await self._store.end(run, ended_at=self._clock.now(), status="done", counts=counts)
        return Loaded({name: counts[name] for name in counts if name not in ("data", "ordinal")})

    async def _play(self, run: Run, journal: LocalJournal, folder: Path, deathmark: Deathmark, lane: Lane, recording: Feed) -> Counter[str]:
        """From the files to the store; returns the rows written, by table."""
        clock, reporter, store = self._clock, self._reporter, self._store
        intake = Intake(journal, clock, reporter)
        collector = Collector(lane.source, recording, intake, journal, clock, reporter, Random(0))  # noqa: S311 - no pause, no secret
        journal_id = await store.journal_id(journal.uid, str(folder))
        position = await store.begin(run, journal_id, 0)
        self._incidents.begin(run.run_id)
        limits = Limits(rows=self._settings.batch.rows, pace=0.0)
        odds_after = await store.seen_until(lane.source)
        writer = Writer(store, clock, reporter)
        learner = Learner(lane.catalogue, writer, clock)
        loader = Loader(
            run,
            journal,
            journal_id,
            {lane.source: lane},
            learner,
            writer,
            clock,
            reporter,
            deathmark,
            limits=limits,
            odds_after=odds_after,
        )

        async def collect() -> None:
            await collector.run()
            await intake.close()
            journal.seal()

        async with asyncio.TaskGroup() as group:
            group.create_task(intake.run(), name="intake")
            group.create_task(collect(), name=f"collector {collector.name}")
            group.create_task(loader.run(position), name="loader")
        return loader.written


def kind_of(settings: Settings, feed: str, source: str) -> FeedKind:
    """How recordings are read: as the configured source of this name says, where its options decide. Raises ConfigError."""
    kind = FEEDS[feed]
    found = next((one for one in settings.sources if (one.name, one.feed) == (source, feed)), None)
    if kind.by_options is None:
        return kind
    if found is None:
        names = ", ".join(one.name for one in settings.sources if one.feed == feed) or "none"
        raise ConfigError(f"load: how {feed} payloads are read is said by a configured source; name one by --source (there are: {names})")
    return kind.configured(feed_options(found, kind))


class Rules(TypedDict):
    """How a lane judges what it takes in."""

    standards: Standards
    audit_duplicates: bool


def judged_by(settings: Settings, source: str) -> Rules:
    """What the settings say of validation, for one source."""
    said = settings.validation
    own = next((one.validation for one in settings.sources if one.name == source), SourceBounds())
    kinds: dict[BookmakerKind, BookBounds] = {"book": said.book, "exchange": said.exchange, "prediction": said.prediction}
    bounds = {
        kind: Bounds(own.overround_min or one.overround_min, own.overround_max or one.overround_max, own.jump or one.jump)
        for kind, one in kinds.items()
    }
    return Rules(standards=Standards(bounds=bounds, start_passed=int(said.start_passed * SECOND)), audit_duplicates=said.audit_duplicates)


def new_run(kind: RunKind, source: str, clock: Clock) -> Run:
    """A run that begins now; its id does not repeat."""
    now = clock.now()
    return Run(run_id=hash64("run", kind, source, str(now), str(os.getpid())), kind=kind, source=source, started_at=now)


def run_folder(settings: Settings, run: Run) -> Path:
    """Where a finite run keeps its journal: beside the store, if that is a file."""
    url = settings.store.url
    name = f"{run.kind}-{run.source}-{run.run_id & (1 << 64) - 1:016x}"
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///") + ".runs") / name
    return settings.journal.path / "runs" / name


async def open_journal(settings: Settings, path: Path, clock: Clock, retain: int | None = None) -> LocalJournal:
    """The journal at ``path``, under the configured limits (``retain`` in µs, if not the configured one). Raises InUse, ConfigError."""
    return await LocalJournal.open(path, clock=clock, limits=journal_limits(settings, retain))


def journal_limits(settings: Settings, retain: int | None = None) -> JournalLimits:
    """As configured, but for ``retain`` (µs) where it is given."""
    return JournalLimits(
        limit=settings.journal.limit,
        reserve=settings.journal.reserve,
        retain=int(settings.journal.retain * SECOND) if retain is None else retain,
        segment_bytes=settings.journal.segment,
    )
