"""The live run: from the checkpoint on, for ever, while its sources come, change and go."""

from contextlib import aclosing
from functools import partial

from ingestd.app.finite import Rules, judged_by, new_run
from ingestd.app.housekeeping import Housekeeping
from ingestd.app.roster import Roster
from ingestd.interfaces import Clock, Feed, HistoryStore
from ingestd.journal.deathmark import Deathmark
from ingestd.journal.local import LocalJournal
from ingestd.model import Run
from ingestd.pipeline.ahead import decoded
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import Intake
from ingestd.pipeline.lane import FORGET_AFTER, Lane, closed_kept
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Hooks, Limits, Loader
from ingestd.pipeline.turns import Turns
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings, SourceSettings
from ingestd.telemetry import Reporter
from ingestd.telemetry.incidents import Incidents


class LiveRun:
    """One run over the daemon's own journal. Before it has begun, while the store is away, ``loader`` is None and there are no lanes.

    What is told of sources takes effect at one place of the journal, behind all that was read before: ``pipeline/turns.py``.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        settings: Settings,
        roster: Roster,
        intake: Intake,
        journal: LocalJournal,
        store: HistoryStore,
        clock: Clock,
        reporter: Reporter,
    ) -> None:
        self.writer = Writer(store, clock, reporter)
        self.incidents = Incidents(store.record, clock, reporter)
        status = self.writer.status
        self.housekeeping = Housekeeping(store, settings.store.retention, lambda: bool(status.unavailable_since), clock, reporter)
        self.catalogue = Catalogue()
        self.lanes: dict[str, Lane] = {}
        self.loader: Loader | None = None
        self._settings = settings
        self._roster = roster
        self._intake = intake
        self._journal = journal
        self._store = store
        self._clock = clock
        self._reporter = reporter
        self._deathmark = Deathmark(settings.journal.path / "deathmark")
        self._turns = Turns()

    async def run(self) -> None:
        """Until the journal is sealed and read."""
        run = new_run("live", "", self._clock)
        with self._reporter.bound(job="live", run=f"{run.run_id & (1 << 64) - 1:016x}"):
            await self._record(run)

    def close(self) -> None:
        """Nothing is being worked on any more. Not after a failure: the frame that was stays marked."""
        self._deathmark.close()

    def adopt(self, settings: Settings) -> None:
        """Batches by these settings from now on, and whose word counts first."""
        if settings.preferred != self._settings.preferred:
            self._turns.plan("", self._intake.place(), self._prefer)
        self._settings = settings
        self.housekeeping.retention = settings.store.retention
        if self.loader is not None:
            self.loader.limits = self._limits()

    def add(self, source: SourceSettings, feed: Feed) -> None:
        """A source comes: its lane is warmed as at a start, its first frames wait for that."""
        place, rules = self._intake.place(), judged_by(self._settings, source.name)

        async def come() -> None:
            self.lanes[source.name] = lane = await self._warmed(source, feed, rules)
            await self._rebuild(lane, place.result())

        self._turns.plan(source.name, place, come)

    def change(self, name: str, feed: Feed, *, retold: bool) -> None:
        """A source goes on with this feed, judged by the settings as they are now; ``retold``: its frames are read in other words."""
        place, rules = self._intake.place(), judged_by(self._settings, name)

        async def turn() -> None:
            lane = self.lanes[name]
            lane.adopt(feed, **rules, retold=retold)
            if retold and not feed.renewable:
                # its session may be resumed; any other begins with an epoch, and nothing of before is needed
                await self._rebuild(lane, place.result())

        self._turns.plan(name, place, turn)

    def remove(self, name: str, collector: Collector) -> None:
        """A source has gone, its collector is stopped: its lane goes once the store has all that it read."""

        async def go() -> None:
            del self.lanes[name]
            self.catalogue.leave(name)
            if self.loader is not None:
                self.loader.freshness.forget(name)
            self._roster.drop(name, collector)

        self._turns.plan(name, self._intake.place(), go)

    async def _record(self, run: Run) -> None:
        # as it is now: what comes later comes in its turn
        first = [
            (source, self._roster.feeds[source.name], judged_by(self._settings, source.name))
            for source in self._settings.sources
            if source.name in self._roster.feeds
        ]
        journal_id, position = await self.writer.asked(partial(self._enter, run))
        self.incidents.begin(run.run_id)
        self.housekeeping.begin()
        for source, feed, rules in first:
            self.lanes[source.name] = await self._warmed(source, feed, rules)
        roster = self._roster
        hooks = Hooks(renew=roster.renew, park=roster.park, view=roster.view, silence_limit=roster.silence_limit, full=self._full)
        self.loader = loader = Loader(
            run,
            self._journal,
            journal_id,
            self.lanes,
            Learner(self.catalogue, self.writer, self._clock),
            self.writer,
            self._clock,
            self._reporter,
            self._deathmark,
            limits=self._limits(),
            hooks=hooks,
            turns=self._turns,
        )
        self._reporter.fact("run.started", kind="live", source="all sources", position=position)
        await loader.run(position)
        await self._store.end(run, ended_at=self._clock.now(), status="stopped", counts={})
        self._reporter.fact("run.ended", kind="live", source="all sources", status="stopped")

    async def _enter(self, run: Run) -> tuple[int, int]:
        await self._store.prepare()
        journal_id = await self._store.journal_id(self._journal.uid, str(self._settings.journal.path))
        position = await self._store.begin(run, journal_id, 0)
        await self._store.prefer(self._settings.preferred)
        return journal_id, position

    async def _warmed(self, source: SourceSettings, feed: Feed, rules: Rules) -> Lane:
        """A lane with what the store knows of its source."""
        # by the frames' own time, as the book forgets: a restart's clock decides nothing
        since = await self.writer.asked(partial(self._store.seen_until, source.name)) or 0
        kept = closed_kept(feed.time_rule)
        warm = await self.writer.asked(partial(self._store.warm, source.name, since - FORGET_AFTER, since - kept))
        return Lane(source.name, source.feed, feed, self.catalogue, warm=warm, live=True, **rules)

    async def _rebuild(self, lane: Lane, position: int) -> None:
        """Bring the lane's decoder to where it was at ``position``, as a restart does."""
        epoch = await self._journal.epoch_at(lane.source, position)
        lane.begin(epoch)
        if not epoch:
            return
        async with aclosing(self._journal.read(epoch - 1)) as blocks:
            async for block in blocks:
                for frame in block.frames:
                    if frame.source == lane.source and frame.offset <= position:
                        decoded(lane, frame, self._deathmark, rebuild=True)
                self._deathmark.clear()
                if block.last >= position:
                    return
                await self._clock.sleep(0)

    async def _prefer(self) -> None:
        await self.writer.asked(partial(self._store.prefer, self._settings.preferred))

    def _limits(self) -> Limits:
        return Limits(rows=self._settings.batch.rows, pace=self._settings.batch.pace)

    def _full(self) -> bool:
        return self._intake.paused_since is not None
