"""The split: exactly the culprits are found, by themselves and in both databases."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from ingestd.store.splitting import split

T = TypeVar("T")
Rows = Callable[[str], Awaitable[list[tuple[object, ...]]]]


@given(st.sets(st.integers(0, 99)), st.integers(0, 100))
def test_split_finds_exactly_the_poison(poison: set[int], size: int) -> None:
    """Everything else is tried with success exactly once, and k culprits cost about k log n attempts."""
    units = list(range(size))
    went_in: list[int] = []
    culprits: list[tuple[int, str]] | None = None
    attempts = split(units)
    sent: str | None = None
    tries = 0
    while culprits is None:
        try:
            lot = next(attempts) if sent is None else attempts.send(sent)
        except StopIteration as done:
            culprits = done.value
            continue
        tries += 1
        sent = "no" if poison & set(lot) else ""
        if not sent:
            went_in += lot
    expected = [(unit, "no") for unit in units if unit in poison]
    assert culprits == expected
    assert sorted(went_in) == [unit for unit in units if unit not in poison]
    assert tries <= 1 + 2 * len(expected) * 7
