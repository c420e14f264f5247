"""Every real file there is, through ``ingestd load``, against what a plain reading of its columns says."""

import csv
import io
import json
import os
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from ingestd.model import Frame, Reject
from ingestd.pipeline.matching import canonical_bookmaker
from ingestd.sources.feeds.football_data import FEED
from tests.conftest import Command

DATA = Path(os.environ.get("INGESTD_DATA") or Path(__file__).parents[4] / "shared" / "data")
FILES = sorted((DATA / "football_data_co_uk").glob("*.csv"))
pytestmark = pytest.mark.skipif(not FILES, reason=f"no recordings: {DATA}/football_data_co_uk is empty (INGESTD_DATA names the folder)")
NAMES = {
    "1XB": "1xBet",
    "B365": "Bet365",
    "BF": "Betfair Sportsbook",
    "BFD": "Betfred",
    "BFE": "Betfair Exchange",
    "BMGM": "BetMGM",
    "BS": "Blue Square",
    "BV": "BetVictor",
    "BW": "Bet&Win",
    "CL": "Coral",
    "GB": "Gamebookers",
    "IW": "Interwetten",
    "LB": "Ladbrokes",
    "PS": "Pinnacle",
    "SB": "Sportingbet",
    "SJ": "Stan James",
    "SO": "Sporting Odds",
    "VC": "VC Bet",
    "WH": "William Hill",
    "Max": "Market maximum",
    "Avg": "Market average",
    "BbMx": "Betbrain maximum",
    "BbAv": "Betbrain average",
}
OUTCOMES = {"H": "home", "D": "draw", "A": "away"}

QUARANTINED: dict[str, dict[str, int]] = {
    "D2_2004-05": {"row[1].LB": 1},
    # eleven rows have Ladbrokes' line, home and away price where the header says home, away, line: two wrong cells each
    "E1_2004-05": {"LBAHH": 11, "LBAH": 11, "B365AHH": 1},
    "SP1_2003-04": {"GBAHH": 1},
    "T1_2010-11": {"SJD": 1},
    "I2_2008-09": {"BbMx>2.5": 1, "BbAv>2.5": 1, "BbMx<2.5": 1, "BbMxAHH": 1, "BbAvAHH": 1},
    "E0_2021-22": {"B365C>2.5": 1, "B365C<2.5": 1},
    # the rows of the second season, whole: 41; what SOURCES.md counts in MaxAHA and WHC* lies in them
    "G1_2024-26_two_seasons_pasted": {"1XBH": 1, "": 41},
    "new_leagues_USA": {"AvgCH": 1},
    # a handicap is a number of quarters: -0.175 and -0.245 are none, and SOURCES.md does not list them
    "EC_2018-19": {"BbAHh": 1},
    "SC1_2009-10": {"BbAHh": 1},
}
"""Rejected cells by column (``""``: whole rows). What SOURCES.md lists beyond these can be taken, or is never read:

- ``-1 1/4`` (D1 2004/05), ``-1.5/-2`` (SP1 2003/04) and ``-1,-1.5`` (SC1 2009/10) are handicaps of -1.25, -1.75 and -1.25;
- a no-break space alone (I2 2008/09, ``BbAv<2.5``) is an empty cell; around a number it means nothing;
- ``BbAH`` (EC 2018/19) is a number of bookmakers, and no price;
- blank rows, short rows, and long ones whose further cells are empty, lack nothing that was ever there.
"""


def stats() -> dict[str, dict[str, Any]]:  # type: ignore[explicit-any]  # a JSON file's own shapes
    """The figures of each file."""
    found: dict[str, dict[str, Any]] = json.loads((DATA / "STATS.json").read_text())["files"]  # type: ignore[explicit-any]
    return found


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a file that lie under its header, their cells by name, as the csv module sees them."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [{"B36CA": "B365CA"}.get(name, name) for name in next(reader)]
    for cells in reader:
        if any(cells) and not any(cells[len(header) :]):
            yield dict(zip(header, cells, strict=False))


def event_of(row: dict[str, str]) -> str:
    """How the feed should name the match."""
    day, month, year = re.split("[/-]", row["Date"])
    century = "" if len(year) == 4 else "19" if int(year) > 92 else "20"
    league = [row["Div"]] if "Div" in row else [row["Country"], row["League"]]
    teams = [row.get(name) or row[name.removesuffix("Team")] for name in ("HomeTeam", "AwayTeam")]
    return "|".join((*league, f"{century}{year}-{month}-{day}", *teams))


def decimal(text: str | None) -> Decimal | None:
    """A price; None where there is none."""
    try:
        value = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return value if value > 1 else None


def three_way(path: Path) -> dict[tuple[str, str, str], list[float]]:
    """Opening and closing price, one after the other where both are there, by event, bookmaker and outcome."""
    found = {}
    for row in rows_of(path):
        event = event_of(row)
        for prefix, name in NAMES.items():
            for letter, outcome in OUTCOMES.items():
                both = [decimal(row.get(prefix + closing + letter)) for closing in ("", "C")]
                prices = [float(price) for price in both if price is not None]
                if prices:
                    found[event, name, outcome] = prices
    return found


def two_halves(lead: int, line: float) -> str:
    """How a handicap ends: half of the stake on each of the two nearest lines of half goals."""
    lower = (line * 2) // 1 / 2
    halves = [lower, lower + 0.5] if line != lower else [line, line]
    won = sum((lead + half > 0) - (lead + half < 0) for half in halves)
    return {2: "won", 1: "half_won", 0: "void", -1: "half_lost", -2: "lost"}[won]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_loads(path: Path, tmp_path: Path, command: Command) -> None:
    """Counts of matches, every 1X2 price with its moment, every settlement; and the store holds nothing else."""
    answer = command("load", "football_data", path, "--store", f"sqlite:///{tmp_path / 'store.db'}", "--json")
    assert (answer.code, answer.err) == (0, "")
    counts = json.loads(answer.out)
    quarantined = QUARANTINED.get(path.stem, {})
    assert (counts["files"], counts["matches"]) == (1, stats()[f"football_data_co_uk/{path.name}"]["rows"] - quarantined.get("", 0))
    assert counts["quarantined"] == sum(quarantined.values())
    db = sqlite3.connect(tmp_path / "store.db")
    matches(db, path)
    prices(db, path)
    settlements(db)
    db.close()


def matches(db: sqlite3.Connection, path: Path) -> None:
    """Each match once, with its own names, finished, and with the result that its row gives."""
    told = {row[0]: row[1:] for row in db.execute("SELECT source_event_id, home, away, status FROM event_links")}
    rows = list(rows_of(path))
    assert told.keys() == {event_of(row) for row in rows}
    assert {status for _, _, status in told.values()} == {"finished"}
    letters = dict(
        db.execute("SELECT l.source_event_id, r.winner FROM results r JOIN event_links l USING (source, source_event_id) WHERE period = ''")
    )
    assert letters == {event_of(row): OUTCOMES[row.get("FTR") or row["Res"]] for row in rows}


def prices(db: sqlite3.Connection, path: Path) -> None:
    """Every 1X2 price, in order; closing ones a second before the kick-off, all nominal."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    asked = """
        SELECT s.source_event_id, b.name, s.outcome, h.price, h.time_basis, e.starts_at - h.changed_at
        FROM odds_history h JOIN selections s USING (selection_id) JOIN bookmakers b ON b.id = s.bookmaker_id
        JOIN event_links l USING (source, source_event_id) JOIN events e USING (event_id)
        WHERE s.market = 'match_result' AND h.status = 'open' ORDER BY h.selection_id, h.changed_at, h.seq"""
    for event, book, outcome, price, basis, before in db.execute(asked):
        found[event, book, outcome].append(price)
        assert (basis, before == 1_000_000 or before >= 3_600_000_000) == ("nominal", True)
    assert found == {(event, canonical_bookmaker(book), outcome): said for (event, book, outcome), said in three_way(path).items()}
    assert bool(found) == (path.stem != "E0_1993-94")
    kinds = dict(db.execute("SELECT name, kind FROM bookmakers"))
    assert {name for name, kind in kinds.items() if kind == "aggregate"} == {
        name for name in kinds if name.split()[-1] in ("maximum", "average")
    }
    assert {name for name, kind in kinds.items() if kind == "exchange"} <= {"Betfair Exchange"}


def settlements(db: sqlite3.Connection) -> None:
    """Every selection of every match is settled, last, as its goals say."""
    asked = """
        SELECT s.market, s.outcome, o.line, o.own_status, o.result, o.price, r.home_score, r.away_score, o.changed_at - e.starts_at
        FROM odds o JOIN selections s USING (selection_id) JOIN event_links l USING (source, source_event_id)
        JOIN events e USING (event_id) JOIN results r ON r.source = s.source AND r.source_event_id = s.source_event_id AND r.period = ''"""
    seen = 0
    for market, outcome, line, status, result, price, home, away, after in db.execute(asked):
        if market == "match_result":
            expected = "won" if outcome == ("home" if home > away else "away" if away > home else "draw") else "lost"
        elif market == "total":
            expected = "won" if (outcome == "over") == (home + away >= 3) else "lost"
        else:
            expected = two_halves(home - away if outcome == "home" else away - home, line)
        assert (status, result, price, after) == ("settled", expected, None, 7_200_000_000)
        seen += 1
    assert db.execute("SELECT count(*) FROM selections").fetchone() == (seen,)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_quarantined(path: Path) -> None:
    """No more than cannot be taken, and no less."""
    payload = path.read_bytes()
    read = FEED.derived_time(payload)
    assert read is not None
    rejects = [update for update in FEED.decoder("fd")(Frame("fd", "data", read, payload)) if isinstance(update, Reject)]
    columns = Counter(reject.path if reject.path.startswith("row[1].") else reject.path.partition("].")[2] for reject in rejects)
    assert columns == QUARANTINED.get(path.stem, {})
    assert all(re.fullmatch(r"row\[\d+\](\..+)?", reject.path) for reject in rejects)
    assert {reject.category for reject in rejects} <= {"price", "no_price", "line", "unlabelled", "header"}
