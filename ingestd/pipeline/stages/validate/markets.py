"""The rules on a whole market, as plain functions over one bookmaker's open prices in it; ``pipeline.judge`` keeps what they find."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct, field

from ingestd.markets import Market as Known
from ingestd.markets import line_of_contrary
from ingestd.model import NO_PRICE, BookmakerKind
from ingestd.odds import overround
from ingestd.pipeline.held import Held, Offer
from ingestd.pipeline.stages.validate.rules import JUMP, LINE_UNEXPECTED, OVERROUND, SIDE_MISSING, SIDES_DISAGREE

PAIR: Final = 2
Found = dict[str, str]
"""What is wrong, in words for people, by category."""


class Bounds(Struct, frozen=True):
    """What is usual: lowest and highest overround (1: fair), and the factor by which a price may move while its peers stand still."""

    lowest: float
    highest: float
    jump: float


class Standing(Struct):
    """What stands in a market: on offer, by the line that both sides share (of a spread: the first side's), and what moved from where."""

    known: Known
    offered: dict[float | None, list[Held]] = field(default_factory=dict)
    moved: list[tuple[Held, Offer]] = field(default_factory=list)


def shared_line(known: Known, held: Held) -> float | None:
    """The line by which the two sides of a market find each other."""
    first = not known.outcomes or held.selection.outcome == known.outcomes[0]
    return held.line if first else line_of_contrary(known.word, held.line)


def lines(kind: BookmakerKind, standing: Standing) -> Found:
    """A line where none belongs; sides that stand at different lines, or alone."""
    known, offered = standing.known, standing.offered
    if known.line == "none":
        unexpected = [held for line, several in offered.items() if line is not None for held in several]
        return {LINE_UNEXPECTED.category: _named(unexpected)} if unexpected else {}
    if kind != "book" or known.line != "required" or len(known.outcomes) != PAIR:
        return {}
    alone = [several[0] for several in offered.values() if len({held.selection.outcome for held in several}) == 1]
    both = len(offered) == PAIR and len({held.selection.outcome for held in alone}) == PAIR
    return {(SIDES_DISAGREE if both else SIDE_MISSING).category: _named(alone)} if alone else {}


def margin(standing: Standing, bounds: Bounds) -> Found:
    """An overround out of bounds, of complete sets of outcomes of which it is known how many win."""
    known = standing.known
    wrong = []
    for several in standing.offered.values():
        if known.winners and len(several) == len(known.outcomes) and {held.selection.outcome for held in several} == set(known.outcomes):
            total = overround([held.price or NO_PRICE for held in several]) / known.winners
            if not bounds.lowest <= total <= bounds.highest:
                wrong.append(f"{total:.4f} ({_named(several)})")
    return {OVERROUND.category: "; ".join(wrong)} if wrong else {}


def jump(standing: Standing, bounds: Bounds) -> Found:
    """The one price that moved, too far, at the line where it stood, beside others."""
    for held, before in standing.moved:
        now = held.offer()
        if before is None or now is None or before[1] != now[1] or len(standing.offered[shared_line(standing.known, held)]) < PAIR:
            continue
        if max(before[0] / now[0], now[0] / before[0]) >= bounds.jump:
            return {JUMP.category: f"{_named([held])}, before {before[0]:g}"}
    return {}


def merge(found: Found, more: Found) -> None:
    """Take in what is wrong elsewhere in the same market."""
    for category, detail in more.items():
        found[category] = f"{found[category]}; {detail}" if category in found else detail


def _named(several: Iterable[Held]) -> str:
    return ", ".join(
        f"{held.selection.outcome}{'' if held.line is None else f' {held.line:g}'} {held.price:g}" for held in several
    )  # fmt: skip
