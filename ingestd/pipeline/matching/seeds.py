"""The seed lists: CSV files in ``data/``, written by hand, read once."""

import csv
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from msgspec import Struct

ALSO: Final = "|"
NEEDS_GROUP: Final = "="
"""Begins an alias that means this one only together with its group: there are many Premier Leagues, and many clubs called Nacional."""


class Row(Struct, frozen=True, kw_only=True):
    """One line of a list. ``group``: the country or competition whose teams may meet, else empty; ``sport``: of a league."""

    sport: str
    group: str
    name: str
    marks: frozenset[str]
    spellings: tuple[str, ...]
    """The name first, then the aliases."""


class Sport(Struct, frozen=True, kw_only=True):
    """How fixtures of a sport are told apart. Times: hours between the starts that two sources give for one fixture."""

    name: str
    kind: str
    """``team`` or ``person``."""
    us: bool
    """Whether teams are colleges and cities of the USA: "St" at the end of a name is "State"."""
    near: float
    """Up to here a difference says nothing."""
    far: float
    """Up to here it is the same fixture, if everything else is."""
    reach: float
    """Beyond here it is another one."""
    family: str
    """The wider word that some providers use for it: Counter-Strike is told as esports, too. Its lists of teams are those of the family."""
    spellings: tuple[str, ...]


@lru_cache(maxsize=64)
def rows(name: str) -> tuple[Row, ...]:
    """The list of that name; empty where there is none."""
    return tuple(
        Row(
            sport=line.get("sport", ""),
            group=line.get("group", ""),
            name=line["name"],
            marks=frozenset(line.get("marks", "").split()),
            spellings=_spellings(line),
        )
        for line in _lines(name)
    )


@lru_cache(maxsize=1)
def sports() -> tuple[Sport, ...]:
    """Every sport we know."""
    return tuple(
        Sport(
            name=line["name"],
            kind=line["kind"],
            us=line["us"] == "yes",
            near=float(line["near"]),
            far=float(line["far"]),
            reach=float(line["reach"]),
            family=line["family"] or line["name"],
            spellings=_spellings(line),
        )
        for line in _lines("sports")
    )


def vocabulary(kind: str) -> dict[str, str]:
    """The words of a kind, each with what it stands for."""
    return {line["word"]: line["stands_for"] for line in _lines("words") if line["kind"] == kind}


def _spellings(line: dict[str, str]) -> tuple[str, ...]:
    return (line["name"], *(alias for alias in line["aliases"].split(ALSO) if alias))


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Traversable]:
    """The lists by name. What is asked for may be a provider's word: it is never made part of a path."""
    return {file.name.removesuffix(".csv"): file for file in files("ingestd.pipeline.matching").joinpath("data").iterdir()}


def _lines(name: str) -> Iterator[dict[str, str]]:
    if name in _shipped():
        yield from csv.DictReader(_shipped()[name].read_text(encoding="utf-8").splitlines())
