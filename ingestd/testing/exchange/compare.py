"""The model's facts beside those of a store, as ``ingestd.testing.digest`` reads them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ingestd.testing.exchange.model import COLUMNS, Row

Fact = tuple[str, ...]


class Difference(NamedTuple):
    """Facts of one table that the store lacks, and facts that it has too many; at most ``SHOWN`` of each, and how many there are."""

    missing: list[Fact]
    surplus: list[Fact]
    missing_count: int
    surplus_count: int


SHOWN = 5


def differences(expected: Mapping[str, set[Row]], found: Mapping[str, Iterable[Fact]]) -> dict[str, Difference]:
    """By table, empty where all is well. Columns that the exchange's statements do not decide are left aside."""
    told: dict[str, Difference] = {}
    for table, columns in COLUMNS.items():
        wanted = {tuple(f"{name}={value!r}" for name, value in zip(columns, row, strict=True)) for row in expected[table]}
        there = {_picked(columns, fact) for fact in found.get(table, ())}
        if wanted != there:
            missing, surplus = sorted(wanted - there), sorted(there - wanted)
            told[table] = Difference(missing[:SHOWN], surplus[:SHOWN], len(missing), len(surplus))
    return told


def _picked(columns: tuple[str, ...], fact: Fact) -> Fact:
    values = {part.partition("=")[0]: part for part in fact}
    return tuple(values[name] for name in columns)
