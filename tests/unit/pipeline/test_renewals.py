"""Requests for images: coalesced, paced, and bounded in number."""

from ingestd.model import WHOLE, Scope
from ingestd.pipeline.renewals import MOST, Renewals
from ingestd.testing.clock import VirtualClock

A, B = Scope("market", "a"), Scope("market", "b")


async def test_a_scope_waits_once() -> None:
    """Asked for twice, sent once; and the next time a second later."""
    clock, renewals = VirtualClock(), Renewals()
    renewals.ask(A)
    renewals.ask(B)
    renewals.ask(A)
    assert await renewals.due(clock) == [A, B]
    renewals.ask(A)
    assert await renewals.due(clock) == [A]
    assert clock.monotonic() == 1


async def test_another_scope_need_not_wait() -> None:
    """The pace is one per scope: a scope not asked for lately goes at once."""
    clock, renewals = VirtualClock(), Renewals()
    renewals.ask(A)
    await renewals.due(clock)
    renewals.ask(A)
    renewals.ask(B)
    assert await renewals.due(clock) == [B]
    assert clock.monotonic() == 0


async def test_everything_covers_each() -> None:
    """Beside WHOLE nothing else is asked for, whichever came first."""
    clock, renewals = VirtualClock(), Renewals()
    renewals.ask(A)
    renewals.ask(WHOLE)
    renewals.ask(B)
    assert await renewals.due(clock) == [WHOLE]


async def test_too_many_become_everything() -> None:
    """A storm of gaps is answered by one image of everything, and memory stays bounded."""
    clock, renewals = VirtualClock(), Renewals()
    for number in range(MOST + 1):
        renewals.ask(Scope("market", str(number)))
    assert await renewals.due(clock) == [WHOLE]
