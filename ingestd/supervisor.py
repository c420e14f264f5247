"""Starts and stops the parts of a live daemon in the right order, within a deadline."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Final

from msgspec import Struct

from ingestd.errors import ours
from ingestd.interfaces import Clock, ContextTelemetry, Journal
from ingestd.overview import Life
from ingestd.pipeline.collector import Collector
from ingestd.pipeline.intake import PATIENCE, Intake
from ingestd.stopping import Stopping

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
        self._collecting: dict[Collector, asyncio.Task[None] | None] = {}
        self._group: asyncio.TaskGroup | None = None
        self._intake = intake
        self._journal = journal
        self._load = load
        self._clock = clock
        self._telemetry = telemetry
        self.deadline = deadline
        self._entered = entered
        self._beside = {"loop watch": self._watch_loop, **(beside or {})}
        self.life = Living()
        self.stopping = Stopping(clock, telemetry)
        self.cut_off = 0
        """Sources that the drain did not wait for any longer."""

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
            self._group = group
            loading = group.create_task(self._load(), name="loader")
            appending = group.create_task(self._intake.run(), name="intake")
            self._enter("running")
            for collector in self._collecting:
                self.start(collector)
            watching = [group.create_task(watch(), name=name) for name, watch in self._beside.items()]
            try:
                await stop.wait()
            finally:
                # also where a task failed: nothing more is taken on
                self._enter("draining")
            await self._drain(appending, loading)
            for task in (appending, loading, *watching):
                task.cancel()
        return not self.stopping.late & {"journal", "store"} and not self._intake.lost

    async def _drain(self, appending: "asyncio.Task[None]", loading: "asyncio.Task[None]") -> None:
        """From the wire to the store; what is not done in its time is left."""
        stopping = self.stopping
        stopping.begin(self.deadline)
        self._telemetry.fact("daemon.draining", seconds=self.deadline)
        async with stopping.step("sources"):
            self.cut_off = await self.stop(*self._collecting, within=min(CLOSING, stopping.within("sources") / 2))
        async with stopping.step("journal"):
            await self._intake.close(min(PATIENCE, stopping.within("journal") / 2))
            await asyncio.wait([appending])
        self._journal.seal()
        async with stopping.step("store"):
            await asyncio.wait([loading])

    def start(self, collector: Collector) -> None:
        """Collect from now on, or from when the daemon runs. Whoever comes once it drains is not started."""
        if self.life.state == "starting":
            self._collecting[collector] = None
        elif self._group is not None and self.life.state == "running":
            with self._telemetry.bound(source=collector.name):
                self._collecting[collector] = self._group.create_task(collector.run(), name=f"collector {collector.name}")

    async def stop(self, *collectors: Collector, within: float = CLOSING) -> int:
        """Let these sources say goodbye, all at once; whoever takes longer is cut off. None of them hands over anything after that.

        Returns how many were cut off.
        """
        late: list[Collector] = []
        try:
            async with asyncio.timeout(within), asyncio.TaskGroup() as group:
                for collector in collectors:
                    group.create_task(collector.close(), name=f"close {collector.name}")
        except TimeoutError:
            late = [collector for collector in collectors if (task := self._collecting.get(collector)) and not task.done()]
            for collector in late:
                self._telemetry.fact("source.cut_off", source=collector.name, seconds=within)
        tasks = [task for collector in collectors if (task := self._collecting.pop(collector, None))]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=within)
        return len(late)

    def _enter(self, state: Life) -> None:
        self.life.state = state
        self._entered(state)

    async def _watch_loop(self) -> None:
        """Measure how late the loop comes back: everything else waits that long too."""
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(1.0)
            self._telemetry.add("event_loop_lag_seconds", max(0.0, self._clock.monotonic() - before - 1.0))
