"""A daemon of very many sources, composed and not running, with the counts that many bad days leave: to see how much it says of itself."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final, get_args

from ingestd.app import Daemon
from ingestd.app.finite import new_run
from ingestd.app.replay import Unmarked
from ingestd.app.tally import Tally
from ingestd.clock import SystemClock
from ingestd.model import OUTCOMES, SECOND, Frame, RunKind, Scope, ScopeKind
from ingestd.pipeline.lane import DUPLICATE, Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Limits, Loader
from ingestd.reasons import CATEGORIES, REASONS
from ingestd.settings import LogSettings, Settings
from ingestd.store.history import Backlog, EndedRun
from ingestd.telemetry import build_reporter
from ingestd.telemetry.metrics import METRICS

WORDS: Final = 25
"""Reasons of each kind that a source gives."""
ENDS: Final = ("done", "failed")
ELSEWHERE: Final = {"duplicate_records_total", "source_refused_requests_total"}
"""Counted by lanes and sessions, and put into the metrics at a scrape."""


class Door:
    """A session whose provider comes to us, with the requests that it refused."""

    def __init__(self, refused: Mapping[str, int]) -> None:
        self.refused = refused

    async def read(self) -> Sequence[Frame]:
        """Nobody reads here."""
        return ()

    async def renew(self, scope: Scope) -> None:
        """Nor asks."""

    def durable(self, frames: Sequence[Frame]) -> None:
        """Nor tells."""


@asynccontextmanager
async def crowd(folder: Path, sources: int, seed: int) -> AsyncIterator[Daemon]:
    """Sources that have gone through everything that metrics tell of; with reasons of ours, and some that nobody knows."""
    names = [f"source-{number:04}" for number in range(sources)]
    settings = Settings.model_validate(
        {
            "store": {"url": f"sqlite:///{folder / 'store.db'}"},
            "journal": {"path": folder / "journal", "reserve": 0},
            "http": {"port": 0},
            "sources": [{"name": name, "feed": "simulated", "url": "ws://127.0.0.1:9"} for name in names],
        }
    )
    clock = SystemClock()
    reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
    daemon = await Daemon.compose(settings, reporter, clock)
    random = Random(seed)
    for name in names:
        _speak(daemon, name, random)
        daemon.lanes[name] = _lane(daemon, name, random)
    _asked(daemon, names, random)
    daemon.live.loader = _loader(daemon)
    try:
        yield daemon
    finally:
        await daemon.journal.close()
        await daemon.store.close()
        await reporter.close()


def _lane(daemon: Daemon, name: str, random: Random) -> Lane:
    lane = Lane(name, "simulated", daemon.roster.feeds[name], daemon.catalogue, live=True)
    lane.counters |= {outcome: random.randrange(10**9) for outcome in OUTCOMES}
    lane.counters |= {DUPLICATE + word: random.randrange(10**6) for word in _words(random)}
    lane.counters |= {"received": random.randrange(10**9), "ordinal": random.randrange(10**9), "frames": 1}
    lane.committed(())
    return lane


def _loader(daemon: Daemon) -> Loader:
    """One that saw a clock ahead of ours at every source."""
    run, learner = new_run("live", "", daemon.clock), Learner(daemon.catalogue, daemon.writer, daemon.clock)
    loader = Loader(
        *(run, daemon.journal, 1, daemon.lanes, learner, daemon.writer, daemon.clock, daemon.reporter, Unmarked()), limits=Limits()
    )
    loader.freshness.ahead.update(dict.fromkeys(daemon.lanes, SECOND))
    return loader


def _speak(daemon: Daemon, name: str, random: Random) -> None:
    """Everything that loops say of a source."""
    for metric, about in METRICS.items():
        if about.most and metric not in ELSEWHERE:
            for word in _words(random):
                daemon.reporter.add(metric, source=name, **{about.labels[-1]: word})
        elif about.labels == ("source",) and about.kind != "gauge":
            daemon.reporter.add(metric, random.random() * 100, source=name)
    for kind in get_args(ScopeKind):
        daemon.reporter.add("source_resyncs_total", source=name, reason=kind)
    daemon.reporter.add("dropped_records_total", source=name, stage="journal", reason="journal_full")
    standing = daemon.collectors[name]._standing  # noqa: SLF001 - what only its own task may move; nobody runs here
    standing.read = random.randrange(10**9)
    standing.receive(Door(dict.fromkeys(_words(random), 1)))


def _asked(daemon: Daemon, names: list[str], random: Random) -> None:
    """Everything that the store tells, of these sources and of others."""
    tally = Tally(daemon.reporter.metrics, names, 0)
    everybody = [*names, *(f"{random.getrandbits(64):x}" for _ in names)]
    kinds = [(kind, end) for kind in get_args(RunKind) if kind != "live" for end in ENDS]
    tally.ended(
        EndedRun(
            run_id=number, kind=kind, source=name, status=end, started_at=SECOND, ended_at=random.randrange(2, 10_000) * SECOND, received=9
        )
        for number, (name, (kind, end)) in enumerate((name, pair) for name in everybody for pair in kinds)
    )
    tally.waiting(Backlog(source=name, count=3, first_at=SECOND) for name in everybody)


def _words(random: Random) -> list[str]:
    known = random.sample(sorted(CATEGORIES | REASONS.keys()), WORDS)
    return [*known, f"http_{random.randrange(400, 600)}", f"error_{random.randrange(100)}", f"{random.getrandbits(64):x} said the provider"]
