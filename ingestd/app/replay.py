"""The journal again through today's code: each source a run of its own, into a prepared store."""

from typing import Final

from msgspec.structs import replace

from ingestd.app.feeds import build_feed
from ingestd.app.finite import Loaded, judged_by, new_run
from ingestd.batch import SourceRow, store_offset
from ingestd.errors import ConfigError, first, ours
from ingestd.interfaces import Clock, Store
from ingestd.journal.excerpt import Excerpt
from ingestd.model import Frame, Run
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import FORGET_AFTER, Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Limits, Loader
from ingestd.pipeline.resilience import Breaker
from ingestd.pipeline.writer import Writer
from ingestd.settings import Settings, SourceSettings, validate_feeds
from ingestd.sources import FEEDS
from ingestd.sources.accounts import BUDGETS, Accounts
from ingestd.telemetry import Reporter

ALWAYS: Final = (0, 1 << 62)
"""From the first frame to the last, UTC µs."""


class Replays:
    """Replays what a daemon with these settings has recorded. It may run beside that daemon."""

    def __init__(self, settings: Settings, store: Store, reporter: Reporter, clock: Clock) -> None:
        """Raises ConfigError."""
        self._settings = settings
        self._options = validate_feeds(settings, FEEDS)
        self._store = store
        self._reporter = reporter
        self._clock = clock
        self._budgets = Accounts(settings.journal.path / BUDGETS, clock)

    async def replay(self, source: str, since: int, until: int) -> Loaded:
        """Frames of a source received from ``since`` (and what of their epoch came before) to ``until``, UTC µs. Raises ConfigError."""
        configured = next((one for one in self._settings.sources if one.name == source), None)
        if configured is None:
            names = ", ".join(one.name for one in self._settings.sources) or "none"
            raise ConfigError(f"--source: no source {source!r} is configured; there are: {names}")
        excerpt = Excerpt(self._settings.journal.path, source, since, until)
        if excerpt.first is None:
            return Loaded({"frames": 0, "received": 0, "changed": 0, "rows": 0})
        run = new_run("replay", source, self._clock)
        journal_id = await self._store.journal_id(excerpt.uid, str(self._settings.journal.path))
        position = await self._store.begin(run, journal_id, excerpt.begin - 1)
        try:
            counts = await self._play(run, configured, excerpt, excerpt.first, journal_id, position)
        except BaseException as failure:
            cause = first(failure)
            await self._store.end(run, ended_at=self._clock.now(), status="failed", counts={}, error=f"{type(cause).__name__}: {cause}")
            if isinstance(failure, BaseExceptionGroup):
                raise ours(failure) from failure
            raise
        await self._store.end(run, ended_at=self._clock.now(), status="done", counts=counts)
        return Loaded({name: counts[name] for name in counts if name not in ("data", "ordinal")})

    async def _play(
        self, run: Run, source: SourceSettings, excerpt: Excerpt, frame: Frame, journal_id: int, position: int
    ) -> dict[str, int]:
        clock, reporter, store = self._clock, self._reporter, self._store
        feed = build_feed(self._settings, source, self._options[source.name], clock, self._breaker, self._budgets)
        warm = await store.past(source.name, store_offset(journal_id, frame.offset), frame, frame.received_at - FORGET_AFTER)
        before = replace(warm, source=counted_before(source, frame))
        rules = judged_by(self._settings, source.name)
        lane = Lane(source.name, source.feed, feed, Catalogue(), warm=before, live=False, replay=True, **rules)
        writer, limits = Writer(store, clock, reporter), Limits(rows=self._settings.batch.rows, pace=0.0)
        odds_after = await store.seen_until(source.name)
        lanes, mark = {source.name: lane}, Unmarked()
        learner = Learner(lane.catalogue, writer, clock)
        loader = Loader(run, excerpt, journal_id, lanes, learner, writer, clock, reporter, mark, limits=limits, odds_after=odds_after)
        await loader.run(position)
        return {**lane.counters, "rows": loader.written["odds_history"], **lane.native}

    def _breaker(self, name: str) -> Breaker:
        return Breaker(name, self._clock, self._reporter)


class Unmarked:
    """A ``Deathmark`` that remembers nothing: nobody goes on with a replay that died."""

    position = deaths = 0

    def mark(self, position: int) -> None:
        """Work on a frame begins."""

    def clear(self) -> None:
        """No frame is being worked on."""


def counted_before(source: SourceSettings, frame: Frame) -> SourceRow:
    """The source as its frames before this one leave it: counted."""
    return SourceRow(
        source=source.name,
        feed=source.feed,
        state="stopped",
        since=0,
        last_received_at=0,
        last_changed_at=0,
        alive_at=0,
        silence_limit=0,
        counters={"ordinal": frame.ordinal - 1},
    )
