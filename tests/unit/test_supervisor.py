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
        self.stuck = False
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

    async def run(self) -> None:
        await self._parts.ended.wait()

    async def close(self) -> None:
        self._parts.order.append("intake closed")
        self._parts.ended.set()


def supervisor(parts: Parts, deadline: float = 5.0, sources: int = 1) -> Supervisor:
    """One over these parts."""
    return Supervisor(
        [Collector(parts) for _ in range(sources)],  # type: ignore[misc]
        Intake(parts),  # type: ignore[arg-type]
        parts,  # type: ignore[arg-type]
        parts.load,
        VirtualClock(),
        parts,
        deadline=deadline,
        entered=parts.states.append,
    )


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
    assert await supervisor(parts).run(stop) is True
    assert parts.order == ["bound {'source': 's'}", "daemon.draining", "source.cut_off", "intake closed", "sealed", "loaded"]


async def test_a_loader_that_is_not_done_by_the_deadline_is_left() -> None:
    """The journal keeps the rest: said by False, and the exit code."""
    parts = Parts()
    parts.stuck = True
    stop = asyncio.Event()
    stop.set()
    assert await supervisor(parts, deadline=0.2).run(stop) is False


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
