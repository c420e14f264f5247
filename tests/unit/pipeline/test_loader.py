"""The loop of a run: whatever the batches, restarts and refusals, the same facts; bounded, patient, never beside the tail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random

import pytest
from msgspec import DecodeError, json
from msgspec.structs import replace

from ingestd.batch import Batch, Refusal, Warm, Written, store_offset
from ingestd.clock import SystemClock
from ingestd.errors import Fenced, Malformed, StoreUnavailable
from ingestd.interfaces import Session, Store
from ingestd.journal.limits import JournalLimits
from ingestd.journal.local import LocalJournal
from ingestd.model import (
    NO_PRICE,
    OUTCOMES,
    SECOND,
    WHOLE,
    Block,
    Complete,
    Decoded,
    Fixture,
    Frame,
    Gap,
    Lost,
    MarketStatus,
    Quote,
    Reject,
    Run,
    RunKind,
    Scope,
    Selection,
    Skipped,
    SourceTail,
    TimeRule,
    selection,
)
from ingestd.pipeline.catalogue import Catalogue
from ingestd.pipeline.lane import Lane
from ingestd.pipeline.learning import Learner
from ingestd.pipeline.loader import Hooks, Limits, Loader
from ingestd.pipeline.standing import CollectorView
from ingestd.pipeline.writer import Writer
from ingestd.relations import Known, Wanted
from ingestd.store import open_store
from ingestd.testing.clock import VirtualClock
from ingestd.testing.digest import Fact, facts

T = 1_700_000_000 * SECOND
MARKETS = {"a": "m1", "b": "m1", "c": "m2", "d": "m3"}


class Killed(BaseException):
    """The process died here."""


def named(source: str, key: str) -> Selection:
    """A selection of the toy feed."""
    market = MARKETS[key]
    return selection(
        source,
        (key,),
        bookmaker="B",
        source_event_id=f"e-{market}",
        source_market_id=market,
        scope=Scope("market", market),
        market="w",
        outcome=key,
    )


class ToyDecoder:
    """Deltas upon an image, in JSON: what it says depends on all it read since the epoch began.

    ``{"n": 7, "image": {"a": 1.5}}``, ``{"n": 8, "add": {"a": 0.1}, "market": {"m1": "suspended"}, "gone": ["b"]}``, ``{"bug": 1}``.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts = {"lines": 0}
        self.counts: Mapping[str, int] = self._counts
        self._prices: dict[str, float] | None = None
        self._n = 0

    def __call__(self, frame: Frame) -> Iterable[Decoded]:
        """What a frame says."""
        if frame.kind != "data":
            return []
        self._counts["lines"] += 1
        try:
            said = json.decode(frame.payload, type=dict[str, object])
        except DecodeError as error:
            raise Malformed("shape", str(error)) from error
        if "die" in said:
            raise Killed
        n = int(str(said["n"]))
        at = T + n * 1_000
        if "image" in said:
            return self._image(said["image"], n, at)
        return self._delta(said, n, at)

    def broken(self, reason: str, frame: Frame | None = None) -> Iterable[Decoded]:
        """Wait for an image."""
        self._prices = None
        return [Gap(WHOLE, reason)]

    def _delta(self, said: dict[str, object], n: int, at: int) -> list[Decoded]:
        if self._prices is None:
            return [Reject(stage="decode", category="no_base", reason="no image yet")]
        if n <= self._n:
            return [Skipped("duplicate", "n")]
        self._n = n
        return [*self._add(said.get("add", {}), at), *self._rest(said, at)]

    def _image(self, prices: object, n: int, at: int) -> list[Decoded]:
        assert isinstance(prices, dict)
        self._n, self._prices = n, dict(prices)
        quotes = [Quote(named(self._source, key), price, None, changed_at=at) for key, price in self._prices.items()]
        events = [
            Fixture(source_event_id=f"e-{market}", sport="toy", name=market, changed_at=at) for market in sorted(set(MARKETS.values()))
        ]
        return [*events, *quotes, Complete(WHOLE, frozenset(quote.selection.id for quote in quotes), at)]

    def _add(self, deltas: object, at: int) -> Iterable[Decoded]:
        assert isinstance(deltas, dict)
        assert self._prices is not None
        for key, delta in deltas.items():
            if key not in self._prices:
                yield Reject(stage="decode", category="unknown", reason=key, path=key)
                continue
            price = self._prices[key] = round(self._prices[key] + delta, 3)
            yield Quote(named(self._source, key), price or NO_PRICE, changed_at=at)

    def _rest(self, said: dict[str, object], at: int) -> Iterable[Decoded]:
        markets, gone = said.get("market", {}), said.get("gone", [])
        assert isinstance(markets, dict)
        assert isinstance(gone, list)
        assert self._prices is not None
        for market, status in markets.items():
            yield MarketStatus(source_event_id=f"e-{market}", source_market_id=market, market="w", status=status, changed_at=at)
        for key in gone:
            if self._prices.pop(key, None) is not None:
                yield Quote(named(self._source, key), None, None, "withdrawn", changed_at=at)


class ToyFeed:
    """Makes them."""

    time_rule: TimeRule = "ordered"
    silence_limit = 1.0
    renewable = True

    def __init__(self, source: str = "toy") -> None:
        self._source = source

    def connect(self, resume: str) -> AbstractAsyncContextManager[Session]:
        """Never called."""
        raise AssertionError(resume)

    def decoder(self) -> ToyDecoder:
        """Another."""
        return ToyDecoder(self._source)


def data(said: object, at: int = 0, source: str = "toy", **meta: str) -> Frame:
    """A data frame received ``at`` ms after T."""
    payload = said if isinstance(said, bytes) else json.encode(said)
    return Frame(source, "data", T + at * 1_000, payload, meta=meta)


def opened(at: int = 0, source: str = "toy", **meta: str) -> Frame:
    """A session; fresh unless ``resumed``."""
    return Frame(source, "opened", T + at * 1_000, epoch="resumed" not in meta, meta=meta)


def recording(seed: int, source: str = "toy", size: int = 60) -> list[Frame]:
    """A random life of a source: images, deltas, duplicates, rubbish, bugs, cuts resumed and not, signs of life."""
    dice = Random(seed)
    frames = [opened(source=source), data({"n": 1, "image": {"a": 1.5, "b": 2.5, "c": 3.5}}, 1, source)]
    n = 1
    for at in range(2, size):
        n += dice.random() < 0.9
        (what,) = dice.choices(["delta", "image", "rubbish", "bug", "oversize", "cut", "alive"], [60, 12, 6, 4, 4, 4, 10])
        frames += {
            "delta": [data(_delta(dice, n), at, source)],
            "image": [
                data({"n": n, "image": {key: dice.choice([1.5, 2.0, 1.0]) for key in dice.sample("abcd", dice.randint(0, 4))}}, at, source)
            ],
            "rubbish": [data(b"{rubbish", at, source)],
            "bug": [data({"bug": n}, at, source)],
            "oversize": [data(b"", at, source, oversize="99")],
            "cut": [
                Frame(source, "closed", T + at * 1_000, meta={"reason": "reset"}),
                opened(at, source, **dice.choice([{}, {"resumed": "replay"}, {"resumed": "conflated"}])),
            ],
            "alive": [Frame(source, "alive", T + at * 1_000)],
        }[what]
    return frames


def _delta(dice: Random, n: int) -> dict[str, object]:
    said: dict[str, object] = {
        "n": n,
        "add": {key: dice.choice([0.0, 0.1, 0.2, -0.1, -9.0]) for key in dice.sample("abcd", dice.randint(1, 3))},
    }
    if dice.random() < 0.3:
        said["market"] = {dice.choice(["m1", "m2", "m3"]): dice.choice(["open", "suspended", "settled"])}
    if dice.random() < 0.2:
        said["gone"] = [dice.choice("abcd")]
    return said


class Telemetry:
    """Keeps what was said."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, str | float]]] = []
        self.added: list[tuple[str, dict[str, str]]] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Keep it."""
        self.facts.append((action, labels))

    def add(self, name: str, _value: float = 1, /, **labels: str) -> None:
        """Keep it."""
        self.added.append((name, labels))


class Deathmark:
    """As the journal's: what earlier starts died on stays known until another frame is died on."""

    def __init__(self, position: int = 0, deaths: int = 0) -> None:
        self.position = position
        self.deaths = deaths
        self.marked = 0

    def mark(self, position: int) -> None:
        """Work begins."""
        self.marked = position

    def clear(self) -> None:
        """Work is done."""
        self.marked = 0

    def next_start(self) -> "Deathmark":
        """What the next start knows."""
        if not self.marked:
            return Deathmark(self.position, self.deaths)
        return Deathmark(self.marked, self.deaths + 1 if self.marked == self.position else 1)


class Journal:
    """Frames in memory; positions in steps of ten."""

    uid = "memory"

    def __init__(self, frames: Sequence[Frame] = (), block: int = 256) -> None:
        self.frames: list[Frame] = []
        self.lost: list[Lost] = []
        self.kept: list[int] = []
        self.sealed = False
        self._block = block
        self._more = asyncio.Event()
        self._ordinals: dict[str, int] = {}
        self._add(frames)

    def _add(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            ordinal = self._ordinals[frame.source] = self._ordinals.get(frame.source, 0) + 1
            self.frames.append(replace(frame, ordinal=ordinal, offset=10 * len(self.frames) + 10))
        self._more.set()

    def lose(self, *indexes: int) -> None:
        """Damage: these frames are gone."""
        self.lost += [Lost(self.frames[index].offset, self.frames[index].offset, (), "torn") for index in indexes]
        gone = {lost.first for lost in self.lost}
        self.frames = [frame for frame in self.frames if frame.offset not in gone]

    async def append(self, frames: Sequence[Frame]) -> int:
        """At once."""
        self._add(frames)
        return self.last()

    async def read(self, after: int) -> AsyncIterator[Block]:
        """In blocks, then what comes."""
        for lost in self.lost:
            yield Block([], lost.last, lost)
        while True:
            self._more.clear()
            found = [frame for frame in self.frames if frame.offset > after][: self._block]
            if found:
                after = found[-1].offset
                yield Block(found, after)
            elif self.sealed:
                return
            else:
                await self._more.wait()

    async def tail_of(self, source: str) -> SourceTail:
        """Not called."""
        raise AssertionError(source)

    async def epoch_at(self, source: str, position: int) -> int:
        """The last frame up to there that began one."""
        await asyncio.sleep(0)
        return max(
            (frame.offset for frame in self.frames if frame.source == source and frame.epoch and frame.offset <= position), default=0
        )

    def first(self) -> int:
        """The oldest."""
        return self.frames[0].offset if self.frames else 0

    def last(self) -> int:
        """The newest."""
        return self.frames[-1].offset if self.frames else 0

    def size(self) -> int:
        """Not called."""
        raise AssertionError

    async def keep_from(self, position: int) -> None:
        """Remember it."""
        self.kept.append(position)

    def seal(self) -> None:
        """No more."""
        self.sealed = True
        self._more.set()

    async def close(self) -> None:
        """Nothing to do."""


class MemoryStore:
    """Keeps batches; ``answer`` may refuse or fail one."""

    def __init__(self, answer: Callable[[Batch], Written] | None = None) -> None:
        self.batches: list[Batch] = []
        self.on_write: Callable[[], None] = lambda: None
        self._answer = answer or (lambda _: Written())

    async def write(self, batch: Batch) -> Written:
        """Take it or not."""
        await asyncio.sleep(0)
        self.on_write()
        written = self._answer(batch)
        self.batches.append(batch)
        return written

    async def position(self, run: Run, journal_id: int) -> int:
        """Where the last batch ended."""
        assert (run.run_id, journal_id) == (1, 1)
        return self.batches[-1].position if self.batches else 0

    async def prefer(self, sources: Sequence[str]) -> None:
        """Not called."""
        raise AssertionError(sources)

    async def known(self, wanted: Wanted) -> Known:
        """Nothing but what the catalogue knows."""
        return Known(wanted.revision)

    async def prepare(self) -> None:
        """Nothing to do."""

    async def journal_id(self, uid: str, path: str) -> int:
        """Not called."""
        raise AssertionError(uid, path)

    async def begin(self, run: Run, journal_id: int, position: int) -> int:
        """Not called."""
        raise AssertionError(run, journal_id, position)

    async def warm(self, source: str, since: int, closed_since: int) -> Warm:
        """Not called."""
        raise AssertionError(source, since)

    async def past(self, source: str, offset: int, frame: Frame, since: int) -> Warm:
        """Not called."""
        raise AssertionError(source, offset, frame, since)

    async def seen_until(self, source: str) -> int | None:
        """Not called."""
        raise AssertionError(source)

    async def end(self, run: Run, *, ended_at: int, status: str, counts: Mapping[str, int], error: str = "") -> None:
        """Not called."""
        raise AssertionError(run, ended_at, status, counts, error)

    async def close(self) -> None:
        """Nothing to do."""


class Desk:
    """A loader over journal and store in memory, and what it asks of collectors."""

    def __init__(
        self,
        journal: Journal,
        store: MemoryStore | None = None,
        rows: int = 5_000,
        *,
        hooked: bool = True,
        mark: Deathmark | None = None,
        lanes: dict[str, Lane] | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.telemetry = Telemetry()
        self.journal = journal
        self.store = store or MemoryStore()
        self.renewed: list[tuple[str, Scope]] = []
        self.parked: list[tuple[str, str]] = []
        self.state = CollectorView(state="live", since=T)
        self.lanes = lanes or {"toy": Lane("toy", "toy", ToyFeed(), Catalogue(), live=hooked)}
        self.mark = mark or Deathmark()
        self.writer = Writer(self.store, self.clock, self.telemetry)
        hooks = Hooks(
            renew=lambda source, scope: self.renewed.append((source, scope)),
            park=lambda source, reason: self.parked.append((source, reason)),
            view=lambda _: self.state,
            silence_limit=lambda _: 7,
            full=lambda: False,
        )
        learner = Learner(next(iter(self.lanes.values())).catalogue, self.writer, self.clock)
        self.loader = Loader(
            run("live" if hooked else "load"), journal, 1, self.lanes, learner, self.writer, self.clock, self.telemetry, self.mark,
            limits=Limits(rows=rows), hooks=hooks if hooked else None,
        )  # fmt: skip

    async def run(self, position: int = 0) -> list[Batch]:
        """To the end of a sealed journal."""
        self.journal.seal()
        await self.loader.run(position)
        return self.store.batches

    @property
    def counters(self) -> dict[str, int]:
        """Of the one lane."""
        return self.lanes["toy"].counters


def run(kind: RunKind) -> Run:
    """A run."""
    return Run(run_id=1, kind=kind, source="toy", started_at=T)


def categories(batches: Iterable[Batch]) -> list[str]:
    """Of all rejects."""
    return [reject.category for batch in batches for reject in batch.rejects]


IMAGE = {"n": 1, "image": {"a": 1.5, "b": 2.5}}


# ------------------------------------------------------------------------------------------------ facts, on a real store and journal


class Place:
    """A real journal and a real store in a folder, and processes that come and go."""

    def __init__(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.url = f"sqlite:///{path / 'store.db'}"

    async def record(self, frames: Sequence[Frame]) -> None:
        """Put the frames into the journal, in two groups."""
        journal = await self.journal()
        for group in (frames[: len(frames) // 3], frames[len(frames) // 3 :]):
            await journal.append([replace(frame) for frame in group])
        await journal.close()

    async def journal(self) -> LocalJournal:
        """Enter it."""
        return await LocalJournal.open(self.path / "journal", clock=SystemClock(), limits=JournalLimits(reserve=0))

    async def process(
        self, rows: int, commits: int | None = None, kind: RunKind = "live", sources: Sequence[str] = ("toy",)
    ) -> dict[str, int]:
        """One process: from the checkpoint on, to the end or until it dies after some commits. Returns the first source's counters."""
        clock, telemetry = SystemClock(), Telemetry()
        journal = await self.journal()
        store = open_store(self.url, "", clock)
        await store.prepare()
        try:
            journal_id = await store.journal_id(journal.uid, "j")
            position = await store.begin(run(kind), journal_id, 0)
            catalogue = Catalogue()
            lanes = {}
            for source in sources:
                warm = await store.warm(source, 0, 0) if kind == "live" else None
                lanes[source] = Lane(source, "toy", ToyFeed(source), catalogue, warm=warm, live=kind == "live")
            view = CollectorView(state="live", since=T)
            hooks = Hooks(renew=lambda *_: None, park=lambda *_: None, view=lambda _: view, silence_limit=lambda _: 7, full=lambda: False)
            writer = Writer(Mortal(store, commits), clock, telemetry)
            loader = Loader(
                run(kind), journal, journal_id, lanes, Learner(next(iter(lanes.values())).catalogue, writer, clock), writer, clock,
                telemetry, Deathmark(),
                limits=Limits(rows=rows, pace=0.0), hooks=hooks if kind == "live" else None,
            )  # fmt: skip
            journal.seal()
            await loader.run(position)
            return lanes[sources[0]].counters
        finally:
            await store.close()
            await journal.close()

    async def dies(self, rows: int, commits: int, sources: Sequence[str] = ("toy",)) -> dict[str, int] | None:
        """A process that may die after some commits; the counters if it did not live to."""
        try:
            return await self.process(rows, commits, sources=sources)
        except BaseExceptionGroup as group:
            if group.split(Fenced)[1] is not None:
                raise
            return None

    async def facts(self) -> dict[str, list[Fact]]:
        """What the store holds."""
        return await facts(self.url)


class Mortal:
    """A store beneath a process that dies after some commits; ``Fenced`` is how it stops here."""

    def __init__(self, store: Store, commits: int | None) -> None:
        self._store = store
        self._left = commits
        self.position = store.position
        self.prepare, self.journal_id, self.begin = store.prepare, store.journal_id, store.begin
        self.known, self.prefer = store.known, store.prefer
        self.warm, self.past, self.seen_until, self.end, self.close = store.warm, store.past, store.seen_until, store.end, store.close

    async def write(self, batch: Batch) -> Written:
        """The last commit succeeds, and nobody hears of it."""
        written = await self._store.write(batch)
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise Fenced
        return written


async def undisturbed(path: Path, frames: Sequence[Frame], kind: RunKind = "live") -> dict[str, list[Fact]]:
    """The facts after one process with large batches."""
    place = Place(path)
    await place.record(frames)
    counters = await place.process(5_000, kind=kind)
    assert counters["received"] == sum(counters[name] for name in OUTCOMES)
    found = await place.facts()
    assert all(found[name] for name in ("odds", "odds_history", "selections", "markets", "coverage", "events", "quarantine"))
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_batches_of_any_size_give_the_same_facts(tmp_path: Path, seed: int) -> None:
    """Split anywhere between frames (I3)."""
    frames = recording(seed)
    expected = await undisturbed(tmp_path / "one", frames)
    place = Place(tmp_path)
    await place.record(frames)
    await place.process(1 + seed * 3)
    assert await place.facts() == expected


@pytest.mark.parametrize("seed", range(6))
async def test_restarts_at_any_checkpoint_give_the_same_facts(tmp_path: Path, seed: int) -> None:
    """Decoder rebuilt from its epoch, book, coverage and catalogue from the store; counters balance over all lives (I3, I6)."""
    frames = recording(seed)
    expected = await undisturbed(tmp_path / "one", frames)
    place, dice = Place(tmp_path), Random(seed)
    await place.record(frames)
    deaths = 0
    while (counters := await place.dies(dice.randint(1, 12), dice.randint(1, 4))) is None:
        deaths += 1
    assert deaths > 2
    assert await place.facts() == expected
    assert counters["frames"] == len(frames)
    assert counters["received"] == sum(counters[name] for name in OUTCOMES)


async def test_two_sources_in_one_journal_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Each with its own epoch, further back than the other's, over restarts."""
    frames = [frame for pair in zip(recording(1), recording(2, "toy2"), strict=False) for frame in pair]
    both = ("toy", "toy2")
    facts_of = []
    for name, deaths in (("one", 0), ("many", 6)):
        place = Place(tmp_path / name)
        await place.record(frames)
        died = [await place.dies(3, 5, both) is None for _ in range(deaths)]
        assert sum(died) == deaths
        await place.process(5_000, sources=both)
        facts_of.append(await place.facts())
    assert facts_of[0] == facts_of[1]


async def test_a_finite_run_leaves_the_same_facts_whatever_the_batches(tmp_path: Path) -> None:
    """And once more over what is there already."""
    frames = recording(3)
    expected = await undisturbed(tmp_path / "one", frames, "load")
    place = Place(tmp_path)
    for rows in (1, 7):
        await place.record(frames)
        await place.process(rows, kind="load")
        assert await place.facts() == expected
        (tmp_path / "journal").rename(tmp_path / f"journal-{rows}")


# ------------------------------------------------------------------------------------------------ batches


async def test_a_batch_ends_between_frames_where_it_is_full() -> None:
    """Position and offsets name the frames that are in it."""
    journal = Journal([opened(), data(IMAGE), *(data({"n": n, "add": {"a": 0.1, "b": 0.1}}) for n in range(2, 6))])
    desk = Desk(journal, rows=6, hooked=False)
    batches = await desk.run()
    assert [batch.position for batch in batches] == [20, 40, 60, 60]
    assert [sorted({change.offset for change in batch.changes}) for batch in batches] == [
        [store_offset(1, 20)], [store_offset(1, 30), store_offset(1, 40)], [store_offset(1, 50), store_offset(1, 60)], [],
    ]  # fmt: skip
    assert desk.counters["frames"] == 6


async def test_a_finite_run_ends_with_a_batch_that_settles_its_history() -> None:
    """All that it wrote, and its coverage closed; no row for the source, which is not alive."""
    desk = Desk(Journal([opened(), data(IMAGE, 3)]), hooked=False)
    batches = await desk.run()
    assert batches[-1].settle == {named("toy", "a").id, named("toy", "b").id}
    assert [(row.state, row.ended_at) for row in batches[-1].coverage.values()] == [("complete", T + 3_000)]
    assert all(batch.sources == {} and batch.odds_after is None for batch in batches)


async def test_a_live_batch_says_how_the_source_stands() -> None:
    """With every batch that has frames of it."""
    desk = Desk(Journal([opened(), data(IMAGE)]))
    (batch,) = await desk.run()
    row = batch.sources["toy"]
    assert (row.state, row.silence_limit, row.counters["frames"], row.counters["ordinal"]) == ("live", 7, 2, 2)
    assert [row.state for row in batch.coverage.values()] == ["complete"]
    assert batch.settle == set()


async def test_a_changed_state_is_written_though_no_frame_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parked source has no frames to say so."""
    monkeypatch.setattr("ingestd.pipeline.loader.TICK", 0.02)
    journal = Journal()
    desk = Desk(journal)
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.loader.run(0))
        await asyncio.sleep(0.1)
        desk.state = CollectorView(state="parked", since=T + 9, reason="refused")
        await asyncio.sleep(0.1)
        journal.seal()
    states = [batch.sources["toy"].state for batch in desk.store.batches]
    assert states == ["recovering", "parked"]


async def test_frames_of_a_source_nobody_configured_are_dropped_and_counted() -> None:
    """They move the position, no more."""
    journal = Journal([opened(source="gone"), data(IMAGE, source="gone")])
    desk = Desk(journal, hooked=False)
    batches = await desk.run()
    assert [batch.position for batch in batches] == [20, 20]
    assert desk.telemetry.added.count(("dropped_records_total", {"source": "gone", "stage": "load", "reason": "unconfigured"})) == 2
    assert desk.counters["frames"] == 0


async def test_refused_rows_are_taken_back_before_the_next_batch_is_decided() -> None:
    """The same price, said again, is written again; counts say quarantined."""
    a = named("toy", "a")

    def answer(batch: Batch) -> Written:
        return Written(refused=(Refusal("odds", (a.id,), "no"),)) if batch.position == 30 else Written()

    again = [data({"n": 2, "add": {"a": 0.5}}), data({"n": 3, "add": {"a": 0.0}})]
    desk = Desk(Journal([opened(), data(IMAGE), *again]), MemoryStore(answer), rows=1)
    batches = await desk.run()
    assert [[(row.price, row.changed_at - T) for row in batch.changes if row.selection_id == a.id] for batch in batches] == [
        [], [(1.5, 1_000)], [(2.0, 2_000)], [(2.0, 3_000)],
    ]  # fmt: skip
    assert (desk.counters["quarantined"], desk.counters["received"]) == (1, sum(desk.counters[name] for name in OUTCOMES))


async def test_nothing_is_lost_while_the_store_is_away() -> None:
    """The batch at hand is kept, frames gather behind it."""
    failures = [StoreUnavailable("away")] * 20

    def answer(batch: Batch) -> Written:
        if batch.position >= 30 and failures:
            raise failures.pop()
        return Written()

    journal = Journal([opened(), data(IMAGE), data({"n": 2, "add": {"a": 0.5}}), data({"n": 3, "add": {"a": 0.5}})])
    desk = Desk(journal, MemoryStore(answer), rows=1)
    batches = await desk.run()
    assert [row.price for batch in batches for row in batch.changes if row.selection_id == named("toy", "a").id] == [1.5, 2.0, 2.5]
    assert [batch.position for batch in batches] == [10, 20, 30, 40]


async def test_frames_decoded_ahead_are_bounded_in_number() -> None:
    """While a commit hangs, decoding stops by itself."""
    journal = Journal([opened(), data(IMAGE), *(data({"n": n, "add": {"a": 0.1}}) for n in range(2, 2_000))])
    desk = Desk(journal, rows=10)
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, len(desk.loader._ready))

    desk.store.on_write = look
    await desk.run()
    assert 40 < most <= 41
    assert desk.counters["frames"] == 2_000


async def test_frames_decoded_ahead_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the last frame at most beyond."""
    monkeypatch.setattr("ingestd.pipeline.loader.AHEAD_BYTES", 100_000)
    big = [data(json.encode({"n": n, "add": {"a": 0.1}}) + b" " * 30_000) for n in range(2, 40)]
    desk = Desk(Journal([opened(), data(IMAGE), *big]), rows=1)
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, desk.loader._ready_bytes)

    desk.store.on_write = look
    await desk.run()
    assert 90_000 < most < 132_000
    assert (desk.loader._ready_bytes, desk.counters["frames"]) == (0, 40)


# ------------------------------------------------------------------------------------------------ damage, deaths, bugs


async def test_lost_frames_are_alerted_and_a_gap() -> None:
    """What the journal lost, the source's count of frames shows."""
    journal = Journal([opened(), data(IMAGE), data({"n": 2, "add": {"a": 0.5}}), data({"n": 3, "add": {"a": 0.5}})])
    journal.lose(2)
    desk = Desk(journal)
    batches = await desk.run()
    assert ("journal.damaged", {"first": 30, "last": 30, "reason": "torn"}) in desk.telemetry.facts
    assert {row.reason for row in batches[-1].coverage.values() if row.state == "gap"} == {"journal_lost"}
    assert categories(batches) == ["no_base"]


async def test_frames_lost_since_they_were_loaded_are_a_gap_after_a_restart() -> None:
    """The decoder cannot be brought back to where it was: prices upon it would be wrong."""
    frames = [
        opened(),
        data(IMAGE),
        data({"n": 2, "add": {"a": 0.5}}),
        data({"n": 3, "add": {"a": 0.1}}),
        data({"n": 4, "add": {"a": 0.1}}),
    ]
    journal = Journal(frames)
    journal.lose(2)
    source = replace(Desk(Journal()).lanes["toy"].row(CollectorView(state="live", since=T), 7), counters={"ordinal": 4}, last_received_at=T)
    lane = Lane("toy", "toy", ToyFeed(), Catalogue(), warm=Warm(source=source), live=True)
    desk = Desk(journal, lanes={"toy": lane})
    batches = await desk.run(40)
    assert categories(batches) == ["no_base"]
    assert [row.reason for row in batches[-1].coverage.values() if row.state == "gap"] == ["journal_lost"]


async def test_an_epoch_lost_since_it_was_loaded_is_a_gap_after_a_restart() -> None:
    """Its frames behind the checkpoint have no base."""
    journal = Journal([opened(), data(IMAGE), data({"n": 2, "add": {"a": 0.5}})])
    journal.lose(0, 1)
    source = replace(Desk(Journal()).lanes["toy"].row(CollectorView(state="live", since=T), 7), counters={"ordinal": 2}, last_received_at=T)
    lane = Lane("toy", "toy", ToyFeed(), Catalogue(), warm=Warm(source=source), live=True)
    batches = await Desk(journal, lanes={"toy": lane}).run(20)
    assert [row.reason for row in batches[-1].coverage.values()] == ["epoch_lost"]


async def test_a_frame_three_starts_died_on_is_quarantined_undecoded() -> None:
    """And the others go on."""
    journal = Journal([opened(), data(IMAGE), data({"n": 2, "die": 1}), data({"n": 3, "image": {"a": 2.0}})])
    mark = Deathmark()
    for _ in range(3):
        desk = Desk(journal, mark=mark)
        with pytest.raises(BaseExceptionGroup) as died:
            await desk.run()
        assert died.group_contains(Killed)
        mark = desk.mark.next_start()
    assert (mark.position, mark.deaths) == (30, 3)
    desk = Desk(journal, mark=mark)
    batches = await desk.run()
    assert categories(batches) == ["deadly"]
    assert desk.counters["frames"] == 4
    assert desk.mark.marked == 0


async def test_a_deadly_frame_is_not_read_again_to_rebuild_its_epoch() -> None:
    """It lies behind the checkpoint now, and would kill every start."""
    journal = Journal(
        [opened(), data(IMAGE), data({"n": 2, "die": 1}), data({"n": 3, "image": {"a": 2.0}}), data({"n": 4, "add": {"a": 1.0}})]
    )
    desk = Desk(journal, mark=Deathmark(30, 3))
    batches = await desk.run(40)
    assert [row.price for batch in batches for row in batch.changes] == [3.0]
    desk = Desk(journal)
    with pytest.raises(BaseExceptionGroup):
        await desk.run(40)
    assert desk.mark.next_start().position == 30


async def test_a_frame_that_kills_while_it_is_taken_in_is_marked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leaves the loader while a frame is worked on counts as dying on it."""
    desk = Desk(Journal([opened(), data(IMAGE), data({"n": 2, "add": {"a": 1.0}})]))
    taken = desk.lanes["toy"].apply

    def apply(frame: Frame, decoded: Iterable[Decoded], offset: int, batch: Batch) -> None:
        assert desk.mark.marked == frame.offset
        if frame.offset == 20:
            raise RuntimeError
        taken(frame, decoded, offset, batch)

    monkeypatch.setattr(desk.lanes["toy"], "apply", apply)
    with pytest.raises(ExceptionGroup) as group:
        await desk.run()
    assert group.group_contains(RuntimeError)
    assert (desk.mark.marked, desk.store.batches) == (20, [])


async def test_a_commit_that_fails_for_good_is_no_death_of_a_frame() -> None:
    """What a store does not stand, a frame did not do."""

    def fenced(batch: Batch) -> Written:
        raise Fenced(str(batch.position))

    desk = Desk(Journal([opened(), data(IMAGE)]), MemoryStore(fenced))
    with pytest.raises(BaseExceptionGroup) as group:
        await desk.run()
    assert group.group_contains(Fenced)
    assert desk.mark.marked == 0


async def test_three_bugs_in_a_row_park_the_source() -> None:
    """Also when frames that came later were read already; once."""
    journal = Journal([opened(), *(data({"bug": n}) for n in range(3)), data(IMAGE), data(IMAGE)])
    desk = Desk(journal, rows=1)
    batches = await desk.run()
    assert desk.parked == [("toy", "bug")]
    assert categories(batches) == ["bug"] * 3


# ------------------------------------------------------------------------------------------------ retention, gaps


async def test_the_journal_keeps_what_recovery_needs() -> None:
    """From the checkpoint, or from the epoch that is in use: that of the book, not of the reader ahead of it."""
    journal = Journal([opened(), data(IMAGE), data({"n": 2, "add": {"a": 0.5}}), opened(9), data(IMAGE)])
    await Desk(journal, rows=1).run()
    assert journal.kept == [10, 10, 10, 40, 40]
    journal.kept.clear()
    journal._add([data({"n": 2, "add": {"a": 0.5}})])
    await Desk(journal).run(50)
    assert journal.kept == [40]


async def test_nothing_is_let_go_before_the_epoch_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the journal takes to find it."""
    monkeypatch.setattr("ingestd.pipeline.loader.TICK", 0.02)
    journal = Journal([opened(), data(IMAGE)])
    asked = journal.epoch_at

    async def slowly(source: str, position: int) -> int:
        await asyncio.sleep(0.1)
        assert journal.kept == []
        return await asked(source, position)

    journal.epoch_at = slowly  # type: ignore[method-assign]
    await Desk(journal).run(20)
    assert journal.kept in ([], [10])


async def test_without_an_epoch_the_checkpoint_alone_counts() -> None:
    """Frames of nobody need not be kept."""
    journal = Journal([data(IMAGE, source="gone")])
    await Desk(journal).run()
    assert journal.kept == [11]


async def test_gaps_are_answered_at_the_tail_only() -> None:
    """Those of a backlog are repaired by what follows in it; what is still open at its end is asked for."""
    hole = data(b"{rubbish")
    journal = Journal([opened(), data(IMAGE), hole, data({"n": 5, "image": {"a": 2.0}}), hole])
    desk = Desk(journal, rows=1)
    asked_at: list[int] = []
    desk.store.on_write = lambda: asked_at.append(len(desk.renewed))
    await desk.run()
    assert desk.renewed == [("toy", WHOLE)]
    assert set(asked_at) == {0}


async def test_gaps_are_answered_in_a_steady_flow_too() -> None:
    """The tail moves on while a commit runs: whoever is one commit behind it is there."""
    journal = Journal([opened(), data(IMAGE), data(b"{rubbish")])
    desk = Desk(journal)
    left = 20

    def flow() -> None:
        nonlocal left
        left -= 1
        if left > 0:
            journal._add([data({"n": 100 - left, "add": {"a": 0.1}})])
        else:
            journal.seal()

    desk.store.on_write = flow
    await desk.loader.run(0)
    assert len(desk.store.batches) >= 20
    assert desk.renewed == [("toy", WHOLE)]


async def test_an_image_that_does_not_come_is_asked_for_again() -> None:
    """After a quarter of a minute, and no more once it is there."""
    journal = Journal([opened(), data(IMAGE), data(b"{rubbish")])
    desk = Desk(journal)
    asked: list[float] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.loader.run(0))
        for _ in range(22):
            await desk.clock.sleep(2)
            journal._add([Frame("toy", "alive", T)])
            await asyncio.sleep(0.01)
            asked += [desk.clock.monotonic()] * (len(desk.renewed) - len(asked))
        journal._add([data({"n": 9, "image": {"a": 2.0}})])
        await desk.clock.sleep(30)
        await asyncio.sleep(0.05)
        journal.seal()
    assert [round(at) for at in asked] == [2, 16, 32]
    assert desk.renewed == [("toy", WHOLE)] * 3


# ------------------------------------------------------------------------------------------------ fair to others


@pytest.mark.parametrize(("limit", "rests"), [({"SLICE": 3}, 4 + 1), ({"SLICE_BYTES": 500}, 3), ({}, 1)])
async def test_work_lets_others_run(monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], rests: int) -> None:
    """Decoding after so many frames, or so many bytes of them, and at the end of a block; deciding within what was decoded by then."""
    for name, value in limit.items():
        monkeypatch.setattr(f"ingestd.pipeline.loader.{name}", value)
    desk = Desk(Journal([opened(), *(Frame("toy", "alive", T) for _ in range(8))]), hooked=False)
    slept: list[float] = []
    sleep = desk.clock.sleep

    async def count(seconds: float) -> None:
        slept.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(desk.clock, "sleep", count)
    await desk.run()
    assert slept.count(0) == rests


async def test_small_batches_are_paced_and_full_ones_are_not() -> None:
    """A light load does not pay a transaction per handful of rows; a backlog does not wait."""
    journal = Journal([opened(), data({"n": 1, "image": {"a": 1.5}}), data({"n": 2, "add": {"a": 0.1}}), data({"n": 3, "add": {"a": 0.0}})])
    desk = Desk(journal, rows=1)
    written: list[tuple[int, float]] = []
    desk.store.on_write = lambda: written.append((desk.loader._position, desk.clock.monotonic()))
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.loader.run(0))
        await desk.clock.sleep(1)
        journal.seal()
    times = dict(written)
    assert (times[20] - times[10], times[30] - times[20]) == (0.0, 0.0)
    assert times[10] - times[0] == pytest.approx(0.01)
