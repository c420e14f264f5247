"""Each step of the end has a time of its own, and the account says what is left."""

import asyncio

import pytest

from ingestd.stopping import ENDS, LEAST, Account, Stopping
from ingestd.testing.clock import VirtualClock


class Telemetry:
    """Notes what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, str | float]]] = []

    def fact(self, action: str, /, **labels: str | float) -> None:
        self.said.append((action, labels))

    def add(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Nothing is counted here."""


async def test_a_step_that_is_late_is_broken_off_and_said() -> None:
    """The next one goes on."""
    telemetry = Telemetry()
    stopping = Stopping(VirtualClock(), telemetry)
    stopping.begin(0.5)
    async with stopping.step("sources"):
        await asyncio.sleep(60)
    async with stopping.step("journal"):
        """Nothing to do."""
    assert (stopping.late, list(stopping.seconds)) == ({"sources"}, ["sources", "journal"])
    assert telemetry.said == [("daemon.cut_short", {"step": "sources", "seconds": 0.1})]


async def test_time_that_was_not_needed_goes_to_the_next() -> None:
    """And what was needed more is missing there."""
    clock = VirtualClock()
    stopping = Stopping(clock, Telemetry())
    stopping.begin(100)
    stopping.begin(5)
    assert stopping.within("store") == 100 * ENDS["store"]
    await clock.sleep(70)
    assert stopping.within("store") == pytest.approx(100 * ENDS["store"] - 70)
    await clock.sleep(70)
    assert stopping.within("closing") == LEAST


async def test_a_timeout_of_another_is_no_end_of_the_step() -> None:
    """It is whatever it is: it leaves."""
    stopping = Stopping(VirtualClock(), Telemetry())
    stopping.begin(100)
    with pytest.raises(TimeoutError):
        async with stopping.step("closing"):
            raise TimeoutError
    assert stopping.late == set()


def test_steps_end_in_their_order_and_within_the_deadline() -> None:
    """Else one would have no time at all."""
    assert list(ENDS.values()) == sorted(ENDS.values())
    assert max(ENDS.values()) < 1


def test_the_account_in_words() -> None:
    """What is nothing is not told."""
    assert Account(read=10, journalled=10, stored=10).words == "nothing left"
    account = Account(read=1_010, journalled=1_000, stored=0, waiting=1_000, cut_off=1, undelivered=2, unrecorded=3)
    assert account.words == (
        "1,000 frames wait in the journal for the next start, 10 frames never became durable, 1 sources were cut off, "
        "2 alerts were not delivered, 3 incidents are in the log alone"
    )
