"""One row as a match: who, when, how it ended. What contradicts itself is not believed."""

from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from msgspec import Struct

from ingestd.model import Fixture, Reject, Result
from ingestd.sources.feeds.football_data import cells
from ingestd.sources.feeds.football_data.cells import UnfitError
from ingestd.sources.feeds.football_data.moments import Moments, moments
from ingestd.sources.feeds.football_data.settling import Score, winner
from ingestd.sources.feeds.football_data.sheet import Row, refused

T = TypeVar("T")
LONGEST_NAME: Final = 100
NEW_SEASON: Final = 7
"""The month (July) with which a season begins."""
LATE_2020: Final = frozenset(("E0", "E1", "I1", "I2", "SP1", "SP2", "P1", "T1", "G1"))
"""Divisions that played 2019/20 to its end in July and August 2020, and began 2020/21 no earlier than September."""
WORDS: Final = {"H": "home", "D": "draw", "A": "away"}


class Match(Struct, frozen=True, kw_only=True):
    """``id`` is what the files themselves tell matches apart by: league, day, teams. ``score`` None: not played, or not to be believed."""

    id: str
    league: str
    season: str
    home: str
    away: str
    at: Moments
    score: Score | None
    half: Score | None

    def fixture(self) -> Fixture:
        """What is known of it."""
        return Fixture(
            source_event_id=self.id,
            sport="football",
            name=f"{self.home} v {self.away}",
            league=self.league,
            season=self.season,
            home=self.home,
            away=self.away,
            starts_at=self.at.kick_off,
            status="scheduled" if self.score is None else "finished",
        )

    def results(self) -> list[Result]:
        """At the end, and at half-time."""
        told = (("", self.score), ("first_half", self.half))
        return [
            Result(source_event_id=self.id, period=period, home_score=score[0], away_score=score[1], winner=winner(score))
            for period, score in told
            if score is not None
        ]


def read_match(row: Row) -> tuple[Match, list[Reject]]:
    """The match, and the cells of it that cannot be taken. Raises UnfitError where it cannot be told which match that is."""
    faults: list[Reject] = []
    parts = _league(row)
    home, away = _name(row, "HomeTeam"), _name(row, "AwayTeam")
    if home == away:
        raise UnfitError("teams", f"{home!r} plays itself")
    on = cells.day(row.layout.text(row.cells, "Date"))
    at = take(row, "Time", cells.clock, faults)
    score = _score(row, "FT", faults)
    half = _score(row, "HT", faults) if score is not None else None
    if score is not None and half is not None and (half[0] > score[0] or half[1] > score[1]):
        faults.append(refused(row.number, UnfitError("score", f"{half} at half-time and {score} at the end"), "HTHG"))
        half = None
    match = Match(
        id="|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in (*parts, on.isoformat(), home, away)),
        league=" ".join(parts),
        season=row.layout.text(row.cells, "Season") or _season(parts[0], on),
        home=home,
        away=away,
        at=moments(on, at),
        score=score,
        half=half,
    )
    return match, faults


def take(row: Row, name: str, read: Callable[[str], T | None], faults: list[Reject]) -> T | None:
    """What a cell says; None where it says nothing, or nothing that can be taken, which goes into ``faults``."""
    try:
        return read(row.layout.text(row.cells, name))
    except UnfitError as fault:
        faults.append(refused(row.number, fault, name))
        return None


def _league(row: Row) -> tuple[str, ...]:
    names = ("Country", "League") if "Country" in row.layout.place else ("Div",)
    return tuple(_name(row, name) for name in names)


def _name(row: Row, column: str) -> str:
    name = row.layout.text(row.cells, column)
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or "\ufffd" in name:
        raise UnfitError("name", f"{column} {name[:LONGEST_NAME]!r} is no name")
    return name


def _score(row: Row, period: str, faults: list[Reject]) -> Score | None:
    """Goals of both, where the letter beside them agrees."""
    before = len(faults)
    home, away = (take(row, f"{period}{side}G", cells.goals, faults) for side in "HA")
    letter = row.layout.text(row.cells, f"{period}R").upper()
    if home is None or away is None:
        if len(faults) == before and (letter or home is not None or away is not None):
            faults.append(refused(row.number, UnfitError("score", "half of a result"), f"{period}R"))
        return None
    score = (home, away)
    if letter and WORDS.get(letter) != winner(score):
        faults.append(refused(row.number, UnfitError("score", f"{letter[:20]!r} beside {home}:{away}"), f"{period}R"))
        return None
    return score


def _season(division: str, on: date) -> str:
    """``2019/20``: from July on, that is the new one; the pandemic moved one end of season into August."""
    late = on.year == 2020 and on.month <= NEW_SEASON + 1 and division in LATE_2020  # noqa: PLR2004 - the year it happened
    first = on.year if on.month >= NEW_SEASON and not late else on.year - 1
    return f"{first}/{(first + 1) % 100:02d}"
