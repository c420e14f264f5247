"""How alike team names are."""

import pytest

from ingestd.pipeline.matching.alike import alike
from ingestd.pipeline.matching.naming import parse


def likeness(one: str, other: str, *, us: bool = False) -> float:
    """In a sport without a list: only the words speak."""
    return alike("none", us, parse("none", us=us, name=one), parse("none", us=us, name=other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Foobridge Utd", "Foobridge United"),
        ("FC Foobridge", "Foobridge"),
        ("Olympiakos Foo", "Olympiacos Foo"),
        ("Nott'm Foo", "Nottingham Foo"),
        ("Leeds", "Leeds United"),
        ("ABC", "Alpha Beta Charlie"),
    ],
)
def test_alike(one: str, other: str) -> None:
    """Spellings of one name."""
    assert likeness(one, other) >= 0.85
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Foobridge United", "Foobridge City"),
        ("Foobridge United", "Barchester United"),
        ("Central Cordoba", "Cordoba"),
        ("Real Foo", "Real Bar"),
    ],
)
def test_not_alike(one: str, other: str) -> None:
    """What clubs share does not make them one; what each has of its own tells them apart."""
    assert likeness(one, other) < 0.6


def test_state() -> None:
    """A college is not the state university of the same name."""
    assert likeness("Foo State", "Foo", us=True) < 0.6
    assert likeness("Foo St", "Foo State", us=True) == 1.0


def test_known_teams() -> None:
    """Two teams of the list are never alike, whatever they are called."""
    united, city = (parse("football", us=False, name=name) for name in ("Man United", "Man City"))
    assert alike("football", False, united, city) == 0.0
    assert alike("football", False, united, parse("football", us=False, name="Manchester Utd")) == 1.0
