"""Plays what a provider in small says through decoder, stages, book, batch and store, and holds the tables against its ledger.

Everything but the provider is real: journal, loader, lane, store. A loader may die before or after any commit; the next one goes on from
the checkpoint. At the end the journal is replayed, from its beginning, onto the same store: nothing may change.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count, groupby, pairwise
from pathlib import Path
from random import Random
from typing import Final

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ingestd.batch import Batch, Written
from ingestd.clock import SystemClock
from ingestd.errors import first
from ingestd.interfaces import Feed, Store
from ingestd.journal.deathmark import Deathmark
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import Frame, Run, RunKind, hash64
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import FORGET_AFTER, Lane, closed_kept
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Hooks, Limits, Loader
from ingestd.pipeline.standing import CollectorView
from ingestd.pipeline.writer import Writer
from ingestd.sources import FEEDS
from ingestd.sources.kind import FeedOptions
from ingestd.store import open_store
from ingestd.store.connect import reader_engine, target
from ingestd.store.statements import table
from ingestd.store.warm import reading
from ingestd.testing.context import feed_context
from ingestd.testing.rig.daemon import SCHEMA
from tests.properties.ledger import WORSE, Key, Shown
from tests.properties.provider import Provider

NUMBERS: Final = count(1)
POSITION: Final = (1 << 40) - 1
"""The part of an offset in the store that is the position in its journal."""
LIMITS: Final = JournalLimits(limit=1 << 30, reserve=0, retain=1 << 62)


class Died(Exception):
    """The loader ends here."""


class Silence:
    """Telemetry that nobody listens to."""

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Say nothing."""

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Say nothing."""


class Said(Struct):
    """What a provider said: its frames, and how everything stood after each of them."""

    frames: list[Frame]
    shown: list[dict[Key, Shown]]
    since: list[dict[Key, int]]
    provider: Provider


class Change(Struct, frozen=True):
    """A row of history; ``position``: of the frame that made it."""

    at: int
    shown: Shown
    position: int


Tables = tuple[dict[Key, Shown], dict[Key, list[Change]]]
"""Prices as they are, and their history."""


def say(provider: Provider, program: Sequence[int]) -> Said:
    """Let it say whatever these numbers make of it, one step each."""
    said = Said([], [], [], provider)
    for number, seed in enumerate(program):
        dice = Random(seed)
        for frame in provider.step(dice) if number else provider.begin(dice):
            said.frames.append(frame)
            said.shown.append(provider.ledger.shown())
            said.since.append({key: row.at for key, row in provider.ledger.rows.items()})
    return said


class Bench:
    """A store, and a reader of it. Examples follow each other in it, each as a source of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.clock = SystemClock()
        self.store: Store = open_store(url, SCHEMA, self.clock)
        self.folder = folder
        self._engine: AsyncEngine = reader_engine(target(url, SCHEMA))

    async def open(self) -> None:
        """Make the schema."""
        await self.store.prepare()

    async def close(self) -> None:
        """Let go of it."""
        await self._engine.dispose()
        await self.store.close()

    async def shown(self, source: str) -> dict[Key, Shown]:
        """Everything as the tables have it now."""
        chosen, odds, markets = table("selections"), table("odds"), table("markets")
        within = (markets.c.source == chosen.c.source) & (markets.c.source_market_id == chosen.c.source_market_id)
        said = (
            select(chosen.c.identity, odds.c.price, odds.c.line, odds.c.size, odds.c.own_status, odds.c.result, markets.c.status)
            .join(odds, odds.c.selection_id == chosen.c.selection_id)
            .join(markets, within)
            .where(chosen.c.source == source)
        )
        async with reading(self._engine) as db:
            rows = (await db.execute(said)).all()
        return {_key(row[0]): Shown(*row[1:4], max(row[4], row[6], key=WORSE.index), row[5]) for row in rows}

    async def history(self, source: str) -> dict[Key, list[Change]]:
        """Every change of every selection, in its order."""
        chosen, rows = table("selections"), table("odds_history")
        said = (
            select(
                *(chosen.c.identity, rows.c.changed_at, rows.c.price, rows.c.line, rows.c.size),
                *(rows.c.status, rows.c.result, rows.c.journal_offset),
            )
            .join(rows, rows.c.selection_id == chosen.c.selection_id)
            .where(chosen.c.source == source)
            .order_by(chosen.c.identity, rows.c.changed_at, rows.c.seq)
        )
        async with reading(self._engine) as db:
            found = (await db.execute(said)).all()
        return {
            _key(identity): [Change(row[1], Shown(*row[2:7]), row[7] & POSITION) for row in group]
            for identity, group in groupby(found, key=lambda row: row[0])
        }


class Watched:
    """A store whose tables are looked at after every commit, and beside which the loader may die: before the n-th commit, or after it."""

    def __init__(self, store: Store, look: Callable[[int], Awaitable[None]], deaths: set[int]) -> None:
        self._store = store
        self._look = look
        self._deaths = deaths
        self._count = 0
        self.known = store.known

    async def write(self, batch: Batch) -> Written:
        """As the store does."""
        self._count += 1
        if 2 * self._count in self._deaths:
            self._deaths.remove(2 * self._count)
            raise Died
        written = await self._store.write(batch)
        assert written.refused == ()
        await self._look(batch.position)
        if 2 * self._count + 1 in self._deaths:
            self._deaths.remove(2 * self._count + 1)
            raise Died
        return written

    async def position(self, run: Run, journal_id: int) -> int:
        """As the store does."""
        return await self._store.position(run, journal_id)


class Trial:
    """One example: a source of a feed, what its provider said, and the store that is to know it."""

    def __init__(self, bench: Bench, feed_name: str, kind: type[Provider]) -> None:
        self.source = f"{feed_name}{next(NUMBERS)}"
        self.provider = kind(self.source)
        self._bench = bench
        self._feed_name = feed_name
        self._feed = _feed(feed_name, self.source, kind.options)
        self._lane: Lane
        self._positions: list[int] = []

    async def run(self, program: Sequence[int], rows: int, deaths: set[int]) -> None:
        """All of it. Raises AssertionError with what differs."""
        said = say(self.provider, program)
        folder = self._bench.folder / self.source
        journal = await LocalJournal.open(folder, clock=self._bench.clock, limits=LIMITS)
        try:
            await journal.append(said.frames)
            journal.seal()
            self._positions = [frame.offset async for block in journal.read(0) for frame in block.frames]
            await self._live(journal, said, rows, deaths)
            await self._end(said)
            before = await self._bench.shown(self.source), await self._bench.history(self.source)
            await self._replay(journal, rows)
            after = await self._bench.shown(self.source), await self._bench.history(self.source)
            _agree(_changed(before, after), "a replay changed what was recorded")
        finally:
            await journal.close()

    async def _live(self, journal: LocalJournal, said: Said, rows: int, deaths: set[int]) -> None:
        """Record it, life after life; after every commit the tables are as the provider has it."""

        async def look(position: int) -> None:
            known = sum(one <= position for one in self._positions)
            told = _differences(said.shown[known - 1], await self._bench.shown(self.source))
            _agree(told, f"after frame {known} of {len(said.frames)}")

        watched = Watched(self._bench.store, look, deaths)
        while not await self._life("live", journal, watched, rows):
            pass
        # a life that died on the last commit left nothing to be counted
        assert self._lane.counters["quarantined"] <= self.provider.refused, "a valid payload was refused"
        assert self._lane.counters["received"] == sum(
            self._lane.counters[outcome] for outcome in ("quarantined", "filtered", "duplicate", "stale", "unchanged", "changed")
        )

    async def _replay(self, journal: LocalJournal, rows: int) -> None:
        """The whole journal once more, as a run of its own."""

        async def look(_position: int) -> None:
            pass

        assert await self._life("replay", journal, Watched(self._bench.store, look, set()), rows)

    async def _life(self, kind: RunKind, journal: LocalJournal, watched: Watched, rows: int) -> bool:
        """A loader from the checkpoint on; whether it came to the end."""
        store, clock, live = self._bench.store, self._bench.clock, kind == "live"
        number = next(NUMBERS)
        run = Run(run_id=hash64("run", self.source, str(number)), kind=kind, source=self.source, started_at=clock.now())
        journal_id = await store.journal_id(journal.uid, str(journal.path))
        position = await store.begin(run, journal_id, 0)
        seen = await store.seen_until(self.source)
        since = seen or 0
        warm = await store.warm(self.source, since - FORGET_AFTER, since - closed_kept(self._feed.time_rule)) if live else None
        lane = self._lane = Lane(self.source, self._feed_name, self._feed, Catalogue(), warm=warm, live=live)
        silence, deathmark = Silence(), Deathmark(self._bench.folder / f"{self.source}-{number}")
        writer = Writer(watched, clock, silence)  # type: ignore[arg-type] # of a store, a writer uses these three
        learner = Learner(lane.catalogue, writer, clock)
        loader = Loader(
            run, journal, journal_id, {self.source: lane}, learner, writer, clock, silence, deathmark,
            limits=Limits(rows=rows, pace=0.0), hooks=_HOOKS if live else None, odds_after=None if live else seen,
        )  # fmt: skip
        try:
            await loader.run(position)
        except BaseExceptionGroup as failures:
            cause = first(failures)
            if isinstance(cause, Died):
                return False
            raise cause from failures
        finally:
            deathmark.close()
        return True

    async def _end(self, said: Said) -> None:
        """Once all is said, the history is that of the ledger, and says of nothing that it was open when it was not."""
        history = await self._bench.history(self.source)
        stamped = self.provider.history()
        if stamped is not None:
            found = {key: [(row.at, row.shown) for row in rows] for key, rows in history.items()}
            _agree(_unlike(stamped, found), "history")
            return
        _agree(_unlike(_expected(said), self._collapsed(history)), "history")
        for key, rows in history.items():
            for earlier, row in pairwise(rows):
                assert not row.shown.same(earlier.shown), f"{key}: told twice: {row}"
            for row in rows:
                known = self._positions.index(row.position)
                around = [said.shown[place].get(key) for place in (known - 1, known) if place >= 0]
                open_then = any(one is not None and one.status == "open" for one in around)
                assert row.shown.status != "open" or open_then, f"{key}: was not open: {row}"

    def _collapsed(self, history: Mapping[Key, list[Change]]) -> dict[Key, list[tuple[int, Shown]]]:
        """What stood after each frame, where that is news."""
        found: dict[Key, list[tuple[int, Shown]]] = {}
        for key, rows in history.items():
            kept = found.setdefault(key, [])
            for _, group in groupby(rows, key=lambda row: row.position):
                *_, last = group
                if not kept or not last.shown.same(kept[-1][1]):
                    kept.append((last.at, last.shown))
        return found


def _agree(told: Sequence[str], where: str) -> None:
    if told:
        raise AssertionError("\n".join((f"{where}:", *told)))


def _expected(said: Said) -> dict[Key, list[tuple[int, Shown]]]:
    found: dict[Key, list[tuple[int, Shown]]] = {}
    for shown, since in zip(said.shown, said.since, strict=True):
        for key, one in shown.items():
            kept = found.setdefault(key, [])
            if not kept or not one.same(kept[-1][1]):
                kept.append((since[key], one))
    return found


def _unlike(expected: Mapping[Key, list[tuple[int, Shown]]], found: Mapping[Key, list[tuple[int, Shown]]]) -> list[str]:
    """Selections whose history differs, with both."""
    told: list[str] = []
    for key in sorted(expected.keys() | found.keys()):
        ours, theirs = expected.get(key, []), found.get(key, [])
        same = len(ours) == len(theirs) and all(one[0] == two[0] and one[1].same(two[1]) for one, two in zip(ours, theirs, strict=True))
        if not same:
            told.append(f"{key}: is {ours}, recorded as {theirs}")
    return told


def _differences(expected: Mapping[Key, Shown], found: Mapping[Key, Shown]) -> list[str]:
    told = [f"{key}: is {one}, stored as {found.get(key)}" for key, one in expected.items() if not one.same(found.get(key))]
    return told + [f"{key}: nobody offers it, stored as {one}" for key, one in found.items() if key not in expected]


def _changed(before: Tables, after: Tables) -> list[str]:
    """What two looks at the same tables have not in common."""
    told = [f"{key}: {before[0].get(key)} became {one}" for key, one in after[0].items() if before[0].get(key) != one]
    for key in sorted(before[1].keys() | after[1].keys()):
        ours, theirs = ([(row.at, row.shown) for row in one[1].get(key, [])] for one in (before, after))
        if ours != theirs:
            told.append(f"{key}: {ours} became {theirs}")
    return told


def _key(identity: str) -> Key:
    """The provider's own words: all but the version of the rule, and the source."""
    return tuple(part.replace("\\|", "|") for part in re.split(r"(?<!\\)\|", identity)[2:])


def _feed(name: str, source: str, options: Mapping[str, object]) -> Feed:
    kind = FEEDS[name]
    said: FeedOptions = kind.options.model_validate(options)
    return kind.build(said, feed_context(source))


def _nothing(*_: object) -> None:
    pass


_HOOKS: Final = Hooks(
    renew=_nothing, park=_nothing, view=lambda _: CollectorView(state="live", since=0), silence_limit=lambda _: 7, full=lambda: False
)  # fmt: skip
