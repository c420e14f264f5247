"""The history of errors on its way into the store: gathered by kind, held while the store is away, never waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec.structs import replace

from ingestd.batch import IncidentRow
from ingestd.errors import Fenced, StoreUnavailable
from ingestd.interfaces import Clock, Telemetry
from ingestd.model import SECOND, hash64
from ingestd.telemetry.facts import Fact

EVERY: Final = 2.0
"""Seconds between two looks at whether there is something to write."""
RETRY: Final = 5.0
"""Seconds between two tries at a store that is away."""
QUIET: Final = 3_600 * SECOND
"""Trouble of one kind that comes back after so long (µs) is a new incident."""
MOST: Final = 2_000
"""Incidents held for the store, at most: beyond that the oldest go."""
LAST: Final = 2.0
"""Seconds at the end for what is not yet written."""
LONGEST: Final = 1_000

Kind = tuple[str, str, str]


class Incidents:
    """Hears every fact. ``record`` puts rows into the store; nothing is written before a run has begun."""

    def __init__(self, record: Callable[[Sequence[IncidentRow]], Awaitable[None]], clock: Clock, telemetry: Telemetry) -> None:
        self._record = record
        self._clock = clock
        self._telemetry = telemetry
        self._latest: dict[Kind, IncidentRow] = {}
        self._unwritten: dict[int, IncidentRow] = {}
        self.run_id: int | None = None

    def begin(self, run_id: int) -> None:
        """A run is in the store: what happens from now on, or was not yet written, happened in it."""
        if self.run_id is not None:
            self._latest.clear()
        self.run_id = run_id

    @property
    def held(self) -> int:
        """Incidents that are not in the store as they stand."""
        return len(self._unwritten)

    def latest(self, since: int, most: int) -> list[IncidentRow]:
        """Those of this process that were still going on at ``since`` (UTC µs), the latest first."""
        lately = [row for row in self._latest.values() if row.last_at >= since]
        return sorted(lately, key=lambda row: row.last_at, reverse=True)[:most]

    def hear(self, fact: Fact) -> None:
        """Warnings and errors are incidents; those that repeat within an hour are one."""
        severity = fact.severity
        if severity is None:
            return
        source, stage = str(fact.labels.get("source", "")), str(fact.labels.get("stage", fact.area))
        kind = source, stage, fact.code
        row = self._latest.get(kind)
        if row is None or fact.at - row.last_at > QUIET:
            number = hash64("incident", *kind, str(fact.at), str(self.run_id))
            row = IncidentRow(
                id=number, source=source, stage=stage, category=fact.code, severity=severity, first_at=fact.at, last_at=fact.at, count=0,
                message="",
            )  # fmt: skip
        row = replace(row, last_at=max(row.last_at, fact.at), count=row.count + 1 + fact.kept_back, message=fact.message[:LONGEST])
        self._latest.pop(kind, None)
        self._latest[kind] = self._unwritten[row.id] = row
        self._bound()

    async def run(self) -> None:
        """Write what there is, for ever; a store that is away is tried again, a daemon that was replaced writes no more."""
        while True:
            await self._clock.sleep(EVERY)
            try:
                await self._write()
            except StoreUnavailable:
                await self._clock.sleep(RETRY)
            except Fenced:
                return

    async def close(self) -> None:
        """The last chance, for two seconds: what the store does not take now is in the log alone."""
        try:
            async with asyncio.timeout(LAST):
                await self._write()
        except (StoreUnavailable, Fenced, TimeoutError):
            self._drop(len(self._unwritten))

    async def _write(self) -> None:
        if not self._unwritten or self.run_id is None:
            return
        rows = [replace(row, run_id=self.run_id) for row in self._unwritten.values()]
        taken = dict(self._unwritten)
        await self._record(rows)
        # what was told again meanwhile is written again
        self._unwritten = {number: row for number, row in self._unwritten.items() if taken.get(number) is not row}

    def _bound(self) -> None:
        if len(self._unwritten) > MOST:
            self._unwritten.pop(next(iter(self._unwritten)))
            self._drop(1)
        if len(self._latest) > MOST:
            self._latest.pop(next(iter(self._latest)))

    def _drop(self, count: int) -> None:
        if count:
            self._telemetry.add("incidents_dropped_total", count)
