"""``ingestd events``: which fixtures of several providers are one event."""

import json
import sys
from pathlib import Path
from typing import Final

import typer

from ingestd.errors import ConfigError, Malformed
from ingestd.pipeline.matching.trial import Figures, Tried, judge, read_pairs

FAULTS: Final = {"auto": "linked wrongly", "new": "missed"}
"""What a person must see of a trial, by what matching decided; a question in vain is a number only."""


def score(path: Path, *, as_json: bool) -> None:
    """Try matching on a file of labelled pairs. Raises ConfigError where it cannot be read."""
    try:
        figures = judge(read_pairs(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, Malformed) as error:
        raise ConfigError(f"{path}: {error}; docs/matching.md shows what a file of pairs looks like") from error
    if as_json:
        sys.stdout.write(json.dumps(_numbers(figures)) + "\n")
        return
    for line in lines(figures):
        typer.echo(line)


def lines(figures: Figures) -> list[str]:
    """The figures as a person reads them, then every pair that went wrong."""
    different = len(figures.tried) - figures.same
    told = [
        f"pairs        {len(figures.tried)}: {figures.same} the same, {different} different",
        f"precision    {figures.precision:.4f}  ({figures.linked} linked rightly, {figures.wrong} wrongly)",
        f"recall       {figures.recall:.4f}  ({figures.linked} linked, {figures.asked_same} for a person, {figures.missed} missed)",
        f"by itself    {figures.alone:.4f}  of the same, without a person",
        f"questions    {figures.asked_same + figures.asked_different}  ({figures.asked_different} of them about different fixtures)",
    ]
    return told + [_fault(one) for one in figures.tried if is_fault(one)]


def is_fault(tried: Tried) -> bool:
    """Whether something was linked wrongly, or missed; a question to a person is none."""
    return not tried.right and tried.verdict.state != "review"


def _fault(tried: Tried) -> str:
    known, told = tried.pair.known, tried.pair.told
    return (
        f"line {tried.pair.line}: {FAULTS[tried.verdict.state]} ({tried.verdict.score:.2f}): "
        f"{known.home} v {known.away} ({known.league}) | {told.home} v {told.away} ({told.league})"
    )


def _numbers(figures: Figures) -> dict[str, float]:
    return {
        "pairs": len(figures.tried),
        "same": figures.same,
        "linked": figures.linked,
        "wrong": figures.wrong,
        "review_same": figures.asked_same,
        "review_different": figures.asked_different,
        "missed": figures.missed,
        "precision": figures.precision,
        "recall": figures.recall,
        "alone": figures.alone,
    }
