"""``python -m benchmarks.matching [FILE]``: how often matching is right, on our own corpus or on a file of pairs, and how long it takes.

Every fifth pair of the corpus is held out: nothing was tuned on it, and nobody looked at what becomes of it.
"""

import argparse
import random
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from ingestd.cli.events import lines
from ingestd.model import Fixture
from ingestd.pipeline.matching import Candidate, decide
from ingestd.pipeline.matching.rating import HOUR
from ingestd.pipeline.matching.seeds import rows
from ingestd.pipeline.matching.trial import judge, read_pairs

CORPUS: Final = Path(__file__).parents[1] / "tests" / "matching" / "pairs.csv"
HELD_OUT: Final = 5
"""One pair in so many."""
CANDIDATES: Final = 2_000
ASKED: Final = 200
NOON: Final = 1_770_000_000_000_000


def show(title: str, path: Path, *, held: bool | None = None) -> None:
    """The figures of a file, or of the part of it that is held out or not; what went wrong there stays hidden."""
    pairs = read_pairs(path.read_text(encoding="utf-8-sig"))
    chosen = [pair for index, pair in enumerate(pairs) if held is None or held == (index % HELD_OUT == HELD_OUT - 1)]
    print(f"\n{title}")
    for line in lines(judge(chosen)):
        if not (held and line.startswith("line")):
            print(f"  {line}")


def crowd() -> list[Candidate]:
    """So many football matches of one afternoon, under every spelling that we know."""
    dice = random.Random(1)
    spelled = [spelling.removeprefix("=") for row in rows("teams_football") for spelling in row.spellings]
    return [
        Candidate(
            event_id=number,
            sport="football",
            league="",
            season="",
            name="",
            home=dice.choice(spelled),
            away=dice.choice(spelled),
            starts_at=NOON + dice.randrange(-3, 4) * HOUR,
            sources=frozenset("a"),
        )
        for number in range(1, CANDIDATES + 1)
    ]


def speed() -> None:
    """Milliseconds of processor time per decision, with names seen for the first time and seen before."""
    candidates = crowd()
    fixtures = [
        Fixture(source_event_id=str(one.event_id), sport="soccer", name="", home=one.home, away=one.away, starts_at=one.starts_at)
        for one in candidates[:ASKED]
    ]
    took: list[float] = []
    for fixture in (*fixtures, *fixtures):
        began = time.process_time()
        decide("b", fixture, candidates)
        took.append((time.process_time() - began) * 1e3)
    cold, warm = took[0], took[ASKED:]
    print(f"\none fixture among {CANDIDATES:,} of the same afternoon")
    print(f"  the very first  {cold:6.1f} ms, with names never seen before")
    print(f"  from then on    {median(warm):6.2f} ms (median), {quantiles(warm, n=100)[98]:.2f} ms (99 of 100), processor time")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="labelled pairs, as in docs/matching.md; default: our own corpus")
    file = parser.parse_args().file
    if file is not None:
        show(str(file), file)
        return
    show("tuned on (four pairs of five)", CORPUS, held=False)
    show("held out (every fifth pair)", CORPUS, held=True)
    speed()


if __name__ == "__main__":
    main()
