"""Matching on trial: pairs of fixtures of which a person said whether they are one, against what ``decide`` says.

A file of pairs is CSV with the columns of ``COLUMNS``, each fixture's with ``_a`` or ``_b`` behind it; others are passed over. ``label`` is
``same``, ``flip`` (the same, the other way round) or ``different``; ``start`` is ISO 8601, UTC where no zone is given.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from msgspec import Struct

from ingestd.errors import Malformed
from ingestd.model import Fixture
from ingestd.pipeline.matching.deciding import USUAL, Candidate, Thresholds, Verdict, decide

Label = Literal["same", "flip", "different"]
LABELS: Final[tuple[Label, ...]] = get_args(Label)
COLUMNS: Final = ("sport", "league", "home", "away", "start")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Pair(Struct, frozen=True):
    """Two fixtures and the truth about them. ``line``: where they stand in the file."""

    line: int
    label: Label
    known: Candidate
    told: Fixture


class Tried(Struct, frozen=True):
    """A pair and what became of it."""

    pair: Pair
    verdict: Verdict

    @property
    def right(self) -> bool:
        """Linked as a person would, or not linked at all where that is right."""
        if self.pair.label == "different":
            return self.verdict.state == "new"
        return self.verdict.state == "auto" and self.verdict.flipped == (self.pair.label == "flip")


class Figures(Struct, frozen=True, kw_only=True):
    """What came out. ``wrong``: linked by itself, and wrongly; ``missed``: the same, and taken for new."""

    tried: tuple[Tried, ...]
    same: int
    linked: int
    wrong: int
    asked_same: int
    asked_different: int
    missed: int

    @property
    def precision(self) -> float:
        """Of what was linked by itself, the share that is right."""
        return self.linked / (self.linked + self.wrong) if self.linked + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Of what is the same, the share that was linked or put before a person."""
        return (self.linked + self.asked_same) / self.same if self.same else 1.0

    @property
    def alone(self) -> float:
        """Of what is the same, the share that was linked without a person."""
        return self.linked / self.same if self.same else 1.0


def read_pairs(text: str) -> list[Pair]:
    """Raises Malformed for what is no such file, with the line."""
    reader = csv.DictReader(text.splitlines(), restval="")
    needed = {"label", *(f"{column}_{side}" for column in COLUMNS for side in "ab")}
    if missing := needed - set(reader.fieldnames or ()):
        raise Malformed("columns", f"there is no column {', '.join(sorted(missing))}")
    return [_pair(row, reader.line_num) for row in reader]


def judge(pairs: Iterable[Pair], thresholds: Thresholds = USUAL) -> Figures:
    """Decide each pair by itself."""
    tried = tuple(Tried(pair, decide("b", pair.told, [pair.known], thresholds)) for pair in pairs)
    same = [one for one in tried if one.pair.label != "different"]
    linked = sum(one.right for one in same)
    return Figures(
        tried=tried,
        same=len(same),
        linked=linked,
        wrong=_count(tried, "auto") - linked,
        asked_same=_count(same, "review"),
        asked_different=_count(tried, "review") - _count(same, "review"),
        missed=_count(same, "new"),
    )


def _count(tried: Sequence[Tried], state: str) -> int:
    return sum(one.verdict.state == state for one in tried)


def _pair(row: dict[str, str], line: int) -> Pair:
    label = next((label for label in LABELS if label == row["label"]), None)
    if any(not row[f"{column}_{side}"] for column in ("sport", "home", "away", "start") for side in "ab"):
        raise Malformed("cells", f"line {line}: cells are missing")
    if label is None:
        raise Malformed("label", f"line {line}: {row['label']!r} is none of {', '.join(LABELS)}")
    return Pair(
        line,
        label,
        Candidate(
            event_id=1,
            sport=row["sport_a"],
            league=row["league_a"],
            season="",
            name="",
            home=row["home_a"],
            away=row["away_a"],
            starts_at=_start(row["start_a"], line),
            sources=frozenset("a"),
        ),
        Fixture(
            source_event_id=str(line),
            sport=row["sport_b"],
            name="",
            league=row["league_b"],
            home=row["home_b"],
            away=row["away_b"],
            starts_at=_start(row["start_b"], line),
        ),
    )


def _start(text: str, line: int) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("time", f"line {line}: {text!r} is no time; write it as 2026-01-10T15:00Z") from error
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
