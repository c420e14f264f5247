"""Starts and stops the parts of a live daemon in the right order, within a deadline."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Final

from msgspec import Struct

from ingestd.errors import ours
from ingestd.interfaces import Clock, ContextTelemetry, Journal
from ingestd.overview import Life
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import Intake

CLOSING: Final = 2.0
"""Seconds that sources get to say goodbye."""


class Living(Struct):
    """Where the daemon stands, for whoever asks."""

    state: Life = "starting"


class Supervisor:
    """Owns every task. A task that fails takes the daemon down; a source that is refused does not.

    ``entered`` is told each state of ``life``.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        collectors: Sequence[Collector],
        intake: Intake,
        journal: Journal,
        load: Callable[[], Coroutine[None, None, None]],
        clock: Clock,
        telemetry: ContextTelemetry,
        *,
        deadline: float,
        entered: Callable[[str], None],
        beside: Mapping[str, Callable[[], Coroutine[None, None, None]]] | None = None,
    ) -> None:
        """``beside``: by name, what runs as long as the loader and is then cancelled."""
        self._collectors = collectors
        self._intake = intake
        self._journal = journal
        self._load = load
        self._clock = clock
        self._telemetry = telemetry
        self._deadline = deadline
        self._entered = entered
        self._beside = {"loop watch": self._watch_loop, **(beside or {})}
        self.life = Living()

    async def run(self, stop: asyncio.Event) -> bool:
        """Until ``stop`` is set, then drain. Returns whether everything that was read is in the store (if not, the journal has it).

        Raises what a task failed with: an IngestdError, or a group of whatever else it was.
        """
        try:
            return await self._run(stop)
        except BaseExceptionGroup as group:
            raise ours(group) from group
        finally:
            self._enter("stopped")

    async def _run(self, stop: asyncio.Event) -> bool:
        async with asyncio.TaskGroup() as group:
            loading = group.create_task(self._load(), name="loader")
            appending = group.create_task(self._intake.run(), name="intake")
            collecting = [self._collect(group, collector) for collector in self._collectors]
            watching = [group.create_task(watch(), name=name) for name, watch in self._beside.items()]
            self._enter("running")
            try:
                await stop.wait()
            finally:
                # also where a task failed: nothing more is taken on
                self._enter("draining")
            self._telemetry.fact("daemon.draining", seconds=self._deadline)
            started = self._clock.monotonic()
            await self._close_sources(collecting)
            await self._intake.close()
            await appending
            self._journal.seal()
            left = self._deadline - (self._clock.monotonic() - started)
            done, _ = await asyncio.wait([loading], timeout=max(left, 0.1))
            for task in (loading, *watching):
                task.cancel()
        return bool(done)

    def _enter(self, state: Life) -> None:
        self.life.state = state
        self._entered(state)

    def _collect(self, group: asyncio.TaskGroup, collector: Collector) -> "asyncio.Task[None]":
        with self._telemetry.bound(source=collector.name):
            return group.create_task(collector.run(), name=f"collector {collector.name}")

    async def _close_sources(self, collecting: Sequence["asyncio.Task[None]"]) -> None:
        """Let every source say goodbye, all at once; whoever takes longer is cut off."""
        try:
            async with asyncio.timeout(CLOSING), asyncio.TaskGroup() as group:
                for collector in self._collectors:
                    group.create_task(collector.close(), name=f"close {collector.name}")
        except TimeoutError:
            self._telemetry.fact("source.cut_off", seconds=CLOSING)
        for task in collecting:
            task.cancel()
        if collecting:
            await asyncio.wait(collecting, timeout=CLOSING)

    async def _watch_loop(self) -> None:
        """Measure how late the loop comes back: everything else waits that long too."""
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(1.0)
            self._telemetry.add("event_loop_lag_seconds", max(0.0, self._clock.monotonic() - before - 1.0))
