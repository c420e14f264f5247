"""A source's state: what it is, since when, and each outage said once at either end."""

from collections.abc import Sequence

from ingestd.model import Frame, Scope
from ingestd.pipeline.standing import Standing
from ingestd.testing.clock import VirtualClock


class Telemetry:
    """Remembers the facts and counts the disconnects."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, str | float]] = []
        self.disconnects = 0.0

    def fact(self, action: str, /, **labels: str | float) -> None:
        self.facts.append((action, labels.get("reason", labels.get("seconds", ""))))

    def add(self, _name: str, value: float = 1, /, **_labels: str) -> None:
        self.disconnects += value


async def test_an_outage_is_said_when_it_starts_and_when_it_ends() -> None:
    """Ten failed attempts are one outage, with its length; each is still counted."""
    clock, telemetry = VirtualClock(), Telemetry()
    standing = Standing("s", clock, telemetry)
    standing.live()
    await clock.sleep(5)
    for _ in range(10):
        standing.lost("reset", "by peer")
        await clock.sleep(1)
    standing.live()

    assert telemetry.facts == [("source.connected", ""), ("source.disconnected", "reset"), ("source.recovered", 10.0)]
    assert telemetry.disconnects == 10


async def test_how_long_it_has_been_down() -> None:
    """From the first attempt or the end of the link on, whatever the reasons were meanwhile; what to do is kept for whoever looks."""
    clock = VirtualClock()
    standing = Standing("s", clock, Telemetry())
    began = clock.now()
    await clock.sleep(1)
    standing.lost("unreachable", "")
    assert standing.status(0, 0).down_since == began
    standing.live()
    assert standing.status(0, 0).down_since == 0
    await clock.sleep(1)
    gone = clock.now()
    for reason in ("closed", "breaker", "closed"):
        standing.lost(reason, "")
        await clock.sleep(1)
    standing.parked("key", "no such key", "set another")
    status = standing.status(0, 0)
    assert (status.down_since, status.hint) == (gone, "set another")
    assert status.since > gone


class Door:
    """A session to which the provider comes."""

    def __init__(self) -> None:
        self.refused = {"signature": 2}

    async def read(self) -> Sequence[Frame]:
        return ()

    async def renew(self, scope: Scope) -> None: ...
    def durable(self, frames: Sequence[Frame]) -> None: ...


class Link:
    """A session that we opened."""

    async def read(self) -> Sequence[Frame]:
        return ()

    async def renew(self, scope: Scope) -> None: ...


async def test_a_session_that_waits_for_receipts_is_told_and_counted() -> None:
    """What it refused shows as it grows; any other session gets no receipts."""
    standing, door = Standing("s", VirtualClock(), Telemetry()), Door()
    assert (standing.receive(Link()), standing.status(0, 0).refused) == (None, {})
    assert standing.receive(door) == door.durable
    door.refused["stale"] = 1
    assert standing.status(0, 0).refused == {"signature": 2, "stale": 1}


async def test_states_and_since() -> None:
    """Connecting until it was live once, recovering after that, silent while silent; since moves with state or reason only."""
    clock = VirtualClock(now=0)
    standing = Standing("s", clock, Telemetry())
    seen = []
    for step in ("refused", "refused", "live", "silent", "reset", "parked"):
        await clock.sleep(1)
        if step == "live":
            standing.live()
        elif step == "parked":
            standing.parked("key", "401", "hint")
        else:
            standing.lost(step, "")
        seen.append((standing.state, standing.reason, standing.since))

    assert seen == [
        ("connecting", "refused", 1_000_000),
        ("connecting", "refused", 1_000_000),
        ("live", "", 3_000_000),
        ("silent", "silent", 4_000_000),
        ("recovering", "reset", 5_000_000),
        ("parked", "key", 6_000_000),
    ]
    card = standing.status(2, 3)
    assert (card.state, card.reason, card.since, card.waiting, card.dropped) == (*seen[-1], 2, {"journal_full": 3})
    assert standing.status(0, 0).dropped == {}
