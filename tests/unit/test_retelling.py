"""What a retry writes beside its rows."""

from ingestd.retelling import Retelling


def test_nothing_is_told_anew_at_first() -> None:
    """And no retelling shares its lists with another."""
    one = Retelling()
    one.since[1] = 2
    assert Retelling() == Retelling(since={}, until=0, standings=[], verdicts=[])
