"""The rules on a whole market, as plain functions over one bookmaker's open prices in it; ``pipeline.judge`` keeps what they find."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from ingestd.markets import Market as Known
from ingestd.markets import line_of_contrary
from ingestd.model import NO_PRICE, BookmakerKind
from ingestd.odds import overround
from ingestd.pipeline.held import Held, Offer, Part
from ingestd.pipeline.stages.validate.rules import JUMP, LINE_UNEXPECTED, OVERROUND, SIDE_MISSING, SIDES_DISAGREE, Rule

PAIR: Final = 2
Found = dict[str, str]
"""What is wrong, in words for people, by category."""


class Bounds(Struct, frozen=True):
    """What is usual: lowest and highest overround (1: fair), and the factor by which a price may move while its peers stand still."""

    lowest: float
    highest: float
    jump: float


def judge_part(part: Part, kind: BookmakerKind, bounds: Bounds, found: Found) -> None:
    """What is wrong with what is on offer together, put into ``found``."""
    offers = [held for held in part.members if held.judged is not None]
    if part.known.line == "none":
        unexpected = [held for held in offers if held.line is not None]
        if unexpected:
            _tell(found, LINE_UNEXPECTED, _named(unexpected))
            offers = [held for held in offers if held.line is None]
        _margin(part.known, offers, bounds, found)
        return
    by_line: dict[float | None, list[Held]] = {}
    for held in offers:
        by_line.setdefault(shared_line(part.known, held), []).append(held)
    if kind == "book" and part.known.line == "required" and len(part.known.outcomes) == PAIR:
        _sides(by_line, found)
    for _, several in sorted(by_line.items(), key=_by_line):
        _margin(part.known, several, bounds, found)


def judge_jump(part: Part, held: Held, before: Offer, bounds: Bounds, found: Found) -> None:
    """The one price that moved: too far, at the line where it stood, beside others."""
    now = held.judged
    if before is None or now is None or before[1] != now[1] or max(before[0] / now[0], now[0] / before[0]) < bounds.jump:
        return
    line = shared_line(part.known, held)
    if any(one is not held and one.judged is not None and shared_line(part.known, one) == line for one in part.members):
        _tell(found, JUMP, f"{_named([held])}, before {before[0]:g}")


def shared_line(known: Known, held: Held) -> float | None:
    """The line by which the two sides of a market find each other: of a spread the first side's."""
    first = not known.outcomes or held.selection.outcome == known.outcomes[0]
    return held.line if first else line_of_contrary(known.word, held.line)


def _sides(by_line: Mapping[float | None, list[Held]], found: Found) -> None:
    """Two sides that stand at different lines, or alone."""
    alone = [several[0] for several in by_line.values() if len({held.selection.outcome for held in several}) == 1]
    if alone:
        both = len(by_line) == PAIR and len({held.selection.outcome for held in alone}) == PAIR
        _tell(found, SIDES_DISAGREE if both else SIDE_MISSING, _named(alone))


def _margin(known: Known, several: Sequence[Held], bounds: Bounds, found: Found) -> None:
    """An overround out of bounds, of a complete set of outcomes of which it is known how many win."""
    if len(several) != len(known.outcomes) or not known.winners or {held.selection.outcome for held in several} != set(known.outcomes):
        return
    total = overround([held.price or NO_PRICE for held in several]) / known.winners
    if not bounds.lowest <= total <= bounds.highest:
        _tell(found, OVERROUND, f"{total:.4f} ({_named(several)})")


def _tell(found: Found, rule: Rule, detail: str) -> None:
    found[rule.category] = f"{found[rule.category]}; {detail}" if rule.category in found else detail


def _by_line(item: tuple[float | None, object]) -> tuple[bool, float]:
    line, _ = item
    return line is not None, line or 0.0


def _named(several: Iterable[Held]) -> str:
    return ", ".join(
        sorted(f"{held.selection.outcome}{'' if held.line is None else f' {held.line:g}'} {held.price:g}" for held in several)
    )  # fmt: skip
