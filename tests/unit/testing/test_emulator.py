"""The words in which emulators and the common suite speak."""

from typing import get_args

from ingestd.testing.emulator import FAULTS, Fault, Key, Stand


def test_faults_are_all_there() -> None:
    """The suite tries what the type names, nothing less."""
    assert get_args(Fault) == FAULTS


def test_a_key_is_one_of_its_words() -> None:
    """What is left out is empty; keys tell lines and bookmakers apart, and can be put in order."""
    plain, lined, booked = Key("m", "home"), Key("m", "home", line=0.5), Key("m", "home", bookmaker="B")
    assert plain == Key("m", "home", "back", None, "")
    assert len({plain, lined, booked}) == 3
    assert sorted([booked, plain], key=str) == sorted([plain, booked], key=str)


def test_a_stand_is_compared_by_value() -> None:
    """Truth is a mapping of them."""
    assert {Key("m", "home"): Stand(1.5, "open")} == {Key("m", "home"): Stand(1.5, "open")}
    assert Stand(None, "open") != Stand(1.5, "open")
