"""Faults happen once, at the message they are armed for, on whichever connection that is."""

import pytest

from ingestd.testing.emulator import FAULTS, Fault
from ingestd.testing.faults import GARBAGE, Faults, Wire


class Line:
    """A connection: what came through, and whether it was cut."""

    def __init__(self, faults: Faults) -> None:
        self.came: list[bytes] = []
        self.broken = False
        self.wire = Wire(faults, self._take, self._cut)

    async def _take(self, message: bytes) -> None:
        self.came.append(message)

    def _cut(self) -> None:
        self.broken = True


async def told(line: Line, count: int = 4) -> list[bytes]:
    """Messages 0, 1, 2… sent as far as the line bears them; what came."""
    for number in range(count):
        try:
            await line.wire.send(b"%d" % number)
        except ConnectionResetError:
            break
    return line.came


@pytest.mark.parametrize(
    ("fault", "came"),
    [
        ("reset", [b"0"]),
        ("stall", [b"0"]),
        ("duplicate", [b"0", b"1", b"1", b"2", b"3"]),
        ("reorder", [b"0", b"2", b"1", b"3"]),
        ("garbage", [b"0", GARBAGE, b"2", b"3"]),
    ],
)
async def test_what_comes(fault: Fault, came: list[bytes]) -> None:
    """Message 1 meets its fate, the rest is as it was; only a reset breaks the line."""
    faults = Faults()
    faults.arm(1, fault)
    line = Line(faults)
    assert (await told(line), line.broken) == (came, fault == "reset")
    assert line.wire.stalled == (fault in {"reset", "stall"})


def test_every_fault_is_tried_above() -> None:
    """A new fault needs a line there."""
    assert set(FAULTS) == {"reset", "stall", "duplicate", "reorder", "garbage"}


async def test_messages_are_counted_over_all_lines_and_signs_of_life_are_not() -> None:
    """The second line's first message is number 2; what was armed does not happen again."""
    faults = Faults()
    faults.arm(2, "garbage")
    first, second = Line(faults), Line(faults)
    await told(first, 2)
    await second.wire.send(b"alive", sign_of_life=True)
    await told(second, 2)
    assert (first.came, second.came, faults.sent) == ([b"0", b"1"], [b"alive", GARBAGE, b"1"], 4)


async def test_a_sign_of_life_brings_what_was_kept_back() -> None:
    """The last message of all may be out of turn: it must come all the same."""
    faults = Faults()
    faults.arm(0, "reorder")
    line = Line(faults)
    await line.wire.send(b"last")
    await line.wire.send(b"alive", sign_of_life=True)
    assert line.came == [b"alive", b"last"]
