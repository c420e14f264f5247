"""Finite runs, composed from settings: one recorded file, one journal, one book."""

import asyncio
import os
from pathlib import Path
from random import Random

from msgspec import Struct

from ingestd.clock import SystemClock
from ingestd.interfaces import Clock, Store
from ingestd.journal.deathmark import Deathmark
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import SECOND, Run, RunKind, hash64
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.loader import Limits, Loader
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings
from ingestd.sources import FEEDS
from ingestd.sources.transports.files import recorded
from ingestd.telemetry import Reporter


class Loaded(Struct):
    """What a finite run did: frames, updates by outcome, rows of history written, and the provider's own units."""

    counts: dict[str, int]


async def load_file(settings: Settings, feed: str, source: str, path: Path, at: int | None, store: Store, reporter: Reporter) -> Loaded:
    """One recorded file through a journal, a decoder and a book of its own into a prepared store.

    ``at``: µs UTC for records that do not say when they were made. Raises ConfigError for a file that cannot be opened.
    """
    clock = SystemClock()
    run = new_run("load", source, clock)
    recording = recorded(source, path, FEEDS[feed], clock, at)
    folder = run_folder(settings, run)
    journal = await open_journal(settings, folder, clock)
    deathmark = Deathmark(folder / "deathmark")
    writer = Writer(store, clock, reporter)
    intake = Intake(journal, clock, reporter)
    collector = Collector(source, recording, intake, journal, clock, reporter, Random(0))  # noqa: S311 - no pause, no secret
    lane = Lane(source, feed, recording, Catalogue(), live=False)

    async def collect() -> None:
        await collector.run()
        await intake.close()
        journal.seal()

    try:
        journal_id = await store.journal_id(journal.uid, str(folder))
        position = await store.begin(run, journal_id, 0)
        limits = Limits(rows=settings.batch.rows, pace=0.0)
        odds_after = await store.seen_until(source)
        loader = Loader(run, journal, journal_id, {source: lane}, writer, clock, reporter, deathmark, limits=limits, odds_after=odds_after)
        async with asyncio.TaskGroup() as group:
            group.create_task(intake.run())
            group.create_task(collect())
            group.create_task(loader.run(position))
        counts = {**lane.counters, "frames": lane.counters["data"], "rows": loader.written["odds_history"], **lane.native}
        await store.end(run, ended_at=clock.now(), status="done", counts=counts)
    finally:
        deathmark.close()
        await journal.close()
    return Loaded({name: counts[name] for name in counts if name not in ("data", "ordinal")})


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


async def open_journal(settings: Settings, path: Path, clock: Clock) -> LocalJournal:
    """The journal at ``path``, under the configured limits. Raises InUse, ConfigError."""
    limits = JournalLimits(
        limit=settings.journal.limit,
        reserve=settings.journal.reserve,
        retain=int(settings.journal.retain * SECOND),
        segment_bytes=settings.journal.segment,
    )
    return await LocalJournal.open(path, clock=clock, limits=limits)
