"""What became of a source's frames: how far journal and store have come, what they count, and whether the facts are the exchange's own."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct
from sqlalchemy import select, text

from ingestd.journal.cells import Acknowledged
from ingestd.journal.reader import Reader
from ingestd.journal.state import load
from ingestd.journal.tails import find_tail
from ingestd.model import OUTCOMES, Frame, SourceTail
from ingestd.store.connect import reader_engine, target
from ingestd.store.ledger import Checkpoint, SourceState
from ingestd.store.warm import reading
from ingestd.testing.digest import facts
from ingestd.testing.exchange.compare import Difference, differences
from ingestd.testing.exchange.model import expected
from ingestd.testing.exchange.process import Status
from ingestd.testing.exchange.script import Script
from ingestd.testing.rig.daemon import SCHEMA, SOURCE

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ingestd' AND datname = current_database() AND pid <> pg_backend_pid()"
)


class Loaded(Struct):
    """What the store says: the checkpoint of the live run that came last, and the counters of the source."""

    position: int
    counters: dict[str, int]

    @property
    def frames(self) -> int:
        """Ordinal of the last frame that is in the store."""
        return self.counters.get("ordinal", 0)


class Verdict(Struct):
    """Facts that are missing, facts that are too many, and sums that do not balance."""

    lost: int
    doubled: int
    facts: int
    differences: dict[str, Difference]
    unbalanced: list[str]

    @property
    def well(self) -> bool:
        """Whether all is as it must be."""
        return not (self.differences or self.unbalanced)


def journal_tail(journal: Path, source: str = SOURCE) -> SourceTail:
    """The tail of a source in a journal, alive or dead; nothing is written to it."""
    with _reading(journal) as (reader, last):
        return find_tail(reader, source, last)


def journal_frames(journal: Path) -> list[Frame]:
    """Every frame of a journal, alive or dead; nothing is written to it."""
    frames: list[Frame] = []
    with _reading(journal) as (reader, last):
        while (block := reader.block(frames[-1].offset if frames else 0, last)) is not None:
            if block.lost is not None:
                raise RuntimeError(f"the journal has lost {block.lost}")
            frames += block.frames
    return frames


async def loaded(url: str, source: str = SOURCE) -> Loaded:
    """How far the store has come. Raises StoreUnavailable."""
    engine = reader_engine(target(url, SCHEMA))
    try:
        async with reading(engine) as db:
            position = await db.scalar(
                select(Checkpoint.position)
                .where(Checkpoint.reader == "live")
                .order_by(Checkpoint.fence.desc(), Checkpoint.updated_at.desc())
            )
            counters = await db.scalar(select(SourceState.counters).where(SourceState.source == source))
    finally:
        await engine.dispose()
    return Loaded(position or 0, json.loads(counters) if counters else {})


async def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    """What the store answers to SQL that both databases know. Raises StoreUnavailable."""
    engine = reader_engine(target(url, SCHEMA))
    try:
        async with reading(engine) as db:
            return [tuple(row) for row in await db.execute(text(statement))]
    finally:
        await engine.dispose()


async def abandoned(url: str) -> bool:
    """Whether no session of a dead daemon is still at work in the store: PostgreSQL ends a statement before it notices."""
    if not url.startswith("postgresql"):
        return True
    engine = reader_engine(target(url, SCHEMA))
    try:
        async with reading(engine) as db:
            return bool(await db.scalar(_OTHERS) == 0)
    finally:
        await engine.dispose()


async def judge(url: str, journal: Path, exchange: Status, missed: Iterable[tuple[int, int]] = ()) -> Verdict:
    """Compare every fact table with the exchange's model, and the counts with each other (I6), once the daemon has stopped.

    ``missed``: as in ``exchange.model.expected``.
    """
    wanted = await asyncio.to_thread(expected, Script(exchange.options), exchange.n, source=SOURCE, missed=missed)
    found = await facts(url, SCHEMA)
    different = differences(wanted, found)
    unbalanced = accounts(await loaded(url), journal_tail(journal))
    lost = sum(one.missing_count for one in different.values())
    doubled = sum(one.surplus_count for one in different.values())
    return Verdict(lost, doubled, sum(map(len, wanted.values())), different, unbalanced)


def accounts(store: Loaded, tail: SourceTail) -> list[str]:
    """Sums of I6 that do not balance, of a source whose daemon has stopped with nothing in flight."""
    counts = Counter(store.counters)
    sums = {
        "updates: received = the six outcomes": (counts["received"], sum(counts[outcome] for outcome in OUTCOMES)),
        "frames: read = journalled + dropped": (counts["read"], tail.ordinal + counts["dropped"]),
        "frames: journalled = loaded (by ordinal)": (tail.ordinal, counts["ordinal"]),
        "frames: journalled = loaded (by count)": (tail.ordinal, counts["frames"]),
    }
    return [f"{name}: {left} and {right}" for name, (left, right) in sums.items() if left != right]


@contextmanager
def _reading(journal: Path) -> Iterator[tuple[Reader, int]]:
    """A reader, and the last position that the journal ever reported durable."""
    state = load(journal)
    if state is None:
        raise FileNotFoundError(f"no journal in {journal}")
    with closing(Acknowledged(journal / "acknowledged")) as acknowledged:
        last = acknowledged.position
    with closing(Reader(journal, lambda: state.extents)) as reader:
        yield reader, last
