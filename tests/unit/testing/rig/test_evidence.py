"""What is read of journal and store, and what it must add up to."""

from pathlib import Path

import pytest

from ingestd.clock import SystemClock
from ingestd.interfaces import Store
from ingestd.journal.local import JournalLimits, LocalJournal
from ingestd.model import OUTCOMES, Frame, SourceTail
from ingestd.store import open_store
from ingestd.testing.exchange.options import Options
from ingestd.testing.exchange.process import Status
from ingestd.testing.rig.daemon import SCHEMA
from ingestd.testing.rig.evidence import Loaded, abandoned, accounts, ask, journal_frames, journal_tail, judge, loaded

GOOD: dict[str, int] = {**{str(outcome): 2 for outcome in OUTCOMES}, "received": 12, "read": 9, "dropped": 2, "ordinal": 7, "frames": 7}


async def filled(path: Path, count: int) -> LocalJournal:
    """An open journal with some frames."""
    journal = await LocalJournal.open(path, clock=SystemClock(), limits=JournalLimits())
    await journal.append([Frame("exchange", "data", 1 + k, b"x", f"run:{k}", epoch=not k) for k in range(count)])
    return journal


async def prepared(url: str) -> Store:
    """A store without facts."""
    store = open_store(url, SCHEMA, SystemClock())
    await store.prepare()
    return store


async def test_a_journal_is_read_while_another_has_it(tmp_path: Path) -> None:
    """Its tail and its frames, open or closed."""
    journal = await filled(tmp_path, 7)
    assert (journal_tail(tmp_path).ordinal, journal_tail(tmp_path).token) == (7, "run:6")
    await journal.close()
    assert [frame.token for frame in journal_frames(tmp_path)] == [f"run:{k}" for k in range(7)]
    with pytest.raises(FileNotFoundError, match="no journal"):
        journal_tail(tmp_path / "other")


async def test_an_empty_store_has_loaded_nothing(store_url: str) -> None:
    """Neither checkpoint nor counters; and a session that works is seen, until it has gone."""
    store = await prepared(store_url)
    assert await loaded(store_url) == Loaded(0, {})
    assert (await loaded(store_url)).frames == 0
    assert await ask(store_url, "SELECT count(*) FROM odds") == [(0,)]
    await store.journal_id("uid", "path")
    assert await abandoned(store_url) == store_url.startswith("sqlite")
    await store.close()
    assert await abandoned(store_url)


async def test_a_store_without_facts_has_lost_them_all(tmp_path: Path, sqlite_url: str) -> None:
    """The judge is not content with nothing."""
    await (await prepared(sqlite_url)).close()
    await (await filled(tmp_path / "journal", 3)).close()
    status = Status(n=10, quotes=0, run="run", clients=0, ready=True, images=[], damage=[], options=Options(t0=1_000_000))
    verdict = await judge(sqlite_url, tmp_path / "journal", status)
    assert verdict.lost == verdict.facts > 100
    assert (verdict.doubled, verdict.well) == (0, False)
    assert len(verdict.unbalanced) == 3


def test_balanced_accounts() -> None:
    """Nothing to complain of."""
    assert accounts(Loaded(1, GOOD), SourceTail(ordinal=7)) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"received": 13}, "updates: received = the six outcomes: 13 and 12"),
        ({"read": 10}, "frames: read = journalled + dropped: 10 and 9"),
        ({"ordinal": 6}, "frames: journalled = loaded (by ordinal): 7 and 6"),
        ({"frames": 8}, "frames: journalled = loaded (by count): 7 and 8"),
    ],
)
def test_each_sum_is_looked_at(change: dict[str, int], problem: str) -> None:
    """One wrong figure, one line."""
    assert accounts(Loaded(1, {**GOOD, **change}), SourceTail(ordinal=7)) == [problem]
