"""A row as a match: its identity, its season, and what of it contradicts itself."""

import pytest

from ingestd.model import Reject
from ingestd.sources.feeds.football_data.cells import UnfitError
from ingestd.sources.feeds.football_data.match import Match, read_match
from ingestd.sources.feeds.football_data.sheet import Row, read

HEADER = "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HTHG,HTAG,HTR"


def match(row: str, header: str = HEADER) -> tuple[Match, list[Reject]]:
    """The one row of a file."""
    (found,) = read(f"{header}\n{row}\n".encode())
    assert isinstance(found, Row)
    return read_match(found)


def faults(row: str) -> list[tuple[str, str]]:
    """Path and category of what is wrong with it."""
    return [(fault.path, fault.category) for fault in match(row)[1]]


def test_a_match() -> None:
    """Everything that its row says of it."""
    found, wrong = match("E0,16/08/2014,15:00,Nott'm Forest,Man United,2,1,H,0,1,A")
    assert (found.id, found.league, found.season, wrong) == ("E0|2014-08-16|Nott'm Forest|Man United", "E0", "2014/15", [])
    fixture = found.fixture()
    assert (fixture.name, fixture.sport, fixture.status, fixture.starts_at) == (
        "Nott'm Forest v Man United",
        "football",
        "finished",
        1_408_197_600_000_000,
    )
    assert [(result.period, result.home_score, result.away_score, result.winner) for result in found.results()] == [
        ("", 2, 1, "home"),
        ("first_half", 0, 1, "away"),
    ]
    assert found.fixture().changed_at is found.results()[0].changed_at is None


def test_the_same_match_in_another_copy() -> None:
    """However the date is written, and whatever else is known."""
    ids = {match(f"E0,{day},,A,B,,,,,,")[0].id for day in ("16/08/14", "16-08-2014", "16/08/2014")}
    assert ids == {"E0|2014-08-16|A|B"}


def test_new_leagues() -> None:
    """League and season by their own names; a bar in a name does not part the identity."""
    found, _ = match("USA,M|S,2012/2013,10/03/2013,23:00,A,B,1,0,H", "Country,League,Season,Date,Time,Home,Away,HG,AG,Res")
    assert (found.id, found.league, found.season, found.score) == ("USA|M\\|S|2013-03-10|A|B", "USA M|S", "2012/2013", (1, 0))


@pytest.mark.parametrize(
    ("division", "day", "season"),
    [
        ("E0", "08/05/94", "1993/94"),
        ("E0", "31/07/99", "1999/00"),
        ("SC0", "01/08/2020", "2020/21"),
        ("I1", "02/08/2020", "2019/20"),
        ("E0", "12/09/2020", "2020/21"),
        ("E0", "30/06/2021", "2020/21"),
    ],
)
def test_seasons(division: str, day: str, season: str) -> None:
    """By the day; the pandemic's end of season included."""
    assert match(f"{division},{day},,A,B,,,,,,")[0].season == season


@pytest.mark.parametrize(
    "row",
    [
        ",16/08/14,,A,B",
        "E0,16/08/14,,,B",
        "E0,16/08/14,,A,A",
        "E0,16/18/14,,A,B",
        "E0,,,A,B",
        "E0,16/08/14,,A\0,B",
        f"E0,16/08/14,,{'A' * 101},B",
    ],
)
def test_whose_match_is_it(row: str) -> None:
    """Without league, day or two teams there is no match to speak of."""
    with pytest.raises(UnfitError):
        match(row)


@pytest.mark.parametrize(
    ("cells", "category", "cell"),
    [
        ("1,2,H,,,", "score", "FTR"),
        ("1,,H,,,", "score", "FTR"),
        (",,D,,,", "score", "FTR"),
        ("x,2,A,,,", "score", "FTHG"),
        ("1,2,X,,,", "score", "FTR"),
    ],
)
def test_a_result_that_contradicts_itself(cells: str, category: str, cell: str) -> None:
    """It is not believed: the match is as if it had not been played."""
    row = f"E0,16/08/14,15:00,A,B,{cells}"
    assert faults(row) == [(f"row[2].{cell}", category)]
    assert (match(row)[0].score, match(row)[0].results(), match(row)[0].fixture().status) == (None, [], "scheduled")


@pytest.mark.parametrize("half", ["2,0,H", "0,1,H", "0,,D", "y,0,H"])
def test_a_half_time_that_cannot_be(half: str) -> None:
    """It goes; the result stays."""
    found, wrong = match(f"E0,16/08/14,15:00,A,B,1,1,D,{half}")
    assert (found.score, found.half, len(wrong)) == ((1, 1), None, 1)


def test_a_time_that_is_none() -> None:
    """The match stands at three in the afternoon, as if there were no time."""
    assert faults("E0,16/08/14,25:00,A,B,,,,,,") == [("row[2].Time", "time")]
    assert match("E0,16/08/14,25:00,A,B,,,,,,")[0].at == match("E0,16/08/14,15:00,A,B,,,,,,")[0].at
