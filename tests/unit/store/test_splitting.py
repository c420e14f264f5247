"""The split: exactly the culprits are found, by themselves and in both databases."""

from hypothesis import given
from hypothesis import strategies as st

from ingestd.store.splitting import Split


@given(st.sets(st.integers(0, 99)), st.integers(0, 100))
def test_split_finds_exactly_the_poison(poison: set[int], size: int) -> None:
    """Everything else is tried with success exactly once, and k culprits cost about k log n attempts."""
    units = list(range(size))
    went_in: list[int] = []
    tries = 0
    split = Split(units)
    for lot in split:
        tries += 1
        if poison & set(lot):
            split.refuse(lot, "no")
        else:
            went_in += lot
    expected = [(unit, "no") for unit in units if unit in poison]
    assert split.culprits == expected
    assert sorted(went_in) == [unit for unit in units if unit not in poison]
    assert tries <= 1 + 2 * len(expected) * 7
