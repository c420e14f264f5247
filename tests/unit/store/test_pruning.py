"""What is over goes, and nothing else: against a plain model, in both databases."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from random import Random
from typing import Final, get_args

import pytest
from sqlalchemy import text

from ingestd.batch import FIRST, Change, IncidentRow, Prunable, Pruned
from ingestd.errors import Fenced
from ingestd.interfaces import HistoryStore
from ingestd.model import ON_OFFER, Frame, Run, Selection, hash64
from ingestd.store import open_store, pruning
from ingestd.store.columns import to_micros
from ingestd.store.connect import target, writer_engine
from ingestd.testing.batches import World
from ingestd.testing.digest import facts
from tests.unit.store.conftest import SCHEMA

Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]
DAY: Final = 86_400_000_000
OURS: Final = 10**6
"""Runs behind those that other tests began."""
BORDER: Final = to_micros(datetime(2024, 1, 1, tzinfo=UTC))
SAID: Final = "'2024-01-01T00:00:00.000000Z'"
"""The border as views of both databases can compare it."""
STARTS: Final = (BORDER - 9 * DAY, BORDER - 1, BORDER, BORDER + 5 * DAY, None)
LAST: Final = BORDER + 60 * DAY
_LATER: Final = f"AND (status IN ('open', 'suspended') OR valid_from >= {SAID}) ORDER BY selection_id, valid_from, seq"
_FROM: Final = f"CASE WHEN covered_from < {SAID} THEN {SAID} ELSE covered_from END"
_STRETCH: Final = f"selection_id, price, valid_from, seq, valid_to, {_FROM}, covered_to, coverage_state"
AFTER: Final = (
    f"SELECT * FROM price_history WHERE (valid_to IS NULL OR valid_to > {SAID}) {_LATER}",
    f"SELECT {_STRETCH} FROM trusted_history WHERE (covered_to IS NULL OR covered_to > {SAID}) {_LATER}, covered_to",
    f"SELECT * FROM closing_odds WHERE began_at >= {SAID} ORDER BY selection_id",
    "SELECT * FROM odds ORDER BY selection_id",
)
"""What is said of the time from the border on. When a stretch began that was going on then is not known any more."""


def history(world: World, said: Selection, random: Random) -> list[Change]:
    """Changes at random times around the border, some of them exactly there; of one microsecond there may be several."""
    edges = [BORDER - 1, BORDER, BORDER - 31 * DAY, BORDER - 40 * 365 * DAY, BORDER + 1]
    spread = [BORDER + random.randrange(-100, 60) * DAY + random.randrange(5) for _ in range(random.randrange(12))]
    times = sorted(random.sample(edges, random.randrange(3)) + spread)
    changes = []
    for at, same in groupby(times):
        for seq, _ in enumerate(same):
            status = random.choice(["open", "open", "suspended", "withdrawn", "settled"])
            price = random.choice([None, 1.5, 2.0, 3.25]) if status == "suspended" else random.choice([1.5, 2.0, 3.25])
            changes.append(world.change(said, at, price, seq=seq, own_status=status, status=status))
    return changes


def remaining(changes: Sequence[Change], starts: int | None) -> list[Change]:
    """The rule in plain words: see docs/tables.md."""
    old = [one for one in changes if one.changed_at < BORDER]
    if not old or not (old[-1].status in ON_OFFER or (starts is not None and starts >= BORDER)):
        old = []
    opens = [place for place, one in enumerate(old) if one.status == "open" and one.price is not None]
    return old[opens[-1] if opens else 0 :] + [one for one in changes if one.changed_at >= BORDER]


class Clock:
    """Stands still, just before the border unless told otherwise."""

    def __init__(self, now: int = BORDER - 1) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[HistoryStore]:
    """Prepared, of each kind in turn; what is written was stored just before the border."""
    opened = open_store(store_url, SCHEMA, Clock())
    await opened.prepare()
    yield opened
    await opened.close()


async def filled(store: HistoryStore, world: World, random: Random) -> dict[tuple[int, int, int], bool]:
    """Random histories of selections of events that begin before, at and after the border; of each row, whether it is to stay."""
    await world.begin(store)
    batch = world.batch()
    stays = {}
    for number in range(120):
        event, starts = f"e{number % len(STARTS)}", STARTS[number % len(STARTS)]
        batch.links[world.source, event] = world.link(event, starts_at=starts)
        said = world.selection(f"s{number}", market=f"m{number % 7}-{event}", event=event)
        world.tell(batch, said)
        changes = history(world, said, random)
        left = remaining(changes, starts)
        stays.update({(said.id, one.changed_at, one.seq): one in left for one in changes})
        batch.changes += changes
    edges = sorted({BORDER + days * DAY for days in random.sample(range(-90, 59), 8)} | {BORDER})
    for began, ended in zip([BORDER - 100 * DAY, *edges], [*edges, None], strict=True):
        world.covered(batch, began, LAST if ended is None else ended, state=random.choice(["complete", "gap"]), ended=ended)
    world.state(batch, LAST)
    assert (await store.write(batch)).refused == ()
    return stays


async def prune(store: HistoryStore, *tables: Prunable, before: int = BORDER) -> Counter[str]:
    """To the end; rows deleted by table."""
    counts: Counter[str] = Counter()
    for table in tables:
        pruned = Pruned(0, FIRST)
        while pruned.rest is not None:
            pruned = await store.prune(table, before, pruned.rest)
            counts[table] += pruned.rows
    return counts


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("chunk", [1_000, 7])
async def test_history_against_a_plain_model(
    store: HistoryStore, world: World, rows: Rows, monkeypatch: pytest.MonkeyPatch, seed: int, chunk: int
) -> None:
    """Exactly the rows that are to stay; again changes nothing; what views say of the time from the border on is the same."""
    shrunk(monkeypatch, chunk)
    stays = await filled(store, world, Random(seed))
    before = [await rows(view) for view in AFTER]
    counts = await prune(store, "odds_history", "coverage", "market_flags")
    left = await world_rows(rows)
    assert left == sorted(key for key, kept in stays.items() if kept)
    assert counts["odds_history"] == len(stays) - len(left) > 100
    assert counts["coverage"] > 0
    assert [await rows(view) for view in AFTER] == before
    assert min(map(len, before)) > 0
    assert await prune(store, "odds_history", "coverage", "market_flags") == {"odds_history": 0, "coverage": 0, "market_flags": 0}
    assert await world_rows(rows) == left


def shrunk(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Transactions of so many rows, so that there are many."""
    for name in ("HISTORY", "LAST_OF_LOT"):
        monkeypatch.setattr(pruning, name, getattr(pruning, name).replace("LIMIT 1000", f"LIMIT {chunk}"))
    monkeypatch.setattr(pruning, "CHUNK", chunk)
    monkeypatch.setattr(pruning, "OVER", {table: said.replace("LIMIT 1000", f"LIMIT {chunk}") for table, said in pruning.OVER.items()})


async def world_rows(rows: Rows) -> list[tuple[int, int, int]]:
    """Keys of the history that is there."""
    found = await rows("SELECT selection_id, changed_at, seq FROM odds_history")
    return sorted((_int(one), to_micros(at) if isinstance(at, datetime) else _int(at), _int(seq)) for one, at, seq in found)


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


async def test_both_databases_keep_the_same(sqlite_url: str, postgres_url: str) -> None:
    """Row by row."""
    found = []
    for url in (sqlite_url, postgres_url):
        store = open_store(url, SCHEMA, Clock())
        await store.prepare()
        world = World()
        world.run = Run(run_id=1, kind="live", source="demo", started_at=BORDER)
        await filled(store, world, Random(11))
        await prune(store, *get_args(Prunable))
        found.append(await facts(url))
        await store.close()
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(2))
async def test_a_replay_begins_with_the_same(store: HistoryStore, world: World, seed: int) -> None:
    """From any frame since the border on: what is on offer then, coverage and flags; and a restart from the same book."""
    await filled(store, world, Random(seed))
    moments = [BORDER + days * DAY for days in (0, 1, 20, 59)]
    frames = [Frame(world.source, "data", at, b"") for at in moments]

    async def found() -> list[object]:
        past = [await store.past(world.source, 1 << 60, frame, frame.received_at - 7 * DAY) for frame in frames]
        offered = [[row for row in one.held if row.own_status in ON_OFFER] for one in past]
        return [offered, [one.coverage for one in past], await store.warm(world.source, BORDER, BORDER)]

    before = await found()
    assert (await prune(store, "odds_history", "coverage", "market_flags"))["odds_history"] > 0
    assert await found() == before


async def test_what_was_stored_since_keeps_what_it_belongs_to(store: HistoryStore, store_url: str, world: World, rows: Rows) -> None:
    """A load of old files, or a late word of an old change: all of these prices stays, as it was then and is known now."""
    stays = await filled(store, world, Random(5))
    late = open_store(store_url, SCHEMA, Clock(BORDER))
    await late.prepare()
    again = World("demo", "load")
    await again.begin(late)
    chosen = [again.selection(f"s{number}", market=f"m{number % 7}-e{number % 5}", event=f"e{number % 5}") for number in range(0, 120, 3)]
    await late.write(again.batch([again.change(said, BORDER - 50 * DAY, 4.0, seq=9) for said in chosen]))
    await late.close()
    await prune(store, "odds_history")
    ids = {said.id for said in chosen}
    expected = [key for key, kept in stays.items() if kept or key[0] in ids] + [(one, BORDER - 50 * DAY, 9) for one in ids]
    assert await world_rows(rows) == sorted(expected)


async def test_a_replay_from_before_a_late_word(store: HistoryStore, store_url: str, world: World) -> None:
    """A stamp from before the border whose frame came behind it: a replay of the frames between begins with the price of before."""
    await world.begin(store)
    said = world.selection("home")
    batch = world.batch([world.change(said, BORDER - 9, 2.0)])
    world.tell(batch, said)
    await store.write(batch)
    late = open_store(store_url, SCHEMA, Clock(BORDER + 20))
    await late.prepare()
    again = World("demo", "load")
    await again.begin(late)
    await late.write(again.batch([again.change(said, BORDER - 5, 3.0, received_at=BORDER + 20)]))
    await late.close()

    async def price() -> list[float | None]:
        past = await store.past(world.source, 1 << 60, Frame(world.source, "data", BORDER + 10, b""), BORDER - DAY)
        return [row.price for row in past.held]

    assert await price() == [2.0]
    await prune(store, "odds_history")
    assert await price() == [2.0]


async def test_affairs_that_are_over(store: HistoryStore, world: World, rows: Rows) -> None:
    """Old incidents, decided rejects and ended runs; what is open, running or referred to stays."""
    await world.begin(store)
    old, new = BORDER - DAY, BORDER + DAY
    for number, (started, ended) in enumerate(((old, old), (old, new), (old, None), (old, old)), OURS + 1):
        run = Run(run_id=number, kind="load", source="demo", started_at=started)
        await store.begin(run, world.journal_id, 0)
        if ended is not None:
            await store.end(run, ended_at=ended, status="done", counts={})
    await store.record([incident(1, old, OURS + 1), incident(2, new, OURS + 4), incident(3, old, None)])
    batch = world.batch()
    batch.rejects = [world.reject("open", 1, seen_at=old), world.reject("kept", 2, seen_at=old, category="duplicate", state="kept")]
    batch.rejects.append(world.reject("new", 3, seen_at=new, category="duplicate", state="kept"))
    await store.write(batch)
    counts = await prune(store, "incidents", "quarantine", "runs")
    assert counts == {"incidents": 2, "quarantine": 1, "runs": 1}
    assert await rows("SELECT id FROM incidents") == [(2,)]
    assert {row[0] for row in await rows("SELECT quarantine_id FROM quarantine")} == {hash64("demo", "open"), hash64("demo", "new")}
    left = await rows(f"SELECT run_id FROM runs WHERE run_id > {OURS} ORDER BY run_id")
    assert [row[0] for row in left] == [OURS + number for number in (2, 3, 4)]


def incident(number: int, at: int, run_id: int | None) -> IncidentRow:
    """One that happened once."""
    return IncidentRow(
        id=number, source="", stage="store", category="x", severity="error", first_at=at, last_at=at, count=1, message="", run_id=run_id
    )


async def test_knowledge_that_is_over(store: HistoryStore, world: World, rows: Rows) -> None:
    """Intervals and flags that ended before; not what lasts to the border, nor what keeps an older open one from being the latest."""
    await world.begin(store)
    batch = world.batch()
    world.tell(batch, world.selection("home"))
    for began, ended in ((BORDER - 9, BORDER - 5), (BORDER - 5, BORDER), (BORDER, None)):
        world.covered(batch, began, ended or LAST, ended=ended)
        world.flag(batch, hash64("bookmaker", "acme"), "jump", began, ended=ended)
    world.covered(batch, BORDER - 9, BORDER - 9, scope=("event", "e1"), state="gap")
    world.covered(batch, BORDER - 7, BORDER - 5, scope=("event", "e1"), ended=BORDER - 5)
    await store.write(batch)
    warm = await store.warm("demo", 0, 0)
    assert await prune(store, "coverage", "market_flags") == {"coverage": 1, "market_flags": 1}
    assert len(await rows("SELECT began_at FROM coverage")) == 4
    assert await store.warm("demo", 0, 0) == warm


async def test_whoever_was_replaced_deletes_nothing(store_url: str, rows: Rows) -> None:
    """Under the fence, all of it."""
    first = open_store(store_url, SCHEMA, Clock())
    await first.prepare()
    world = World()
    stays = await filled(first, world, Random(1))
    await raise_fence(store_url)
    for table in get_args(Prunable):
        with pytest.raises(Fenced):
            await first.prune(table, BORDER)
    assert await world_rows(rows) == sorted(stays)
    await first.close()


async def raise_fence(url: str) -> None:
    """As another daemon does."""
    engine = writer_engine(target(url, SCHEMA))
    async with engine.begin() as db:
        await db.execute(text("UPDATE checkpoints SET fence = fence + 1"))
    await engine.dispose()
