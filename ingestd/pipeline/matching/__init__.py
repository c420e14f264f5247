"""Whether two providers speak of the same fixture, and what the teams, leagues, bookmakers and sports that they name are called here.

Pure: the only thing read is the seed lists in ``data/``, shipped with the package. How a match is decided: ``docs/matching.md``.
"""

from ingestd.pipeline.matching.canonical import canonical_bookmaker, canonical_league, canonical_sport, canonical_team
from ingestd.pipeline.matching.deciding import Candidate, Thresholds, Verdict, decide
from ingestd.pipeline.matching.profile import sides

__all__ = [
    "Candidate",
    "Thresholds",
    "Verdict",
    "canonical_bookmaker",
    "canonical_league",
    "canonical_sport",
    "canonical_team",
    "decide",
    "sides",
]
