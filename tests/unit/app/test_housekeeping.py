"""When what goes, and that nothing of it ends the daemon."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from ingestd.app.housekeeping import EVERY, RETRY, Housekeeping, borders, history_border
from ingestd.interfaces import HistoryStore
from ingestd.model import SECOND
from ingestd.settings import LogSettings, RetentionSettings
from ingestd.store import open_store
from ingestd.telemetry import build_reporter
from ingestd.telemetry.facts import Fact
from ingestd.testing.batches import World
from ingestd.testing.clock import VirtualClock

DAY: Final = 86_400


def at(*moment: int) -> int:
    """UTC µs of a date."""
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[arg-type,misc] # a date's numbers


NOW: Final = at(2024, 3, 20, 12)


@pytest.mark.parametrize(
    ("span", "border"),
    [(0.5, at(2024, 3, 1)), (19 * DAY, at(2024, 3, 1)), (20 * DAY, at(2024, 2, 1)), (80 * DAY, at(2023, 12, 1)), (1e12, 0)],
)
def test_history_goes_by_whole_months(span: float, border: int) -> None:
    """What is younger than the span stays, and so does the rest of its month."""
    assert history_border(span, NOW) == border


def test_what_is_kept_for_ever_has_no_border() -> None:
    """History, unless a span is set; incidents come before the runs that they refer to."""
    assert list(borders(RetentionSettings(), NOW).items()) == [
        (table, NOW - 90 * DAY * SECOND) for table in ("incidents", "quarantine", "runs")
    ]
    found = borders(RetentionSettings(history=40.0 * DAY, incidents=None), NOW)
    assert found == dict.fromkeys(("odds_history", "coverage", "market_flags"), at(2024, 2, 1))
    assert borders(RetentionSettings(history=None, incidents=None), NOW) == {}


class House:
    """Housekeeping of a SQLite store with a price of eight months, still on offer; what it said, and the loop in virtual time."""

    def __init__(self, path: Path, store: HistoryStore, clock: VirtualClock) -> None:
        self.path = path
        self.clock = clock
        self.store = store
        self.away = False
        self.said: list[Fact] = []
        self.reporter = build_reporter(LogSettings(level="error"), clock, terminal=False)
        self.reporter.listen(self.said.append)
        retention = RetentionSettings(history=40.0 * DAY)
        self.keeping = Housekeeping(store, retention, lambda: self.away, clock, self.reporter)

    def history(self) -> int:
        """Rows of history."""
        with closing(sqlite3.connect(self.path)) as db:
            found: int = db.execute("SELECT count(*) FROM odds_history").fetchone()[0]
        return found

    def actions(self) -> list[str]:
        """What was said."""
        return [fact.action for fact in self.said]

    @property
    def since(self) -> float:
        """Seconds since the loop was begun."""
        return self.clock.monotonic() - 400 * DAY

    async def passed(self, seconds: float) -> None:
        """Until that much time has passed for the loop, which is all that sleeps."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            await asyncio.sleep(0.005)


@pytest.fixture
async def house(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Its loop runs and waits for the run to begin."""
    monkeypatch.setattr("ingestd.store.sqlite_file.BUSY_WAIT", 0.3)
    clock = VirtualClock(NOW - 400 * DAY * SECOND)
    store = open_store(sqlite_url, "public", clock)
    await store.prepare()
    world = World()
    await world.begin(store)
    said = world.selection("home")
    batch = world.batch([world.change(said, NOW - month * 30 * DAY * SECOND, 2.0 + month) for month in range(8)])
    world.tell(batch, said)
    await store.write(batch)
    clock.stand_still(400 * DAY)
    one = House(Path(sqlite_url.removeprefix("sqlite:///")), store, clock)
    running = asyncio.ensure_future(one.keeping.run())
    yield one
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await store.close()


async def test_rounds_begin_with_the_run(house: House) -> None:
    """Not before it has the fence; then at once: what is over goes, once, is told and counted, and the next round finds nothing."""
    await asyncio.sleep(0.05)
    assert (house.history(), house.said, house.since) == (8, [], 0.0)
    house.keeping.begin()
    await house.passed(2 * EVERY)
    # two since the beginning of February, and the one that stood then
    assert house.history() == 3
    (fact,) = house.said
    assert fact.message.startswith("5 rows of odds_history from before 2024-02-01T00:00:00+00:00 deleted in ")
    assert house.reporter.metrics.summed("retention_rows_total", "table") == {
        "odds_history": 5.0, **dict.fromkeys(("coverage", "market_flags", "incidents", "quarantine", "runs"), 0.0)
    }  # fmt: skip


async def test_a_month_later_the_next_goes(house: House) -> None:
    """By the clock, without a restart."""
    house.keeping.begin()
    await house.passed(EVERY)
    house.clock.stand_still(31 * DAY)
    await house.passed(2 * EVERY)
    assert house.actions() == ["store.pruned", "store.pruned"]
    assert house.history() == 2


async def test_a_store_that_does_not_answer_is_tried_again(house: House) -> None:
    """A warning for each table, which is an incident; soon it works, and nothing else is said."""
    other = sqlite3.connect(house.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    house.keeping.begin()
    async with asyncio.timeout(30):
        while house.actions().count("store.housekeeping_failed") < 6:
            await asyncio.sleep(0.01)
    other.execute("ROLLBACK")
    other.close()
    await house.passed(RETRY + 10)
    assert house.history() == 3
    assert [fact.severity for fact in house.said] == ["warning"] * 6 + [None]
    assert {str(fact.labels["table"]) for fact in house.said[:6]} == {*borders(RetentionSettings(history=1.0), NOW)}


async def test_while_the_store_is_away_nothing_is_tried(house: House) -> None:
    """The writer has said so; afterwards it goes on."""
    house.away = True
    house.keeping.begin()
    await house.passed(3 * RETRY)
    assert (house.history(), house.said) == (8, [])
    house.away = False
    await house.passed(2 * RETRY)
    assert house.history() == 3


async def test_what_nobody_foresaw_is_contained(house: House) -> None:
    """The file is gone: told with its stack, once a table; the loop goes on and works once it is back."""
    aside = house.path.rename(house.path.with_suffix(".aside"))
    house.keeping.begin()
    await house.passed(RETRY)
    assert {fact.code for fact in house.said} == {f"housekeeping_failed:{table}" for table in borders(RetentionSettings(history=1.0), NOW)}
    assert all(fact.cause is not None for fact in house.said)
    aside.rename(house.path)
    await house.passed(2 * RETRY)
    assert house.history() == 3


async def test_a_daemon_that_was_replaced_keeps_no_house(house: House) -> None:
    """The loop ends, the daemon learns of it where it writes."""
    with closing(sqlite3.connect(house.path)) as db:
        db.execute("UPDATE checkpoints SET fence = fence + 1")
        db.commit()
    house.keeping.begin()
    async with asyncio.timeout(20):
        await house.keeping.run()
    assert (house.history(), house.said) == (8, [])
