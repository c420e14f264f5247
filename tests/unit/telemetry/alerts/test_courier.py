"""One channel: bounded, tried again, behind a breaker; nobody waits for it."""

import asyncio
from random import Random
from typing import TypeVar

import pytest
from msgspec.structs import replace

from ingestd.errors import Disconnected, Refused, Throttled
from ingestd.model import SECOND, Severity
from ingestd.pipeline.resilience import Backoff, Breaker
from ingestd.telemetry.alerts import courier as module
from ingestd.telemetry.alerts.courier import Courier
from ingestd.telemetry.alerts.texts import Told
from ingestd.telemetry.series import Metrics
from ingestd.testing.clock import VirtualClock
from tests.unit.telemetry.alerts.conftest import SAID

T = TypeVar("T")


class Reporter:
    """Counts, and remembers facts."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.add = self.metrics.add
        self.facts: list[tuple[str, dict[str, str | float]]] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        self.facts.append((action, labels))


class World:
    """A courier, and what its receiver does: one outcome a try, then well."""

    def __init__(self, *outcomes: Exception | None, floor: Severity = "warning") -> None:
        self.clock = VirtualClock()
        self.reporter = Reporter()
        self.outcomes = list(outcomes)
        self.taken: list[Told] = []
        self.tries: list[float] = []
        backoff = Backoff(Random(1), 2.0, 300.0)

        def pause(well: bool) -> float:
            if well:
                backoff.reset()
                return 0.0
            return backoff.next()

        breaker = Breaker("alerts slack", self.clock, self.reporter)
        self.courier = Courier("slack", self.deliver, floor, breaker, pause, self.clock, self.reporter)

    async def deliver(self, said: Told) -> None:
        self.tries.append(self.clock.monotonic())
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        self.taken.append(said)

    def offer(self, rule: str = "test", text: str = "", severity: Severity = "critical") -> None:
        self.courier.offer(replace(SAID, rule=rule, text=text, severity=severity, at=self.clock.now()))

    async def passes(self, seconds: float) -> None:
        """Let it run for so long."""
        running = asyncio.create_task(self.courier.run())
        await self.clock.sleep(seconds)
        running.cancel()

    def counted(self) -> dict[str, float]:
        """Tries by outcome, and what was suppressed by reason."""
        metrics = self.reporter.metrics
        outcomes = {key[1]: value for key, value in metrics._values.get("alerts_total", {}).items()}
        return outcomes | {key[0]: value for key, value in metrics._values.get("alerts_suppressed_total", {}).items()}


async def test_taken() -> None:
    """At once, in order."""
    world = World()
    world.offer("one")
    world.offer("two")
    assert world.courier.waiting == 2
    await world.passes(1)
    assert [said.rule for said in world.taken] == ["one", "two"]
    assert (world.courier.waiting, world.counted()) == (0, {"delivered": 2})


async def test_not_grave_enough() -> None:
    """Is not for this channel."""
    world = World(floor="error")
    world.offer(severity="warning")
    world.offer(severity="error")
    await world.passes(1)
    assert world.counted() == {"delivered": 1, "severity": 1}


async def test_again_with_growing_pauses() -> None:
    """Until it is taken; it says since when it fails."""
    world = World(*[Disconnected("unreachable", "x")] * 4)
    world.offer()
    await world.passes(0.001)
    assert world.courier.failing_since == world.clock.now() - 1_000
    await world.passes(300)
    assert (len(world.taken), world.courier.failing_since) == (1, 0)
    assert world.counted() == {"failed": 4, "delivered": 1}
    assert [action for action, _ in world.reporter.facts] == ["alert.undelivered"] * 4


async def test_a_breaker() -> None:
    """After so many failures it is not asked more than once in a while."""
    world = World(*[Disconnected("unreachable", "x")] * 1_000)
    world.offer()
    await world.passes(3_600)
    assert world.taken == []
    gaps = [later - earlier for earlier, later in zip(world.tries[5:], world.tries[6:], strict=False)]
    assert min(gaps) >= 30
    assert len(world.tries) < 120


async def test_as_it_asks() -> None:
    """Not before its time."""
    world = World(Throttled(100))
    world.offer()
    await world.passes(200)
    assert [round(second) for second in world.tries] == [0, 100]
    assert world.counted() == {"throttled": 1, "delivered": 1}


async def test_refused() -> None:
    """Not again; the next message is tried all the same."""
    world = World(Refused("status", "404 no team"))
    world.offer("one")
    world.offer("two")
    await world.passes(1)
    assert [said.rule for said in world.taken] == ["two"]
    assert world.counted() == {"refused": 1, "delivered": 1}
    assert world.reporter.facts == [("alert.undelivered", {"channel": "slack", "reason": "status", "detail": "404 no team"})]


async def test_a_bug() -> None:
    """In a channel is told with its stack, and ends nothing."""
    world = World(ZeroDivisionError("bug"))
    world.offer("one")
    world.offer("two")
    await world.passes(1)
    assert [said.rule for said in world.taken] == ["two"]
    ((_, labels),) = world.reporter.facts
    assert (labels["reason"], labels["error_type"], "ZeroDivisionError: bug" in str(labels["stack"])) == ("bug", "ZeroDivisionError", True)


async def test_the_latest_of_a_rule() -> None:
    """Takes the place of the one before: what waits is bounded by the rules there are."""
    world = World(Throttled(100))
    for number in range(1_000):
        world.offer("one", str(number))
    await world.passes(1)
    world.offer("one", "latest")
    await world.passes(200)
    assert [said.text for said in world.taken] == ["latest"]
    assert world.counted() == {"throttled": 1, "superseded": 1_000, "delivered": 1}


async def test_what_comes_while_one_is_delivered() -> None:
    """Is not lost, though it is of the same rule."""
    world = World()
    deliver = world.courier._deliver

    async def slowly(said: Told) -> None:
        if not world.taken:
            world.offer("one", "second")
        await deliver(said)

    world.courier._deliver = slowly
    world.offer("one", "first")
    await world.passes(1)
    assert [said.text for said in world.taken] == ["first", "second"]


async def test_too_old() -> None:
    """After a day nobody wants to know."""
    world = World(*[Throttled(3_600)] * 30)
    world.offer()
    await world.passes(100_000)
    assert (world.taken, world.courier.waiting, world.counted()["expired"]) == ([], 0, 1)
    assert world.counted()["throttled"] <= module.OLDEST / SECOND / 3_600 + 1


async def test_a_receiver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has so long and no longer."""
    monkeypatch.setattr(module, "WITHIN", 0.05)
    world = World()

    async def hang(_: Told) -> None:
        await asyncio.sleep(60)

    world.courier._deliver = hang
    world.offer()
    async with asyncio.timeout(5):
        assert await world.courier.attempt() >= 0
    assert world.counted() == {"failed": 1}
