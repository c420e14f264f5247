"""The history of errors on its way into the store."""

import asyncio
from collections.abc import Sequence

import pytest

from ingestd.batch import IncidentRow
from ingestd.errors import Fenced, StoreUnavailable
from ingestd.telemetry import incidents as module
from ingestd.telemetry.facts import Fact
from ingestd.telemetry.incidents import MOST, QUIET, Incidents
from ingestd.telemetry.series import Metrics
from ingestd.testing.clock import VirtualClock


class Reporter:
    """Counts; nobody listens."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.add = self.metrics.add

    def fact(self, action: str, /, **labels: str | float) -> None:
        """Nothing is said here."""


class Table:
    """What the store would hold; ``failing``: what it raises instead."""

    def __init__(self) -> None:
        self.rows: dict[int, IncidentRow] = {}
        self.failing: Exception | None = None
        self.writes = 0

    async def record(self, rows: Sequence[IncidentRow]) -> None:
        self.writes += 1
        if self.failing is not None:
            raise self.failing
        self.rows.update({row.id: row for row in rows})

    def told(self) -> list[tuple[str, str, str, str, int]]:
        """Source, stage, category, severity, count."""
        return [(row.source, row.stage, row.category, row.severity, row.count) for row in self.rows.values()]


def fact(action: str, at: int = 0, kept_back: int = 0, **labels: str | float) -> Fact:
    """A fact of this kind."""
    return Fact(action=action, at=at, message=f"at {at}", labels=labels, kept_back=kept_back)


def begun() -> tuple[Incidents, Table, VirtualClock, Reporter]:
    """A history whose run has begun."""
    table, clock, reporter = Table(), VirtualClock(), Reporter()
    history = Incidents(table.record, clock, reporter)
    history.begin(7)
    return history, table, clock, reporter


async def test_what_is_one_incident() -> None:
    """Of one source and kind, within an hour: first, last, how often (those not said counted), the latest words. Good news is none."""
    history, table, _, _ = begun()
    for one in (
        fact("source.connected", source="a"),
        fact("source.gap", 5, source="a", reason="lost"),
        fact("source.gap", 9, 3, source="a", reason="lost"),
        fact("source.gap", 9, source="b", reason="lost"),
        fact("source.parked", 9, source="b", reason="key"),
        fact("bug.contained", 9, source="b", stage="decode"),
        fact("store.unavailable", 9),
    ):
        history.hear(one)
    await history.close()
    assert table.told() == [
        ("a", "source", "gap:lost", "warning", 5),
        ("b", "source", "gap:lost", "warning", 1),
        ("b", "source", "parked:key", "critical", 1),
        ("b", "decode", "contained:decode", "critical", 1),
        ("", "store", "unavailable", "error", 1),
    ]
    first = next(iter(table.rows.values()))
    assert (first.first_at, first.last_at, first.message, first.run_id) == (5, 9, "at 9", 7)


async def test_what_comes_back_later_is_another() -> None:
    """After an hour without it."""
    history, table, _, _ = begun()
    for at in (0, QUIET, 2 * QUIET, 3 * QUIET + 1):
        history.hear(fact("store.unavailable", at))
    await history.close()
    assert [(row.first_at, row.count) for row in table.rows.values()] == [(0, 3), (3 * QUIET + 1, 1)]


async def test_a_store_that_is_away() -> None:
    """It is tried again; nothing is lost, and what goes on meanwhile is counted."""
    history, table, clock, _ = begun()
    table.failing = StoreUnavailable("away")
    running = asyncio.create_task(history.run())
    history.hear(fact("store.unavailable", 1))
    await clock.sleep(60)
    history.hear(fact("store.unavailable", 2))
    assert 5 < table.writes < 30
    table.failing = None
    await clock.sleep(10)
    assert (table.told(), history.held) == ([("", "store", "unavailable", "error", 2)], 0)
    writes = table.writes
    await clock.sleep(60)
    assert table.writes == writes
    running.cancel()


async def test_what_is_told_while_it_is_written() -> None:
    """Is written again: the count in the store is the true one."""
    history, table, _, _ = begun()

    async def record(rows: Sequence[IncidentRow]) -> None:
        await table.record(rows)
        if table.writes == 1:
            history.hear(fact("store.unavailable", 2))

    history._record = record
    history.hear(fact("store.unavailable", 1))
    await history._write()
    assert (history.held, table.told()[0][-1]) == (1, 1)
    await history._write()
    assert (history.held, table.told()[0][-1]) == (0, 2)


async def test_before_the_run_begins() -> None:
    """Nothing is written that could not say in which run it happened."""
    history, table, _, _ = begun()
    history.run_id = None
    history.hear(fact("store.unavailable", 1))
    await history._write()
    assert (table.writes, history.held) == (0, 1)
    history.begin(8)
    await history._write()
    assert [row.run_id for row in table.rows.values()] == [8]


async def test_each_run_has_its_own() -> None:
    """The same trouble in the next run is another incident."""
    history, table, _, _ = begun()
    history.hear(fact("store.unavailable", 1))
    await history._write()
    history.begin(8)
    history.hear(fact("store.unavailable", 2))
    await history._write()
    assert [(row.run_id, row.count) for row in table.rows.values()] == [(7, 1), (8, 1)]


async def test_memory_is_bounded() -> None:
    """However long the store is away, and however many kinds there are: the oldest go, and are counted."""
    history, table, _, reporter = begun()
    for number in range(MOST + 5):
        history.hear(fact("source.parked", source=str(number), reason="key"))
    assert (history.held, len(history._latest)) == (MOST, MOST)
    table.failing = StoreUnavailable("away")
    await history.close()
    assert f"ingestd_incidents_dropped_total {MOST + 5}\n".encode() in reporter.metrics.written(reporter.metrics.moment(), "")[2]


async def test_a_daemon_that_was_replaced() -> None:
    """Writes no more, and its end waits for nothing."""
    history, table, clock, _ = begun()
    table.failing = Fenced("another daemon has taken over")
    history.hear(fact("store.unavailable", 1))
    running = asyncio.create_task(history.run())
    await clock.sleep(60)
    assert (running.done(), table.writes) == (True, 1)
    await history.close()


async def test_the_end_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that hangs does not hold up the end."""
    monkeypatch.setattr(module, "LAST", 0.05)
    history, _, _, _ = begun()

    async def hang(rows: Sequence[IncidentRow]) -> None:
        await asyncio.sleep(60)

    history._record = hang
    history.hear(fact("store.unavailable", 1))
    async with asyncio.timeout(5):
        await history.close()
