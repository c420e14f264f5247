"""Players and pairs."""

import pytest

from ingestd.pipeline.matching.people import alike_people, people, person_keys


@pytest.mark.parametrize(
    "other", ["N. Djokovic", "Djokovic N.", "Djokovic, Novak", "Novak Đoković", "DJOKOVIC Novak", "Djokovic N. (SRB)", "Djokovic"]
)
def test_one_player(other: str) -> None:
    """Initials, order, accents and case do not matter."""
    assert alike_people("Novak Djokovic", other) >= 0.9


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Serena Williams", "V. Williams"),
        ("Alexander Zverev", "Mischa Zverev"),
        ("F. Cerundolo", "J. M. Cerundolo"),
        ("Andy Murray", "Andy Roddick"),
        ("Murray J / Soares B", "Jamie Murray"),
        ("Murray J / Soares B", "Jamie Murray / Mate Pavic"),
    ],
)
def test_others(one: str, other: str) -> None:
    """Another initial, another surname, another partner: somebody else."""
    assert alike_people(one, other) < 0.6


def test_pairs() -> None:
    """A pair has no order."""
    assert alike_people("Murray J / Soares B", "Bruno Soares & Jamie Murray") >= 0.95


def test_people() -> None:
    """Initials of one player stand together or apart."""
    assert people("J.M. del Potro") == people("J. M. del Potro")
    assert person_keys("Djokovic N.") == person_keys("Đoković")
