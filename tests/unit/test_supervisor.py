"""The supervisor stops things in order, within its deadline, and lets failures out as themselves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ingestd.errors import Fenced
from ingestd.supervisor import Supervisor
from ingestd.testing.clock import VirtualClock


class Parts:
    """A collector, an intake, a journal and a loader that note in which order they are used."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.name = "s"
        self.sealed = asyncio.Event()
        self.closed = asyncio.Event()
        self.ended = asyncio.Event()
        self.failure: Exception | None = None
        self.stuck = self.disk_hangs = False
        self.lost = 0
        self.states: list[str] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        self.order.append(action)

    @contextmanager
    def bound(self, **labels: str | float) -> Iterator[None]:
        self.order.append(f"bound {labels}")
        yield

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Nothing is counted here."""

    def seal(self) -> None:
        self.order.append("sealed")
        self.sealed.set()

    async def load(self) -> None:
        if self.failure is not None:
            raise self.failure
        await self.sealed.wait()
        while self.stuck:
            await asyncio.sleep(60)
        self.order.append("loaded")


class Collector:
    """Runs until closed."""

    def __init__(self, parts: Parts) -> None:
        self.name = "s"
        self._parts = parts

    async def run(self) -> None:
        await self._parts.closed.wait()

    async def close(self) -> None:
        self._parts.order.append("source closed")
        self._parts.closed.set()


class Intake:
    """Appends until closed."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.lost = 0

    async def run(self) -> None:
        await self._parts.ended.wait()

    async def close(self, patience: float) -> None:
        self._parts.order.append("intake closed")
        self.lost = self._parts.lost
        if not self._parts.disk_hangs:
            self._parts.ended.set()


def supervisor(parts: Parts, deadline: float = 5.0, sources: int = 1) -> Supervisor:
    """One over these parts."""
    made = Supervisor(
        Intake(parts),  # type: ignore[arg-type]
        parts,  # type: ignore[arg-type]
        parts.load,
        VirtualClock(),
        parts,
        deadline=deadline,
        entered=parts.states.append,
    )
    for _ in range(sources):
        made.start(Collector(parts))  # type: ignore[arg-type]
    return made


async def test_it_stops_from_the_wire_to_the_store() -> None:
    """Sources first, then what they handed over, then the loader to the journal's end."""
    parts = Parts()
    stop = asyncio.Event()
    stop.set()
    running = supervisor(parts)
    assert await running.run(stop) is True
    assert parts.order == ["bound {'source': 's'}", "daemon.draining", "source closed", "intake closed", "sealed", "loaded"]
    assert running.life.state == "stopped"
    assert parts.states == ["running", "draining", "stopped"]


async def test_it_stops_without_any_source() -> None:
    """Somebody switched all of them off."""
    parts = Parts()
    stop = asyncio.Event()
    stop.set()
    assert await supervisor(parts, sources=0).run(stop) is True
    assert parts.order == ["daemon.draining", "intake closed", "sealed", "loaded"]


async def test_a_source_that_does_not_leave_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' goodbyes, and the drain, do not wait for it."""
    monkeypatch.setattr("ingestd.supervisor.CLOSING", 0.1)
    parts = Parts()

    async def never(_: Collector) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(Collector, "close", never)
    stop = asyncio.Event()
    stop.set()
    running = supervisor(parts)
    assert await running.run(stop) is True
    assert running.cut_off == 1
    assert parts.order == ["bound {'source': 's'}", "daemon.draining", "source.cut_off", "intake closed", "sealed", "loaded"]


async def test_a_loader_that_is_not_done_by_the_deadline_is_left() -> None:
    """The journal keeps the rest: said by False, and the exit code."""
    parts = Parts()
    parts.stuck = True
    stop = asyncio.Event()
    stop.set()
    assert await supervisor(parts, deadline=0.2).run(stop) is False


async def test_a_disk_that_hangs_leaves_the_store_its_time() -> None:
    """What is not durable by then is not waited for any longer; what is reaches the store."""
    parts = Parts()
    parts.disk_hangs = True
    stop = asyncio.Event()
    stop.set()
    assert await supervisor(parts, deadline=0.5).run(stop) is False
    assert parts.order[-3:] == ["daemon.cut_short", "sealed", "loaded"]


async def test_frames_that_never_became_durable_are_work_left() -> None:
    """Though everything else is done."""
    parts = Parts()
    parts.lost = 1
    stop = asyncio.Event()
    stop.set()
    assert await supervisor(parts).run(stop) is False


async def test_a_failure_leaves_as_itself() -> None:
    """A daemon that lost the store to another must say so in one line, not in a group of groups."""
    parts = Parts()
    parts.failure = Fenced("another daemon has taken over")
    with pytest.raises(Fenced, match="taken over"):
        await supervisor(parts).run(asyncio.Event())
    # while it ends, nobody may think that it takes anything on
    assert parts.states == ["running", "draining", "stopped"]


async def test_a_bug_leaves_too() -> None:
    """No task dies in silence."""
    parts = Parts()
    parts.failure = ZeroDivisionError("bug")
    with pytest.raises(ExceptionGroup) as caught:
        await supervisor(parts).run(asyncio.Event())
    assert caught.group_contains(ZeroDivisionError)


async def test_sources_come_and_go_while_it_runs() -> None:
    """One that is stopped says goodbye and is not asked again at the end; one that is started is; one that comes too late is not."""
    parts, other = Parts(), Parts()
    running, stop = supervisor(parts, sources=0), asyncio.Event()
    one, two, late = Collector(parts), Collector(other), Collector(Parts())
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(running.run(stop))
        await asyncio.sleep(0)
        for collector in (one, two):
            running.start(collector)  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await running.stop(one)  # type: ignore[arg-type]
        assert (parts.order.count("source closed"), other.order) == (1, [])
        stop.set()
        await ending
        running.start(late)  # type: ignore[arg-type]
    assert (parts.order.count("source closed"), other.order) == (1, ["source closed"])
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("collector")] == []
