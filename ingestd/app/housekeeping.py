"""The store's housekeeping in a live run: room for the months to come, and what is over goes. Nothing of it ends the daemon."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from ingestd.batch import FIRST, Prunable
from ingestd.errors import Fenced, StoreUnavailable
from ingestd.interfaces import Clock, HistoryStore
from ingestd.model import SECOND
from ingestd.settings import RetentionSettings
from ingestd.telemetry import Reporter

EVERY: Final = 3_600.0
"""Seconds between two rounds."""
RETRY: Final = 300.0
"""The same, where something did not work."""
PACE: Final = 0.05
"""Seconds between two transactions, for batches that wait."""
AHEAD: Final = 3
"""Months to come that have room."""
_SHORTEST_MONTH: Final = 28 * 86_400 * SECOND
_HISTORY: Final[tuple[Prunable, ...]] = ("odds_history", "coverage", "market_flags")
_AFFAIRS: Final[tuple[Prunable, ...]] = ("incidents", "quarantine", "runs")


def borders(retention: RetentionSettings, now: int) -> dict[Prunable, int]:
    """Before when (UTC µs) each table is over; history by whole months. What is kept for ever is left out."""
    found: dict[Prunable, int] = {}
    if retention.history is not None:
        found |= dict.fromkeys(_HISTORY, history_border(retention.history, now))
    if retention.incidents is not None:
        found |= dict.fromkeys(_AFFAIRS, max(0, now - int(retention.incidents * SECOND)))
    return found


def history_border(span: float, now: int) -> int:
    """The beginning of the month (UTC µs) that holds the moment ``span`` seconds ago; 1970 at the earliest."""
    moment = datetime.fromtimestamp(max(0, now // SECOND - int(span)), UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * SECOND


class Housekeeping:
    """``away``: whether the store is known to be unavailable."""

    def __init__(
        self, store: HistoryStore, retention: RetentionSettings, away: Callable[[], bool], clock: Clock, reporter: Reporter
    ) -> None:
        self._store = store
        self.retention = retention
        self._away = away
        self._clock = clock
        self._reporter = reporter
        self._begun = asyncio.Event()
        self._done: dict[Prunable, int] = {}

    def begin(self) -> None:
        """The run has the fence: the first round begins."""
        self._begun.set()

    async def run(self) -> None:
        """Round after round, for ever; a daemon that was replaced does no more."""
        await self._begun.wait()
        while True:
            try:
                well = await self._round()
            except Fenced:
                return
            await self._clock.sleep(EVERY if well else RETRY)

    async def _round(self) -> bool:
        """Whether everything is done."""
        now = self._clock.now()
        coming = [now + months * _SHORTEST_MONTH for months in range(AHEAD + 1)]
        well = await self._try("odds_history", partial(self._store.make_room, coming))
        for table, before in borders(self.retention, now).items():
            # months pass slowly: history is looked at once in each
            if self._done.get(table) != before:
                well &= await self._try(table, partial(self._prune, table, before))
        return well

    async def _try(self, table: Prunable, action: Callable[[], Awaitable[None]]) -> bool:
        if self._away():
            return False
        try:
            await action()
        except Fenced:
            raise
        except StoreUnavailable as error:
            self._reporter.fact("store.housekeeping_failed", table=table, error=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - a bug here is contained: recording goes on
            with self._reporter.bound(table=table):
                self._reporter.failed("store.housekeeping_failed", error)
            return False
        return True

    async def _prune(self, table: Prunable, before: int) -> None:
        started, rows = self._clock.monotonic(), 0
        after: int | None = FIRST
        while after is not None:
            if self._away():
                raise StoreUnavailable("the store went away meanwhile")
            pruned = await self._store.prune(table, before, after)
            rows, after = rows + pruned.rows, pruned.rest
            self._reporter.add("retention_rows_total", pruned.rows, table=table)
            await self._clock.sleep(PACE)
        self._done[table] = before
        if rows:
            seconds = round(self._clock.monotonic() - started, 1)
            said = datetime.fromtimestamp(before // SECOND, UTC).isoformat(timespec="seconds")
            self._reporter.fact("store.pruned", table=table, rows=rows, before=said, seconds=seconds)
