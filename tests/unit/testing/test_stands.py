"""What differs between a store and the truth is told, and nothing else."""

import pytest

from ingestd.testing.emulator import Key, Stand
from ingestd.testing.stands import Shown, differences

HOME, AWAY = Key("m", "home"), Key("m", "away", line=0.5, bookmaker="B")
TRUTH = {HOME: Stand(1.5, "open"), AWAY: Stand(2.5, "settled")}
STORED_HOME = Shown(Key("m", "home", "back", 7.0, "Somebody"), Stand(1.5, "open"))
STORED_AWAY = Shown(AWAY, Stand(9.9, "settled"))


def test_no_difference() -> None:
    """Line and bookmaker count where the truth names them; the price of what is not open does not."""
    assert differences(TRUTH, [STORED_HOME, STORED_AWAY]) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([STORED_HOME], "m away 0.5 back B: is Stand(price=2.5, status='settled'), not stored"),
        ([STORED_HOME, STORED_AWAY, STORED_HOME], "m home back: stored twice"),
        ([STORED_HOME, STORED_AWAY, Shown(Key("n", "x"), Stand(1.5, "open"))], "n x back: nobody offers it"),
        ([STORED_HOME, Shown(Key("m", "away", line=1.5, bookmaker="B"), Stand(2.5, "settled"))], "m away 1.5 back B: nobody offers it"),
        ([Shown(HOME, Stand(1.6, "open")), STORED_AWAY], "m home back: is Stand(price=1.5, status='open'), stored as Stand(price=1.6"),
        ([Shown(HOME, Stand(None, "open")), STORED_AWAY], "m home back: is"),
        ([Shown(HOME, Stand(1.5, "suspended")), STORED_AWAY], "m home back: is"),
        ([STORED_HOME, Shown(AWAY, Stand(2.5, "withdrawn"))], "m away 0.5 back B: is"),
    ],
)
def test_what_differs(found: list[Shown], words: str) -> None:
    """Missing, twice, never offered, at another line, at another price, at none, in another state."""
    assert any(told.startswith(words) for told in differences(TRUTH, found))


def test_while_nobody_listened() -> None:
    """What was over may be missing or only withdrawn; what is on offer must be there as it is."""
    assert differences(TRUTH, [STORED_HOME], disturbed=True) == []
    assert differences(TRUTH, [STORED_HOME, Shown(AWAY, Stand(2.5, "withdrawn"))], disturbed=True) == []
    assert len(differences(TRUTH, [STORED_HOME, Shown(AWAY, Stand(2.5, "open"))], disturbed=True)) == 1
    assert len(differences(TRUTH, [STORED_AWAY], disturbed=True)) == 1
